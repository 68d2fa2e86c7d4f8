"""The RDS Data API on the PostgreSQL of the local environment."""

import re
import threading
import time
import unittest

from botocore.exceptions import ClientError

from emulator_fixture import wait_for
from environment_fixture import EnvironmentTest


class DataApiTest(EnvironmentTest):
    """One cluster, and its Data API."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = cls().create_cluster("data")
        cls.api = cls.emulator.client("rds-data")

    def arguments(self, **more):
        """What every call needs."""
        secret = self.target["MasterUserSecret"]["SecretArn"]
        return {"resourceArn": self.target["DBClusterArn"], "secretArn": secret, "database": "data", **more}

    def execute(self, sql, *parameters, **more):
        """The response of ExecuteStatement."""
        return self.api.execute_statement(**self.arguments(sql=sql, parameters=list(parameters), **more))

    def value(self, sql, *parameters, **more):
        """The only field of the only row."""
        return self.execute(sql, *parameters, **more)["records"][0][0]

    def begin(self):
        """The id of a new transaction."""
        return self.api.begin_transaction(**self.arguments())["transactionId"]

    def end(self, transaction, operation="commit"):
        """The status after a commit or a rollback."""
        arguments = self.arguments(transactionId=transaction)
        del arguments["database"]
        return getattr(self.api, f"{operation}_transaction")(**arguments)["transactionStatus"]

    def refused(self, code, message, call, *arguments, **more):
        """A call must fail with this error."""
        with self.assertRaises(ClientError) as raised:
            call(*arguments, **more)
        error = raised.exception.response["Error"]
        self.assertEqual(error["Code"], code, error)
        self.assertRegex(error["Message"], re.compile(message, re.DOTALL))


def text(name, value, hint=None):
    """A string parameter."""
    return {"name": name, "value": {"stringValue": value}, **({"typeHint": hint} if hint else {})}


class Statements(DataApiTest):
    """Parameters, results and errors as on AWS."""

    def setUp(self):
        self.execute("DROP TABLE IF EXISTS t")
        self.execute("CREATE TABLE t (n int PRIMARY KEY, s text, u uuid, d date, j jsonb, a numeric(9,2), b bytea)")

    def test_a_hint_or_a_cast_makes_a_string_another_type(self):
        uuid = "3f680a7f-6f86-41eb-bd8b-02004c4f4f50"
        sql = "INSERT INTO t VALUES (:n, :s, :u, :d, :j, :a, :b)"
        self.execute(
            sql,
            {"name": "n", "value": {"longValue": -1}},
            text("s", "it's :u; \\ % ü"),
            text("u", uuid, "UUID"),
            text("d", "2026-11-21", "DATE"),
            text("j", '{"a": [1]}', "JSON"),
            text("a", "12.50", "DECIMAL"),
            {"name": "b", "value": {"blobValue": b"\x00\xff"}},
        )
        (row,) = self.execute("SELECT * FROM t WHERE u = :u::uuid", text("u", uuid))["records"]
        self.assertEqual(
            row,
            [
                {"longValue": -1},
                {"stringValue": "it's :u; \\ % ü"},
                {"stringValue": uuid},
                {"stringValue": "2026-11-21"},
                {"stringValue": '{"a": [1]}'},
                {"stringValue": "12.50"},
                {"blobValue": b"\x00\xff"},
            ],
        )

    def test_a_string_without_hint_is_refused_for_another_type(self):
        message = '^ERROR: column "u" is of type uuid but expression is of type character varying\n.*SQLState: 42804$'
        sql = "INSERT INTO t (n, u) VALUES (1, :u)"
        uuid = "3f680a7f-6f86-41eb-bd8b-02004c4f4f50"
        self.refused("DatabaseErrorException", message, self.execute, sql, text("u", uuid))
        message = "operator does not exist: uuid = character varying.*"
        self.refused("DatabaseErrorException", message, self.execute, "SELECT 1 FROM t WHERE u = :u", text("u", uuid))
        # Arrays cannot be parameters: a string that looks like one is none, until it is cast.
        message = r"op ANY/ALL \(array\) requires array on right side.*SQLState: 42809$"
        array = text("p", "{a,b}")
        self.refused("DatabaseErrorException", message, self.execute, "SELECT 1 WHERE 'a' = ANY(:p)", array)
        self.assertEqual(self.value("SELECT 'a' = ANY(:p::text[])", array), {"booleanValue": True})

    def test_every_kind_of_value(self):
        cases = (
            ({"longValue": -9223372036854775808}, "bigint"),
            ({"doubleValue": -0.1}, "double precision"),
            ({"booleanValue": True}, "boolean"),
            ({"stringValue": ""}, "character varying"),
            ({"isNull": True}, "unknown"),
        )
        for value, kind in cases:
            with self.subTest(kind):
                parameter = {"name": "v", "value": value}
                (row,) = self.execute("SELECT :v, pg_typeof(:v)::text", parameter)["records"]
                self.assertEqual(row, [value, {"stringValue": kind}])

    def test_results_have_awss_fields(self):
        cases = (
            ("1::smallint", {"longValue": 1}),
            ("1.5::real", {"doubleValue": 1.5}),
            ("1.50::numeric", {"stringValue": "1.50"}),
            ("timestamptz '2026-11-21 01:02:03.5+01'", {"stringValue": "2026-11-21 00:02:03.5"}),
            ("timestamp '2026-11-21 01:02:03'", {"stringValue": "2026-11-21 01:02:03"}),
            ("'a'::char(3)", {"stringValue": "a  "}),
            ("array[1, 2]", {"arrayValue": {"longValues": [1, 2]}}),
            ("array['a', 'b,c']", {"arrayValue": {"stringValues": ["a", "b,c"]}}),
            ("array[1.5::numeric]", {"arrayValue": {"stringValues": ["1.5"]}}),
            ("NULL", {"isNull": True}),
        )
        for expression, field in cases:
            with self.subTest(expression):
                self.assertEqual(self.value(f"SELECT {expression}"), field)
        for expression in ("point(1, 2)", "1::money", "array[[1]]"):
            with self.subTest(expression):
                self.refused("UnsupportedResultException", "The result contains", self.execute, f"SELECT {expression}")

    def test_columns_are_described_and_rows_counted(self):
        response = self.execute("SELECT 1 AS one, 'x'::text", includeResultMetadata=True)
        self.assertEqual([column["typeName"] for column in response["columnMetadata"]], ["int4", "text"])
        self.assertEqual((response["columnMetadata"][0]["name"], response["numberOfRecordsUpdated"]), ("one", 0))
        response = self.execute("INSERT INTO t (n) SELECT generate_series(1, 7)")
        self.assertEqual((response["numberOfRecordsUpdated"], response["generatedFields"]), (7, []))

    def test_only_parameters_outside_of_quotes_are_replaced(self):
        sql = "SELECT ':a' || $$:a$$ || $x$;:a$x$ || E'\\':a;' /* :a; */ || :a::text || '50%' -- ;:a\n;"
        self.assertEqual(self.value(sql, text("a", "!")), {"stringValue": ":a:a;:a':a;!50%"})

    def test_requests_that_aws_refuses(self):
        cases = (
            ("Multistatements aren't supported", {"sql": "SELECT 1; SELECT 2"}),
            ("The schema parameter isn't supported", {"sql": "SELECT 1", "schema": "public"}),
            ("formatRecordsAs is not supported", {"sql": "SELECT 1", "formatRecordsAs": "JSON"}),
        )
        for message, request in cases:
            with self.subTest(message):
                self.refused("ValidationException", message, self.execute, **request)
        array = {"name": "a", "value": {"arrayValue": {"longValues": [1]}}}
        self.refused("ValidationException", "Array parameters", self.execute, "SELECT :a", array)
        big = text("s", "x" * (4 << 20))
        self.refused("ValidationException", "4 MiB", self.execute, "SELECT length(:s)", big)
        self.refused("UnsupportedResultException", "size limit", self.execute, "SELECT repeat('x', 1 << 20)")

    def test_errors_carry_the_sqlstate(self):
        state = "ERROR: division by zero; SQLState: 22012"
        self.refused("DatabaseErrorException", f"^{state}$", self.execute, "SELECT 1/0")
        self.execute("INSERT INTO t (n) VALUES (1)")
        message = "^ERROR: duplicate key.*Detail: Key \\(n\\)=\\(1\\) already exists.; SQLState: 23505$"
        self.refused("DatabaseErrorException", message, self.execute, "INSERT INTO t (n) VALUES (1)")
        message = 'ERROR: database "none" does not exist; SQLState: 3D000'
        self.refused("DatabaseErrorException", message, self.execute, "SELECT 1", database="none")

    def test_a_secret_without_a_username_is_refused(self):
        secret = self.emulator.client("secretsmanager").create_secret(Name="half", SecretString='{"password": "p"}')
        self.refused("InvalidSecretException", "no username", self.execute, "SELECT 1", secretArn=secret["ARN"])

    def test_a_wrong_password_is_28p01(self):
        manager = self.emulator.client("secretsmanager")
        secret = manager.create_secret(Name="wrong", SecretString='{"username": "data", "password": "no"}')["ARN"]
        message = 'ERROR: password authentication failed for user "data"; SQLState: 28P01'
        self.refused("DatabaseErrorException", message, self.execute, "SELECT 1", secretArn=secret)

    def test_a_function_needs_the_secret_as_well_as_the_data_api(self):
        source = f"""
