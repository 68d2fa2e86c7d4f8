"""Each function environment signs with an access key of its own, as on AWS; S3 uses it to choose the network link.

MiniStack gives all environments of a function one key.
"""

import secrets
from urllib.parse import parse_qs

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc, sts

import http_responses
from upstream_checks import require

PATH = "/_lambench/credentials"

_functions = {}


def apply():
    """Issue the keys, and tell the S3 model their secrets."""
    original = require(lambda_runtime, "execution_credentials", ["config"])
    require(lambda_svc, "execution_credentials", ["config"])
    require(sts, "register_session", ["access_key", "session"])
    require(sts, "_sessions")
    issue = _own(original)
    lambda_runtime.execution_credentials = issue
    lambda_svc.execution_credentials = issue
    app.app = _telling(require(app, "app", ["scope", "receive", "send"]))


def function_of(access_key):
    """The name of the function that an environment with this key runs; None for other keys."""
    return _functions.get(access_key)


def _own(original):
    def issue(config):
        issued = original(config)
        session = dict(sts._sessions[issued["AWS_ACCESS_KEY_ID"]])
        key = f"ASIA{secrets.token_hex(8).upper()}"
        sts.register_session(key, session)
        _functions[key] = config.get("FunctionName", "")
        return {**issued, "AWS_ACCESS_KEY_ID": key}

    return issue


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
        body = {"secret_key": session["SecretAccessKey"], "session_token": session.get("SessionToken")}
        await http_responses.send(send, 200, body)

    return asgi
