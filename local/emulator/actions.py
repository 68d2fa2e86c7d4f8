"""The IAM action of requests that are not named after one: IAM has no batch actions.

A batch of messages needs what a single message needs, a PartiQL statement what it does to its table.
"""

import json

from ministack.core import iam_actions
from ministack.services import dynamodb

from upstream_checks import require


_OF_ONE_MESSAGE = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def apply():
    """Check the actions of single messages and statements."""
    parameters = ["service", "method", "path", "headers", "body", "query_params"]
    original = require(iam_actions, "extract_iam_action", parameters)
    iam_actions.extract_iam_action = _of_one_message(original)
    require(dynamodb, "_parse_partiql", ["statement", "parameters"])
    require(iam_actions, "_dynamodb_table_arn", ["table", "region", "account_id"])
    parameters = ["iam_action", "body", "region", "account_id"]
    original = require(iam_actions, "dynamodb_transaction_checks", parameters)
    iam_actions.dynamodb_transaction_checks = _by_statement(original)


def _of_one_message(original):
    def extract(service, method, path, headers, body, query_params):
        action = original(service, method, path, headers, body, query_params)
        return _OF_ONE_MESSAGE.get(action, action)

    return extract


def _by_statement(original):
    def checks(iam_action, body, region, account_id):
        if iam_action != "dynamodb:BatchExecuteStatement":
            return original(iam_action, body, region, account_id)
        return [
            (f"dynamodb:PartiQL{operation.title()}", iam_actions._dynamodb_table_arn(table, region, account_id))
            for operation, table in _statements(body)
        ]

    return checks


def _statements(body):
    """The action and the table of each statement that can be parsed; the others are refused when they run."""
    try:
        statements = json.loads(body)["Statements"]
    except (ValueError, TypeError, KeyError):
        return
    for statement in statements:
        try:
            parsed = dynamodb._parse_partiql(statement["Statement"], statement.get("Parameters", []))
        except (ValueError, TypeError, KeyError):
            continue
        yield parsed["op"], parsed["table"]
