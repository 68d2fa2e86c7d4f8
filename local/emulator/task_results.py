"""A task that invokes a function gets the request id with the result, as on AWS: it leads to the invocation's REPORT line.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html. Of the response's other metadata, state machines
here use none.
"""

from ministack.services import stepfunctions

import invocations
from upstream_checks import require


def apply():
    """Add the request id to what an invocation returns."""
    original = require(stepfunctions, "_invoke_resource", ["resource", "input_data"])

    def invoke(resource, input_data):
        result = original(resource, input_data)
        if "states:::lambda:invoke" not in resource:
            return result
        return {**result, "SdkResponseMetadata": {"RequestId": invocations.last_request_id()}}

    stepfunctions._invoke_resource = invoke
