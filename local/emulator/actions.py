"""Which action a policy has to allow, where it isn't named as the request: IAM knows no batches.

A batch of messages needs what each of them needs, and a statement of PartiQL what it does to its table.
"""

import json

from ministack.core import iam_actions
from ministack.services import dynamodb

from stock import require


_OF_ONE_MESSAGE = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def apply():
    """Ask for the actions of single messages and statements."""
    parameters = ["service", "method", "path", "headers", "body", "query_params"]
    stock = require(iam_actions, "extract_iam_action", parameters)
    iam_actions.extract_iam_action = _of_one_message(stock)
    require(dynamodb, "_parse_partiql", ["statement", "parameters"])
    require(iam_actions, "_dynamodb_table_arn", ["table", "region", "account_id"])
    parameters = ["iam_action", "body", "region", "account_id"]
    stock = require(iam_actions, "dynamodb_transaction_checks", parameters)
    iam_actions.dynamodb_transaction_checks = _by_statement(stock)


def _of_one_message(stock):
    def extract(service, method, path, headers, body, query_params):
        action = stock(service, method, path, headers, body, query_params)
        return _OF_ONE_MESSAGE.get(action, action)

    return extract


def _by_statement(stock):
    def checks(iam_action, body, region, account_id):
        if iam_action != "dynamodb:BatchExecuteStatement":
            return stock(iam_action, body, region, account_id)
        return [
            (f"dynamodb:PartiQL{operation.title()}", iam_actions._dynamodb_table_arn(table, region, account_id))
            for operation, table in _statements(body)
        ]

    return checks


def _statements(body):
    """What each statement that can be read does, and to which table; the others are refused when they are run."""
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
