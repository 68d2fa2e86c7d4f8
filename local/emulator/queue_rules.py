"""SQS's rules for the names of queues, which its model lacks."""

import re

from request_errors import RequestError

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html: the suffix counts.
_NAME = re.compile(r"(?=.{1,80}\Z)[A-Za-z0-9_-]+(\.fifo)?")


def _create_queue(request):
    if not _NAME.fullmatch(request["QueueName"]):
        message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        raise RequestError("InvalidParameterValue", message)


RULES = {("sqs", "CreateQueue"): _create_queue}
