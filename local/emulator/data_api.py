"""The RDS Data API for clusters that live in the PostgreSQL beside the emulator.

MiniStack runs statements on the event loop: one that waits for a lock would stop everything, whoever holds the lock
included. Here each request has a thread.
"""

import asyncio
import contextvars
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg2
from ministack import app
from ministack.core.responses import error_response_json, json_response
from ministack.services import rds_data

import aurora
import data_api_errors as errors
import data_api_fields as fields
import data_api_sessions as sessions
import data_api_sql
import postgres
from upstream_checks import require

MAX_REQUEST_BYTES = 4 * 1024 * 1024
MAX_RESPONSE_BYTES = 1024 * 1024
_THREADS = 128
# AWS accepts these; to ignore them would return other results than AWS.
_UNKNOWN = ("formatRecordsAs", "resultSetOptions")


def apply():
    """Answer for the clusters of the running server, if there is one; leave the others to MiniStack."""
    if postgres.server is None:
        return
    parameters = ["method", "path", "headers", "body", "query_params"]
    original = require(rds_data, "handle_request", parameters)
    require(rds_data, "_resolve_target", ["resource_arn"])
    require(rds_data, "_validate_http_endpoint_enabled", ["cluster", "resource_arn"])
    require(rds_data, "_cluster_resolution_error", ["resource_arn", "engine"])
    require(rds_data, "_require_secret_credentials", ["secret_arn"])
    parameters = ["service", "iam_action", "headers", "query_params", "request_id", "resource_arn"]
    require(app, "_enforce_data_plane", parameters)
    executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="data-api")
    sessions.start()

    async def handle(method, path, headers, body, query_params):
        request = _parse(body)
        if request is None or path not in _OPERATIONS or not _is_ours(request):
            return await original(method, path, headers, body, query_params)
        if denied := _secret_denied(request, headers, query_params):
            return denied
        # The account and the region of the request are context variables.
        run = contextvars.copy_context().run
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(executor, run, _answer, path, request, len(body))

    rds_data.handle_request = handle


def _parse(body):
    try:
        request = json.loads(body)
        return request if isinstance(request, dict) else None
    except ValueError:
        return None


def _is_ours(request):
    _, _, cluster = rds_data._resolve_target(request.get("resourceArn") or "")
    return aurora.is_backed(cluster)


def _secret_denied(request, headers, query_params):
    """The error for a caller who may use the Data API, but not the secret that it reads on the caller's behalf."""
    secret = request.get("secretArn") or "*"
    action = "secretsmanager:GetSecretValue"
    return app._enforce_data_plane(
        "rds-data", action, headers, query_params, str(uuid.uuid4()), resource_arn=secret, named_resource=secret
    )


def _answer(path, request, size):
    try:
        if size > MAX_REQUEST_BYTES:
            raise errors.invalid("The request is larger than 4 MiB")
        response = json_response(_OPERATIONS[path](request))
        if len(response[2]) > MAX_RESPONSE_BYTES:
            raise errors.unsupported_result("Database response exceeded size limit")
        return response
    except errors.DataApiError as error:
        return error_response_json(error.code, error.message, error.status)
    except _Refused as refused:
        return refused.response
    except psycopg2.Error as error:
        error = errors.of_statement(error)
        return error_response_json(error.code, error.message, error.status)


class _Refused(Exception):
    """MiniStack's error for a request with a wrong cluster or secret."""

    def __init__(self, response):
        super().__init__()
        self.response = response


def _execute(request):
    data_api_sql.check_single(_needed(request, "sql"))
    with _session(request) as session, session.connection.cursor() as cursor:
        statement = data_api_sql.bind(request["sql"], request.get("parameters") or [], session.connection)
        with sessions.limited(session):
            cursor.execute(statement)
        response = {"generatedFields": [], "numberOfRecordsUpdated": _updated(cursor), "records": []}
        if cursor.description:
            response["records"] = fields.records(cursor)
            if request.get("includeResultMetadata"):
                response["columnMetadata"] = fields.metadata(cursor)
        return response


def _batch(request):
    """One statement with several sets of values; without a transaction each set commits by itself."""
    data_api_sql.check_single(_needed(request, "sql"))
    sets = request.get("parameterSets") or [[]]
    with _session(request) as session, session.connection.cursor() as cursor, sessions.limited(session):
        for parameters in sets:
            cursor.execute(data_api_sql.bind(request["sql"], parameters, session.connection))
    return {"updateResults": [{"generatedFields": []} for _ in sets]}


def _begin(request):
    return {"transactionId": sessions.begin(request["resourceArn"], _key(request))}


def _commit(request):
    _key(request)
    if not sessions.end(_needed(request, "transactionId"), request["resourceArn"], "COMMIT"):
        message = "The database returned ROLLBACK, so the transaction cannot be committed."
        raise errors.database_error(message, "25P02")
    return {"transactionStatus": "Transaction Committed"}


def _rollback(request):
    _key(request)
    sessions.end(_needed(request, "transactionId"), request["resourceArn"], "ROLLBACK")
    return {"transactionStatus": "Rollback Complete"}


_OPERATIONS = {
    "/Execute": _execute,
    "/BatchExecute": _batch,
    "/BeginTransaction": _begin,
    "/CommitTransaction": _commit,
    "/RollbackTransaction": _rollback,
}


@contextmanager
def _session(request):
    key = _key(request)
    transaction = request.get("transactionId")
    source = sessions.joined(transaction, request["resourceArn"]) if transaction else sessions.borrowed(key)
    with source as session:
        yield session


def _key(request):
    """The parameters of a session; refuses a request that may not open one."""
    if request.get("schema"):
        raise errors.invalid("The schema parameter isn't supported")
    for name in _UNKNOWN:
        if request.get(name) not in (None, "NONE"):
            raise errors.invalid(f"{name} is not supported by the local environment")
    resource = request["resourceArn"]
    instance, engine, cluster = rds_data._resolve_target(resource)
    if error := rds_data._validate_http_endpoint_enabled(cluster, resource):
        raise _Refused(error)
    if not instance:
        raise _Refused(rds_data._cluster_resolution_error(resource, engine))
    user, password, error = rds_data._require_secret_credentials(_needed(request, "secretArn"))
    if error:
        raise _Refused(error)
    if not user:
        raise errors.DataApiError("InvalidSecretException", "The secret has no username")
    # As on AWS, and as in libpq: the database has the name of the user unless the request names one.
    return cluster["DbClusterResourceId"], user, password, request.get("database") or user


def _needed(request, name):
    if not request.get(name):
        raise errors.DataApiError("BadRequestException", f"{name} is required")
    return request[name]


def _updated(cursor):
    # psycopg2 counts the rows of a SELECT as well.
    return 0 if (cursor.statusmessage or "").startswith("SELECT") else max(cursor.rowcount, 0)
