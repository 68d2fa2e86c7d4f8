"""Errors of the Data API, with the texts of AWS for Aurora Serverless v2 and provisioned clusters."""

import re

_FATAL = re.compile(r"FATAL:\s+(.*)")
# libpq gives no SQLSTATE for a session that the server refused, only the server's message.
_REFUSALS = (
    (re.compile(r"password authentication failed"), "28P01"),
    (re.compile(r"role .* is not permitted to log in|no pg_hba\.conf entry"), "28000"),
    (re.compile(r"database .* does not exist"), "3D000"),
    (re.compile(r"permission denied for database"), "42501"),
    (re.compile(r"too many (clients|connections)|connection slots"), "53300"),
    (re.compile(r"the database system is"), "57P03"),
)


class DataApiError(Exception):
    """An error response."""

    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def database_error(message, sqlstate):
    """The error for a statement that PostgreSQL refused."""
    return DataApiError("DatabaseErrorException", f"ERROR: {message}; SQLState: {sqlstate}")


def of_statement(error):
    """The error for what psycopg2 raised while it ran a statement."""
    if error.pgcode is None:
        return database_error("An I/O error occurred while sending to the backend.", "08006")
    diagnostics = error.diag
    extras = (
        ("Detail", diagnostics.message_detail),
        ("Hint", diagnostics.message_hint),
        ("Position", diagnostics.statement_position),
        ("Where", diagnostics.context),
    )
    lines = [diagnostics.message_primary, *(f"  {name}: {text}" for name, text in extras if text)]
    return database_error("\n".join(lines), error.pgcode)


def of_connection(error):
    """The error for what psycopg2 raised while it opened a session."""
    fatal = _FATAL.search(str(error))
    if fatal is None:
        return DataApiError(
            "DatabaseUnavailableException", "The writer instance in the DB cluster isn't available.", 504
        )
    message = fatal.group(1)
    sqlstate = next((state for pattern, state in _REFUSALS if pattern.search(message)), "08004")
    return database_error(message, sqlstate)


def timed_out():
    """The error for a statement that took longer than a request may."""
    return DataApiError("StatementTimeoutException", "Request timed out")


def transaction_not_found(transaction_id, cause):
    """The error for the id of a transaction that has ended or never existed."""
    message = f"Transaction {transaction_id} is not found. {cause}"
    return DataApiError("TransactionNotFoundException", message, 404)


def unsupported_result(message):
    """The error for a result that the Data API cannot return."""
    return DataApiError("UnsupportedResultException", message)


def invalid(message):
    """The error for a request that is invalid before it reaches the database."""
    return DataApiError("ValidationException", message)
