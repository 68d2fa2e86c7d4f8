"""Clusters of Aurora PostgreSQL in the PostgreSQL of the local environment."""

import unittest

import psycopg2
from botocore.exceptions import ClientError

from emulator_fixture import custom_runtime
from environment_fixture import EnvironmentTest


class Clusters(EnvironmentTest):
    """What a stack with a cluster relies on."""

    def roles(self, name):
        return self.emulator.administrate("SELECT 1 FROM pg_roles WHERE rolname = %s", name)

    def databases(self, name):
        return self.emulator.administrate("SELECT 1 FROM pg_database WHERE datname = %s", name)

    def test_a_new_cluster_is_a_database_behind_two_names(self):
        cluster = self.create_cluster("fresh")
        self.assertEqual(cluster["Status"], "available")
        self.assertEqual(cluster["Port"], self.emulator.postgres["port"])
        self.assertEqual((cluster["Endpoint"], cluster["ReaderEndpoint"]), ("localhost", "127.0.0.1"))
        instance = self.emulator.client("rds").describe_db_instances(DBInstanceIdentifier="fresh-1")
        endpoint = instance["DBInstances"][0]["Endpoint"]
        self.assertEqual((endpoint["Address"], endpoint["Port"]), ("localhost", cluster["Port"]))
        self.assertEqual(instance["DBInstances"][0]["DBInstanceStatus"], "available")
        for host in (cluster["Endpoint"], cluster["ReaderEndpoint"]):
            with self.connect(cluster, host=host) as session, session.cursor() as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS t (n int)")
                cursor.execute("SELECT current_user, current_database()")
                self.assertEqual(cursor.fetchone(), ("fresh", "fresh"))

    def test_names_are_quoted(self):
        name = 'x"y'
        cluster = self.create_cluster("quoted", MasterUsername=name, DatabaseName="Mixed-1")
        with self.connect(cluster) as session, session.cursor() as cursor:
            cursor.execute("SELECT current_user, current_database()")
            self.assertEqual(cursor.fetchone(), (name, "Mixed-1"))
        self.delete_cluster("quoted")
        self.assertFalse(self.roles(name) or self.databases("Mixed-1"))

    def test_without_tls_nobody_gets_in(self):
        cluster = self.create_cluster("tls")
        with self.assertRaisesRegex(psycopg2.OperationalError, "no encryption"):
            psycopg2.connect(
                host="localhost", port=cluster["Port"], user="tls", dbname="tls",
                password=self.password(cluster), sslmode="disable",
            )  # fmt: skip

    def test_a_cluster_does_not_reach_anothers_database(self):
        ours, _ = self.create_cluster("ours"), self.create_cluster("theirs")
        with self.assertRaisesRegex(psycopg2.OperationalError, "permission denied for database"):
            self.emulator.connect("ours", self.password(ours), "theirs")

    def test_deleting_ends_sessions_and_leaves_nothing(self):
        cluster = self.create_cluster("gone")
        session = self.connect(cluster)
        self.delete_cluster("gone")
        self.assertFalse(self.roles("gone") or self.databases("gone"))
        with self.assertRaises(psycopg2.OperationalError), session.cursor() as cursor:
            cursor.execute("SELECT 1")

    def test_names_of_others_are_refused_and_their_data_stay(self):
        cluster = self.create_cluster("first")
        with self.connect(cluster) as session, session.cursor() as cursor:
            cursor.execute("CREATE TABLE kept (n int)")
        for user, database, whose in (
            ("other", "first", "DatabaseName first is taken.*DB cluster first"),
            ("first", "other", "MasterUsername first is taken.*DB cluster first"),
            ("postgres", "other", "MasterUsername postgres is taken.*not made by a DB cluster"),
            ("other", "postgres", "DatabaseName postgres is taken.*not made by a DB cluster"),
        ):
            with self.subTest(whose), self.assertRaisesRegex(ClientError, "InvalidParameterValue.*" + whose):
                self.create_cluster("second", MasterUsername=user, DatabaseName=database)
        with self.assertRaisesRegex(ClientError, "DBClusterNotFoundFault"):
            self.cluster("second")
        with self.connect(cluster) as session, session.cursor() as cursor:
            cursor.execute("SELECT * FROM kept")

    def test_a_rotated_password_is_the_roles_and_the_old_one_no_more(self):
        cluster = self.create_cluster("rotated")
        rotations = (
            lambda: self.emulator.client("rds").modify_db_cluster(
                DBClusterIdentifier="rotated", RotateMasterUserPassword=True, ApplyImmediately=True
            ),
            lambda: self.emulator.client("secretsmanager").rotate_secret(
                SecretId=cluster["MasterUserSecret"]["SecretArn"]
            ),
        )
        for rotate in rotations:
            before = self.password(cluster)
            rotate()
            self.assertNotEqual(self.password(cluster), before)
            self.connect(cluster).close()
            with self.assertRaisesRegex(psycopg2.OperationalError, "password authentication failed"):
                self.emulator.connect("rotated", before, "rotated")

    def test_a_function_knows_the_authority_and_nothing_of_the_superuser(self):
        source = "import os\ndef handler(event, context=None): return dict(os.environ)"
        password = self.emulator.read("passwordFile")
        for runtime, code in (("python3.11", source), ("provided.al2023", custom_runtime(source))):
            with self.subTest(runtime):
                environment, error = self.invoke(self.deploy(code, runtime=runtime))
                self.assertIsNone(error)
                self.assertEqual(environment["PGSSLROOTCERT"], self.emulator.postgres["caFile"])
                text = str(environment)
                self.assertNotIn(password, text)
                self.assertNotIn("postgres-password", text)
                self.assertNotIn("LAMBENCH_POSTGRES", text)


