"""A state machine invokes a function with its role's permissions, as on AWS; MiniStack does with nobody's.

https://docs.aws.amazon.com/step-functions/latest/dg/lambda-iam.html
"""

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.iam_evaluator import EvalContext, evaluate
from ministack.services import lambda_svc, stepfunctions

import executions
from upstream_checks import require

_ACTION = "lambda:InvokeFunction"


def apply():
    """Check the role before each invocation."""
    require(app, "AUTH")
    require(iam_evaluator, "_gather_role_policies", ["role_name", "account_id"])
    require(iam_evaluator, "parse_policy_document", ["doc"])
    require(iam_actions, "identity_denial_message", ["action", "principal_arn", "resource", "explicit_deny"])
    require(lambda_svc, "_get_func_record_for_ref")
    require(stepfunctions, "_state_machines")
    require(stepfunctions, "_ExecutionError")
    stepfunctions._call_lambda = _allowed(require(stepfunctions, "_call_lambda", ["func_ref", "event"]))


def _allowed(original):
    def call(func_ref, event):
        execution = executions.current()
        if app.AUTH and execution is not None:
            _check(execution, func_ref)
        return original(func_ref, event)

    return call


def _check(execution, func_ref):
    _, function, _ = lambda_svc._get_func_record_for_ref(func_ref)
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"])
    # What is not there fails by itself.
    if not function or not machine:
        return
    arn = function["FunctionArn"]
    region, account = arn.split(":")[3:5]
    role = machine["roleArn"].rpartition("/")[2]
    principal = f"arn:aws:sts::{account}:assumed-role/{role}/{execution['name']}"
    context = EvalContext(principal, "AssumedRole", account, _ACTION, arn, region)
    decision = evaluate(context, iam_evaluator._gather_role_policies(role, account)).decision
    if decision != "Allow":
        cause = iam_actions.identity_denial_message(_ACTION, principal, arn, decision == "Deny")
        # As the optimized integration reports whatever Lambda itself refuses.
        raise stepfunctions._ExecutionError("Lambda.AWSLambdaException", cause)
