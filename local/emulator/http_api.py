"""HTTP APIs are called at an address that every client resolves: stock's `<id>.execute-api.localhost` isn't known everywhere."""

import json
import os

from ministack.services import apigateway

from stock import require


def apply():
    """Change the address of new APIs."""
    require(apigateway, "_apis")
    require(apigateway, "_apigw_response", ["data"])
    apigateway._create_api = _addressed(require(apigateway, "_create_api", ["data"]))


def _addressed(stock):
    def create(data):
        status, headers, body = stock(data)
        if status != 201 or data.get("protocolType", "HTTP") != "HTTP":
            return status, headers, body
        api = apigateway._apis[json.loads(body)["apiId"]]
        api["apiEndpoint"] = f"{os.environ['AWS_ENDPOINT_URL']}/_aws/execute-api/{api['apiId']}"
        return apigateway._apigw_response(api, 201)

    return create
