"""Reports discarded records as Lambda does: in a message to the queue of the mapping's on-failure destination."""

import json
import logging
import time

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import new_uuid
from ministack.services import iam, sqs

from upstream_checks import require

logger = logging.getLogger("lambda")

RETRIES = "RetryAttemptsExhausted"
AGE = "RecordAgeExceeded"


def check():
    """End the launcher if queues or policies do not work as this module expects."""
    require(sqs, "_act_send_message", ["data", "qurl"])
    require(sqs, "_queue_by_arn", ["arn"])
    require(iam, "_roles")
    require(iam_evaluator, "evaluate", ["ctx", "policies"])
    require(iam_evaluator, "_gather_role_policies", ["role_name", "account_id"])
    require(iam_evaluator, "_permissions_boundary", ["store", "name", "account_id"])


def queue_of(mapping):
    """The ARN of the mapping's on-failure destination, or None."""
    return ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")


def report(mapping, config, source, shard_id, batch, condition):
    """Report to the mapping's destination, if it has one, that the records of a batch are discarded."""
    queue = queue_of(mapping)
    records = batch.records
    if not queue:
        return
    record = {
        "requestContext": {
            "requestId": new_uuid(),
            "functionArn": mapping["FunctionArn"],
            "condition": condition,
            "approximateInvokeCount": batch.invocations,
        },
        **_response_context(batch, config),
        "version": "1.0",
        "timestamp": _now(),
        source.batch_info: {
            "shardId": shard_id,
            "startSequenceNumber": records[0].sequence,
            "endSequenceNumber": records[-1].sequence,
            "approximateArrivalOfFirstRecord": source.iso(records[0].arrival),
            "approximateArrivalOfLastRecord": source.iso(records[-1].arrival),
            "batchSize": len(records),
            "streamArn": source.arn,
        },
    }
    _send(queue, config, json.dumps(record))


def role_may(config, action, resource):
    """Whether the policies of a function's role allow an action."""
    role_arn = config.get("Role")
    if not role_arn:
        return False
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    context = EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/{config['FunctionName']}",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3],
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    return iam_evaluator.evaluate(context, policies, *limits).decision == "Allow"


def _response_context(batch, config):
    # Records that were discarded before an invocation have no response.
    if batch.result is None:
        return {}
    context = {"statusCode": 200, "executedVersion": config.get("Version", "$LATEST")}
    if batch.result.get("error"):
        context["functionError"] = "Unhandled"
    return {"responseContext": context}


def _now():
    seconds = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"


def _send(arn, config, body):
    queue = sqs._queue_by_arn(arn)
    if queue is None:
        logger.error("The on-failure destination %s does not exist: lost %s", arn, body)
    elif not role_may(config, "sqs:SendMessage", arn):
        logger.error("Role %s may not sqs:SendMessage to %s: lost %s", config.get("Role"), arn, body)
    else:
        sqs._act_send_message({"QueueUrl": queue["url"], "MessageBody": body}, queue["url"])