import boto3
def handler(event, context):
    arguments = {self.arguments(sql="SELECT 42")!r}
    return boto3.client("rds-data").execute_statement(**arguments)["records"]
"""
        statement = {"Effect": "Allow", "Action": ["rds-data:ExecuteStatement"], "Resource": "*"}
        payload, error = self.invoke(self.deploy(source, policy=statement))
        self.assertEqual((payload["errorType"], error), ("AccessDeniedException", "Unhandled"))
        self.assertIn("secretsmanager:GetSecretValue", payload["errorMessage"])
        statement["Action"].append("secretsmanager:GetSecretValue")
        self.assertEqual(self.invoke(self.deploy(source, policy=statement)), ([[{"longValue": 42}]], None))

    def test_a_batch_runs_the_statement_for_each_set(self):
        def batch(numbers, **more):
            sets = [[{"name": "n", "value": {"longValue": number}}] for number in numbers]
            sql = "INSERT INTO t (n) VALUES (:n)"
            return self.api.batch_execute_statement(**self.arguments(sql=sql, parameterSets=sets, **more))

        self.assertEqual(batch([1, 2])["updateResults"], [{"generatedFields": []}] * 2)
        # Without a transaction each set commits by itself.
        self.refused("DatabaseErrorException", "23505", batch, [3, 1, 4])
        self.assertEqual(self.value("SELECT array_agg(n ORDER BY n) FROM t"), {"arrayValue": {"longValues": [1, 2, 3]}})
        transaction = self.begin()
        self.refused("DatabaseErrorException", "23505", batch, [5, 1], transactionId=transaction)
        self.end(transaction, "rollback")
        self.assertEqual(self.value("SELECT count(*) FROM t"), {"longValue": 3})

    def test_no_statement_sees_what_another_left_in_the_session(self):
        self.execute("SET search_path = nowhere")
        self.execute("SELECT pg_advisory_lock(1)")
        self.execute("CREATE TEMPORARY TABLE left_behind (n int)")
        self.assertEqual(self.value("SHOW search_path"), {"stringValue": '"$user", public'})
        self.assertEqual(self.value("SELECT to_regclass('left_behind')"), {"isNull": True})
        self.assertEqual(self.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), {"longValue": 0})

    def test_sessions_are_encrypted_and_used_again(self):
        pid = "SELECT pg_backend_pid()"
        self.assertEqual(self.value(pid), self.value(pid))
        sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        self.assertEqual(self.value(sql), {"booleanValue": True})

    def test_a_session_that_was_killed_is_not_used_again(self):
        pid = self.value("SELECT pg_backend_pid()")["longValue"]
        self.emulator.administrate("SELECT pg_terminate_backend(%s, 5000)", pid)
        self.assertNotEqual(self.value("SELECT pg_backend_pid()"), {"longValue": pid})


class Transactions(DataApiTest):
    """Several calls that belong together."""

    def setUp(self):
        self.execute("DROP TABLE IF EXISTS t")
        self.execute("CREATE TABLE t AS SELECT generate_series(1, 2) AS n, 0 AS hits")

    def count(self):
        return self.value("SELECT count(*) FROM t")["longValue"]

    def test_commit_and_rollback(self):
        for operation, status, count in (("rollback", "Rollback Complete", 2), ("commit", "Transaction Committed", 0)):
            transaction = self.begin()
            self.execute("DELETE FROM t", transactionId=transaction)
            self.assertEqual(self.count(), 2)
            self.assertEqual(self.end(transaction, operation), status)
            self.assertEqual(self.count(), count)
            message = f"Transaction {transaction} is not found. One previous call resulted in a termination"
            self.refused("TransactionNotFoundException", message, self.execute, "SELECT 1", transactionId=transaction)

    def test_a_failed_transaction_cannot_be_committed(self):
        transaction = self.begin()
        self.execute("DELETE FROM t", transactionId=transaction)
        self.refused("DatabaseErrorException", "22012", self.execute, "SELECT 1/0", transactionId=transaction)
        self.refused("DatabaseErrorException", "25P02", self.execute, "SELECT 1", transactionId=transaction)
        self.refused("DatabaseErrorException", "cannot be committed.*25P02", self.end, transaction)
        self.assertEqual(self.count(), 2)

    def test_transactions_that_wait_for_each_other_do_not_stop_the_emulator(self):
        first, second = self.begin(), self.begin()
        update = "UPDATE t SET hits = hits + 1 WHERE n = :n"
        rows = [{"name": "n", "value": {"longValue": number}} for number in (1, 2)]
        self.execute(update, rows[0], transactionId=first)
        self.execute(update, rows[1], transactionId=second)
        results = []

        def work(row, transaction):
            try:
                self.execute(update, row, transactionId=transaction)
                results.append("done")
            except ClientError as error:
                results.append(error.response["Error"]["Message"])

        threads = [threading.Thread(target=work, args=pair) for pair in ((rows[1], first), (rows[0], second))]
        for thread in threads:
            thread.start()
        begun = time.monotonic()
        self.emulator.client("sqs").list_queues()
        self.assertLess(time.monotonic() - begun, 1, "the emulator waits for a lock")
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(result == "done" for result in results), [False, True])
        self.assertTrue([result for result in results if result.endswith("SQLState: 40P01")], results)
        for transaction in (first, second):
            self.end(transaction, "rollback")

    def test_a_transaction_serves_one_request_at_a_time(self):
        transaction = self.begin()
        thread = threading.Thread(target=lambda: self.execute("SELECT pg_sleep(1)", transactionId=transaction))
        thread.start()
        self.wait_until_active("pg_sleep(1)")
        message = "^Transaction is still running a query$"
        self.refused("DatabaseErrorException", message, self.execute, "SELECT 1", transactionId=transaction)
        thread.join()
        self.end(transaction)

    def test_a_killed_transaction_says_so(self):
        transaction = self.begin()
        pid = self.value("SELECT pg_backend_pid()", transactionId=transaction)["longValue"]
        self.emulator.administrate("SELECT pg_terminate_backend(%s, 5000)", pid)
        self.refused("DatabaseErrorException", "SQLState: (57P01|08006)$", self.execute, "SELECT 1",
                     transactionId=transaction)  # fmt: skip
        self.refused("TransactionNotFoundException", "aborted due to an error", self.execute, "SELECT 1",
                     transactionId=transaction)  # fmt: skip

    def test_a_hundred_sessions_at_once(self):
        transactions = [self.begin() for _ in range(100)]
        for transaction in transactions:
            self.value("SELECT 1", transactionId=transaction)
        for transaction in transactions:
            self.end(transaction)

    def test_serialization_failures_are_40001(self):
        transactions = self.begin(), self.begin()
        for transaction in transactions:
            self.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", transactionId=transaction)
            self.execute("SELECT sum(hits) FROM t", transactionId=transaction)
            self.execute("INSERT INTO t VALUES (3, 1)", transactionId=transaction)
        self.end(transactions[0])
        message = "^ERROR: could not serialize access.*; SQLState: 40001$"
        self.refused("DatabaseErrorException", message, self.end, transactions[1])

    def wait_until_active(self, what):
        query = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s AND pid <> pg_backend_pid()"
        wait_for(lambda: self.emulator.administrate(query, f"%{what}%"), f"the start of {what}")


class Outages(DataApiTest):
    """A database that comes and goes."""

    def failure(self):
        try:
            self.execute("SELECT 1")
        except ClientError as error:
            return error.response["Error"]["Code"]
        return None

    def test_down_and_up_again(self):
        self.value("SELECT 1")
        self.emulator.kill("postgres")
        # Its sessions end a moment later.
        wait_for(lambda: self.failure() == "DatabaseUnavailableException", "the answer that the database is down")
        self.emulator.start()
        self.assertEqual(self.value("SELECT 1"), {"longValue": 1})

    def test_a_cluster_without_instances_or_data_api_is_refused(self):
        rds = self.emulator.client("rds")
        target = self.create_cluster("closed")
        secret = target["MasterUserSecret"]["SecretArn"]
        arguments = {"resourceArn": target["DBClusterArn"], "secretArn": secret}
        self.assertEqual(self.value("SELECT 1", **arguments, database="closed"), {"longValue": 1})
        rds.disable_http_endpoint(ResourceArn=target["DBClusterArn"])
        self.refused("HttpEndpointNotEnabledException", "not enabled", self.execute, "SELECT 1", **arguments)
        rds.enable_http_endpoint(ResourceArn=target["DBClusterArn"])
        rds.delete_db_instance(DBInstanceIdentifier="closed-1", SkipFinalSnapshot=True)
        self.refused("DatabaseUnavailableException", "no available DB instances", self.execute, "SELECT 1", **arguments)


if __name__ == "__main__":
    unittest.main()
