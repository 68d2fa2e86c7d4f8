"""The Data API's sessions: pooled, with time limits on statements and transactions."""

import select
import threading
import time
import uuid
from collections import OrderedDict
from contextlib import contextmanager

import psycopg2
from psycopg2 import extensions

import data_api_errors as errors
import data_api_fields
import postgres

# AWS's limits (Aurora User Guide, "Using the Amazon RDS Data API").
STATEMENT_SECONDS = 45
TRANSACTION_IDLE_SECONDS = 3 * 60
TRANSACTION_SECONDS = 24 * 60 * 60

POOL_IDLE_SECONDS = 60
WATCH_SECONDS = 0.2
REMEMBERED = 1000

EXPIRED = "Transaction may be expired."
ENDED = "One previous call resulted in a termination of your transaction."
ABORTED = "Transaction has been aborted due to an error from a previous call."

_lock = threading.Lock()
_idle = {}
_statements = {}
_transactions = {}
_ended = OrderedDict()


class Transaction:
    """A session between BeginTransaction and its end."""

    def __init__(self, resource, session):
        self.id = str(uuid.uuid4())
        self.resource = resource
        self.session = session
        self.busy = False
        self.begun = self.used = time.monotonic()

    def overdue(self, now):
        """Whether nothing will end it any more."""
        idle = not self.busy and now - self.used > TRANSACTION_IDLE_SECONDS
        return idle or now - self.begun > TRANSACTION_SECONDS


class Session:
    """A connection with its parameters: a later request with the same ones may reuse it."""

    def __init__(self, key):
        user, password, database = key[-3:]
        self.key = key
        self.connection = postgres.server.connect(
            user, password, database, options="-c TimeZone=UTC", application_name="RDS Data API"
        )
        self.released = None
        # A cancellation may arrive late, when the session already runs another request's statement.
        self.cancelled = False
        data_api_fields.register(self.connection)

    def is_alive(self):
        """Whether the server has sent nothing: unasked, it only sends that the session has ended."""
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not self.connection.closed and not poll.poll(0)

    def close(self):
        """End it; a transaction that is open is rolled back."""
        self.connection.close()


def start():
    """Start the thread that enforces the limits."""
    threading.Thread(target=_watch, daemon=True, name="data-api-watch").start()


@contextmanager
def borrowed(key):
    """A session in autocommit mode, as new."""
    session = _open(key)
    try:
        yield session
    finally:
        _give_back(session)


def begin(resource, key):
    """Open a transaction; returns its id."""
    session = _open(key)
    try:
        with limited(session), session.connection.cursor() as cursor:
            cursor.execute("BEGIN")
    except BaseException:
        session.close()
        raise
    transaction = Transaction(resource, session)
    with _lock:
        _transactions[transaction.id] = transaction
    return transaction.id


@contextmanager
def joined(transaction_id, resource):
    """The session of a transaction, for one request at a time."""
    transaction = _claim(transaction_id, resource)
    try:
        yield transaction.session
    finally:
        transaction.used = time.monotonic()
        transaction.busy = False
        if transaction.session.connection.closed:
            _forget(transaction, ABORTED)


def end(transaction_id, resource, command):
    """COMMIT or ROLLBACK, and whether PostgreSQL did that."""
    transaction = _claim(transaction_id, resource)
    _forget(transaction, ENDED)
    try:
        with limited(transaction.session), transaction.session.connection.cursor() as cursor:
            cursor.execute(command)
            return cursor.statusmessage == command
    finally:
        _give_back(transaction.session)


@contextmanager
def limited(session, seconds=None):
    """Cancel what runs on the session after AWS's limit."""
    with _lock:
        _statements[session] = time.monotonic() + (seconds or STATEMENT_SECONDS)
    try:
        yield
    except extensions.QueryCanceledError as error:
        if session.cancelled:
            raise errors.timed_out() from error
        raise
    finally:
        with _lock:
            _statements.pop(session, None)


def _open(key):
    while True:
        with _lock:
            session = _idle[key].pop() if _idle.get(key) else None
        if session is None:
            try:
                return Session(key)
            except psycopg2.OperationalError as error:
                raise errors.of_connection(error) from error
        if session.is_alive():
            return session
        session.close()


def _give_back(session):
    connection = session.connection
    try:
        idle = connection.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE
        if connection.closed or session.cancelled or not idle:
            session.close()
            return
        with connection.cursor() as cursor:
            cursor.execute("DISCARD ALL")
    except psycopg2.Error:
        session.close()
        return
    session.released = time.monotonic()
    with _lock:
        _idle.setdefault(session.key, []).append(session)


def _claim(transaction_id, resource):
    with _lock:
        transaction = _transactions.get(transaction_id)
        if transaction is None or transaction.resource != resource:
            raise errors.transaction_not_found(transaction_id, _ended.get(transaction_id, EXPIRED))
        if transaction.busy:
            raise errors.DataApiError("DatabaseErrorException", "Transaction is still running a query")
        transaction.busy = True
        return transaction


def _forget(transaction, cause):
    with _lock:
        _transactions.pop(transaction.id, None)
        _ended[transaction.id] = cause
        while len(_ended) > REMEMBERED:
            _ended.popitem(last=False)


def _watch():
    while True:
        time.sleep(WATCH_SECONDS)
        tidy(time.monotonic())


def tidy(now):
    """Cancel overdue statements, roll back forgotten transactions, close idle sessions."""
    with _lock:
        late = [session for session, deadline in _statements.items() if now > deadline]
        for session in late:
            session.cancelled = True
            del _statements[session]
        overdue = [transaction for transaction in _transactions.values() if transaction.overdue(now)]
        unused = _take_unused(now)
    for session in late:
        _cancel(session.connection)
    for transaction in overdue:
        _forget(transaction, EXPIRED)
        transaction.session.close()
    for session in unused:
        session.close()


def _take_unused(now):
    unused = []
    for key, sessions in list(_idle.items()):
        unused += [session for session in sessions if now - session.released > POOL_IDLE_SECONDS]
        _idle[key] = [session for session in sessions if now - session.released <= POOL_IDLE_SECONDS]
        if not _idle[key]:
            del _idle[key]
    return unused


def _cancel(connection):
    try:
        connection.cancel()
    except psycopg2.Error:
        # It has ended by itself.
        pass
