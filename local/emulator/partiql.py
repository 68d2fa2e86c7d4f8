"""Who may run a statement of PartiQL: whoever may do what it does to its table, as IAM has it.

Stock asks for an action by the name of the request, which no policy can allow on a table.
"""

import json

from ministack.core import iam_actions
from ministack.services import dynamodb

from stock import require


def apply():
    """Look at each statement of a batch."""
    require(dynamodb, "_parse_partiql", ["statement", "parameters"])
    require(iam_actions, "_dynamodb_table_arn", ["table", "region", "account_id"])
    parameters = ["iam_action", "body", "region", "account_id"]
    stock = require(iam_actions, "dynamodb_transaction_checks", parameters)
    iam_actions.dynamodb_transaction_checks = _by_statement(stock)


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
