"""Each function environment signs with an access key of its own, as on AWS; S3 uses it to choose the network link.

MiniStack gives all environments of a function one key. It also walks over all sessions whenever it adds one, while
other threads add theirs, and keeps those that do not expire for ever.
"""

import base64
import hashlib
import secrets
import threading
import time
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.responses import get_account_id
from ministack.services import lambda_svc, sts

import http_responses
import tables
from upstream_checks import require

PATH = "/_lambench/credentials"
# Sessions that are kept after their environments have ended: their presigned URLs are still valid then, as on AWS.
SESSIONS = 10_000
EVICTION_SECONDS = 60.0
# The part of an access key that tells its function.
_FUNCTION_CHARACTERS = 8

_functions = {}
# By the key that MiniStack gives a function's role.
_sessions = {}
# The worker whose environment this thread starts.
_starting = threading.local()


def apply():
    """Issue the keys, and tell the S3 model their secrets."""
    original = require(lambda_runtime, "execution_credentials", ["config"])
    require(lambda_svc, "execution_credentials", ["config"])
    require(lambda_runtime, "_workers")
    require(sts, "register_session", ["access_key", "session"])
    require(sts, "_sessions")
    require(sts, "_session_expired", ["session"])
    sessions = tables.Newest(sts._sessions, SESSIONS, in_use=_keys_in_use)
    sts.register_session = registering(sessions)
    issue = _own(original)
    lambda_runtime.execution_credentials = issue
    lambda_svc.execution_credentials = issue
    for kind in (lambda_runtime.Worker, lambda_runtime.ProvidedWorker):
        kind._spawn = _known(require(kind, "_spawn", ["self"]))
    require(iam_evaluator, "resolve_principal", ["access_key_id", "account_id"])
    app.app = _telling(require(app, "app", ["scope", "receive", "send"]))


def function_of(access_key):
    """The name of the function that an environment with this key runs; None for other keys."""
    return _functions.get((access_key or "")[: len("ASIA") + _FUNCTION_CHARACTERS])


def registering(sessions):
    """What keeps sessions in a table, and now and then drops those that have expired."""
    due = time.monotonic()

    def register(access_key, session):
        nonlocal due
        session.setdefault("IssuedAt", time.time())
        sessions.add(access_key, session)
        if time.monotonic() >= due:
            due = time.monotonic() + EVICTION_SECONDS
            for key, other in sessions.table.copy().items():
                if sts._session_expired(other):
                    sessions.table.pop(key, None)

    return register


def _keys_in_use():
    with lambda_runtime._lock:
        workers = [worker for pool in lambda_runtime._workers.values() for worker in pool]
    return {key for worker in workers for key in getattr(worker, "access_keys", ())}


def _own(original):
    def issue(config):
        issued = original(config)
        name = config.get("FunctionName", "")
        # Base 32, as AWS's keys; no function has the same as another in any use of this emulator.
        digest = base64.b32encode(hashlib.sha256(name.encode()).digest()).decode()
        prefix = "ASIA" + digest[:_FUNCTION_CHARACTERS]
        key = prefix + base64.b32encode(secrets.token_bytes(5)).decode()
        _functions[prefix] = name
        role_key = issued["AWS_ACCESS_KEY_ID"]
        # All environments with the same role share what is known of their session.
        sts.register_session(key, _sessions.setdefault(role_key, sts._sessions[role_key]))
        worker = getattr(_starting, "worker", None)
        if worker is not None:
            worker.access_keys = key, role_key
        return {**issued, "AWS_ACCESS_KEY_ID": key}

    return issue


def _known(original):
    def spawn(self, *arguments, **named):
        _starting.worker = self
        try:
            return original(self, *arguments, **named)
        finally:
            _starting.worker = None

    return spawn


def _policies(access_key):
    """What the role of a key may do, as IAM has it; None of root and of what is no role."""
    principal = iam_evaluator.resolve_principal(access_key, get_account_id())
    if getattr(principal, "policies", None) is None:
        return None
    limits = [_statements(limit) for limit in principal.limits]
    return {"principal": principal.arn, "statements": _statements(principal.policies), "limits": limits}


def _statements(policies):
    return [_statement(statement) for policy in policies for statement in policy]


def _statement(statement):
    action = {"NotAction": statement.not_actions} if statement.not_actions else {"Action": statement.actions}
    resource = {"NotResource": statement.not_resources} if statement.not_resources else {"Resource": statement.resources}
    return {"Effect": statement.effect, **action, **resource, "Condition": statement.conditions}


def _telling(original):
    async def asgi(scope, receive, send):
        if scope["type"] != "http" or scope["path"] != PATH:
            await original(scope, receive, send)
            return
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        session = sts._sessions.get(query.get("access_key", [""])[0])
        if session is None:
            await http_responses.send(send, 404, {})
            return
        body = {
            "secret_key": session["SecretAccessKey"],
            "session_token": session.get("SessionToken"),
            "policies": _policies(query["access_key"][0]),
        }
        await http_responses.send(send, 200, body)

    return asgi
