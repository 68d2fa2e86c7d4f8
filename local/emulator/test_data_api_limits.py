"""What ends by itself on the Data API: long statements, forgotten transactions, sessions that nobody needs."""

import time
import unittest
from unittest import mock

import psycopg2

import data_api_sessions as sessions
import postgres
from data_api_errors import DataApiError
from environment_fixture import EnvironmentTest

RESOURCE = "arn:aws:rds:us-east-1:000000000000:cluster:limits"


class Limits(EnvironmentTest):
    """The sessions in this process, with a clock that the test sets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        settings = cls.emulator.postgres
        server = postgres.Server(settings["port"], settings["user"], settings["passwordFile"], settings["caFile"])
        patch = mock.patch.object(postgres, "server", server)
        patch.start()
        cls.addClassCleanup(patch.stop)
        cls.key = (RESOURCE, settings["user"], cls.emulator.read("passwordFile"), "postgres")

    def run_statement(self, session, sql, seconds=None):
        with sessions.limited(session, seconds), session.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()

    def test_a_statement_that_takes_too_long_is_cancelled_and_its_session_dropped(self):
        sessions.start()
        begun = time.monotonic()
        with sessions.borrowed(self.key) as session:
            with self.assertRaises(DataApiError) as raised:
                self.run_statement(session, "SELECT pg_sleep(30)", seconds=0.2)
        self.assertEqual((raised.exception.code, raised.exception.message),
                         ("StatementTimeoutException", "Request timed out"))  # fmt: skip
        self.assertLess(time.monotonic() - begun, 10)
        with sessions.borrowed(self.key) as other:
            self.assertIsNot(other, session)
            self.assertEqual(self.run_statement(other, "SELECT 1"), (1,))

    def test_the_users_own_limit_is_an_error_of_the_database(self):
        with sessions.borrowed(self.key) as session:
            with self.assertRaisesRegex(psycopg2.Error, "due to statement timeout"):
                self.run_statement(session, "SET statement_timeout = 50; SELECT pg_sleep(30)")

    def test_an_idle_transaction_is_rolled_back_after_three_minutes(self):
        transaction = sessions.begin(RESOURCE, self.key)
        with sessions.joined(transaction, RESOURCE) as session:
            self.run_statement(session, "SELECT 1")
        sessions.tidy(time.monotonic() + 170)
        with sessions.joined(transaction, RESOURCE) as session:
            self.run_statement(session, "SELECT 1")
        sessions.tidy(time.monotonic() + 181)
        with self.assertRaisesRegex(DataApiError, "Transaction may be expired"):
            sessions.end(transaction, RESOURCE, "COMMIT")
        self.assertTrue(session.connection.closed)

    def test_another_clusters_transaction_is_not_found(self):
        transaction = sessions.begin(RESOURCE, self.key)
        with self.assertRaisesRegex(DataApiError, "is not found"):
            sessions.end(transaction, RESOURCE + "-2", "COMMIT")
        sessions.end(transaction, RESOURCE, "ROLLBACK")

    def test_sessions_that_nobody_needs_are_closed(self):
        with sessions.borrowed(self.key) as session:
            self.run_statement(session, "SELECT 1")
        sessions.tidy(time.monotonic() + sessions.POOL_IDLE_SECONDS + 1)
        self.assertTrue(session.connection.closed)


if __name__ == "__main__":
    unittest.main()