class Restarts(EnvironmentTest):
    """What is there after the environment, the emulator or PostgreSQL ended."""

    def value(self, cluster):
        with self.connect(cluster) as session, session.cursor() as cursor:
            cursor.execute("SELECT n FROM kept")
            return cursor.fetchone()[0]

    def keep(self, cluster, number):
        with self.connect(cluster) as session, session.cursor() as cursor:
            cursor.execute("CREATE TABLE kept AS SELECT %s AS n", [number])

    def test_a_restart_keeps_clusters_data_and_the_authority(self):
        cluster = self.create_cluster("restarted")
        self.keep(cluster, 7)
        authority = self.emulator.read("caFile")
        self.emulator.stop()
        self.emulator.start()
        after = self.cluster("restarted")
        for field in ("Endpoint", "ReaderEndpoint", "Port", "MasterUserSecret"):
            self.assertEqual(after[field], cluster[field], field)
        self.assertEqual(self.value(after), 7)
        self.assertEqual(self.emulator.read("caFile"), authority)

    def test_a_cluster_that_a_crash_lost_can_be_created_again_and_is_empty(self):
        self.keep(self.create_cluster("lost"), 1)
        self.emulator.kill("emulator")
        self.emulator.start()
        with self.assertRaisesRegex(ClientError, "DBClusterNotFoundFault"):
            self.cluster("lost")
        cluster = self.create_cluster("lost")
        self.keep(cluster, 2)
        self.assertEqual(self.value(cluster), 2)

    def test_a_rotation_and_a_deletion_that_a_crash_undid_are_undone_in_postgresql_too(self):
        kept, deleted = self.create_cluster("undone"), self.create_cluster("back")
        self.emulator.stop()
        self.emulator.start()
        self.emulator.client("rds").modify_db_cluster(
            DBClusterIdentifier="undone", RotateMasterUserPassword=True, ApplyImmediately=True
        )
        self.delete_cluster("back")
        self.emulator.kill("emulator")
        self.emulator.start()
        for cluster in (kept, deleted):
            self.connect(cluster).close()

    def test_without_postgresql_the_error_says_what_to_do_and_nothing_is_lost(self):
        cluster = self.create_cluster("down")
        self.keep(cluster, 3)
        self.emulator.kill("postgres")
        rds = self.emulator.client("rds")
        rds.delete_db_instance(DBInstanceIdentifier="down-1", SkipFinalSnapshot=True)
        calls = (
            lambda: rds.create_db_cluster(
                DBClusterIdentifier="new", Engine="aurora-postgresql", MasterUsername="new", DatabaseName="new",
                ManageMasterUserPassword=True,
            ),
            lambda: rds.modify_db_cluster(
                DBClusterIdentifier="down", RotateMasterUserPassword=True, ApplyImmediately=True
            ),
            lambda: rds.delete_db_cluster(DBClusterIdentifier="down", SkipFinalSnapshot=True),
        )  # fmt: skip
        for call in calls:
            with self.assertRaisesRegex(ClientError, "lambench local start"):
                call()
        self.emulator.start()
        self.assertEqual(self.value(cluster), 3)
        rds.delete_db_cluster(DBClusterIdentifier="down", SkipFinalSnapshot=True)

    def test_a_database_of_an_earlier_version_gets_tls(self):
        cluster = self.create_cluster("older")
        self.emulator.stop()
        data = (self.emulator.folder / ".lambench/postgres").resolve() / "data"
        for name in ("server.crt", "server.key"):
            (data / name).unlink()
        (data / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        self.emulator.start()
        self.connect(cluster).close()
        with self.assertRaisesRegex(psycopg2.OperationalError, "no encryption"):
            psycopg2.connect(host="127.0.0.1", port=cluster["Port"], user="older", password="x", dbname="older",
                             sslmode="disable")  # fmt: skip


if __name__ == "__main__":
    unittest.main()
