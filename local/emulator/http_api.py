"""HTTP APIs as callers see them: an address that resolves, one response to all unauthorized calls, and throttling.

MiniStack's `<id>.execute-api.localhost` isn't known to every client; it tells why a call is refused, takes any
signature made with the root credentials, and replaces bytes of a text that are no UTF-8.
"""

import contextvars
import json
import os

from ministack import app
from ministack.core import iam_evaluator, router, sigv4
from ministack.services import apigateway, apigateway_v1

from upstream_checks import require
from throttling import Buckets

_FORBIDDEN = 403, {"Content-Type": "application/json"}, b'{"message":"Forbidden"}'
_THROTTLED = 429, {"Content-Type": "application/json"}, b'{"message":"Too Many Requests"}'

_routes = Buckets()
# Whether the body of the request that is being handled is no text, whatever its content type says.
_is_binary = contextvars.ContextVar("is_binary", default=False)


def apply():
    """Change the address of new APIs, and check calls."""
    for name in ("_apis", "_stages"):
        require(apigateway, name)
    require(apigateway, "_apigw_response", ["data"])
    require(apigateway, "find_api_scope", ["api_id"])
    require(apigateway_v1, "find_api_scope", ["api_id"])
    require(iam_evaluator, "is_root_access_key", ["access_key_id"])
    require(router, "extract_access_key_id", ["headers", "query_params"])
    require(sigv4, "parse_header_signature", ["headers"])
    checked = ["signature", "secret", "method", "raw_path", "query_params", "headers", "body"]
    require(sigv4, "header_signature_failure", checked)
    require(sigv4, "request_time_failure", ["signature"])
    apigateway._create_api = _addressed(require(apigateway, "_create_api", ["data"]))
    parameters = ["integration", "api_id", "stage", "path", "method", "headers", "body", "query_params", "route_key"]
    apigateway._invoke_lambda_proxy = _throttled(require(apigateway, "_invoke_lambda_proxy", parameters))
    is_text = require(apigateway, "_v2_request_body_is_text", ["content_type"])
    apigateway._v2_request_body_is_text = lambda content_type: not _is_binary.get() and is_text(content_type)
    parameters = ["api_id", "stage", "method", "execute_path", "headers", "query_params"]
    app._enforce_execute_api = _terse(require(app, "_enforce_execute_api", parameters))
    parameters = ["host", "path", "method", "headers", "body", "query_params", "raw_path"]
    app._handle_execute_api_request = _verified(require(app, "_handle_execute_api_request", parameters))
    require(app, "_parse_execute_api_url", ["host", "path"])


def _addressed(original):
    def create(data):
        status, headers, body = original(data)
        if status != 201 or data.get("protocolType", "HTTP") != "HTTP":
            return status, headers, body
        api = apigateway._apis[json.loads(body)["apiId"]]
        api["apiEndpoint"] = f"{os.environ['AWS_ENDPOINT_URL']}/_aws/execute-api/{api['apiId']}"
        return apigateway._apigw_response(api, 201)

    return create


def _throttled(original):
    async def invoke(integration, api_id, stage, path, method, headers, body, query_params, route_key, *more, **named):
        settings = apigateway._stages.get(api_id, {}).get(stage, {})
        route = settings.get("routeSettings", {}).get(route_key) or settings.get("defaultRouteSettings", {})
        rate, burst = route.get("throttlingRateLimit"), route.get("throttlingBurstLimit")
        if rate is not None and burst is not None and not _routes.take((api_id, stage, route_key), rate, burst):
            return _THROTTLED
        # The function gets it in base64, as it was sent.
        _is_binary.set(not _is_utf8(body))
        arguments = (integration, api_id, stage, path, method, headers, body, query_params, route_key)
        return await original(*arguments, *more, **named)

    return invoke


def _is_utf8(body):
    try:
        (body or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def _terse(original):
    def enforce(api_id, *arguments, **named):
        denied = original(api_id, *arguments, **named)
        return _FORBIDDEN if denied and _is_http_api(api_id) else denied

    return enforce


def _verified(original):
    async def handle(host, path, method, headers, body, query_params, raw_path=None, **named):
        called = app._parse_execute_api_url(host, path)
        if called and _is_http_api(called[0]) and _is_forged(method, raw_path or path, query_params, headers, body):
            return _FORBIDDEN
        return await original(host, path, method, headers, body, query_params, raw_path=raw_path, **named)

    return handle


def _is_http_api(api_id):
    return apigateway_v1.find_api_scope(api_id) is None and apigateway.find_api_scope(api_id) is not None


def _is_forged(method, raw_path, query_params, headers, body):
    # MiniStack checks the signatures of all other calls.
    if not headers.get("authorization", "").startswith("AWS4-HMAC-SHA256"):
        return False
    key = router.extract_access_key_id(headers, query_params)
    if not iam_evaluator.is_root_access_key(key):
        return False
    signature = sigv4.parse_header_signature(headers)
    if isinstance(signature, tuple) or sigv4.request_time_failure(signature):
        return True
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY", "test")
    return sigv4.header_signature_failure(signature, secret, method, raw_path, query_params, headers, body) is not None
