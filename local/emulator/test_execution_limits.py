"""Executions that AWS would end: data between states over 256 KiB, and a history over 25,000 events."""

import json
import unittest
import uuid
from unittest import mock

from ministack.services import stepfunctions

import execution_limits
from emulator_fixture import EmulatorTest, wait_for
from executions import Stopped

TOO_LARGE = "States.DataLimitExceeded"


class Sizes(EmulatorTest):
    """What an execution ends with."""

    def ended(self, states, given=None, start="A"):
        """The description of an execution that has ended."""
        client, name = self.emulator.client("stepfunctions"), f"limits-{uuid.uuid4().hex[:8]}"
        definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": start, "States": states})
        machine = client.create_state_machine(name=name, definition=definition, roleArn=self.machine_role(name))
        arn = client.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(given or {}))

        def probe():
            description = client.describe_execution(executionArn=arn["executionArn"])
            return description if description["status"] != "RUNNING" else None

        return wait_for(probe, "the end of the execution", 120)

    def task(self, size, **fields):
        """A task whose result has a payload of `size` bytes: JSON's quotation marks are two of them."""
        name = self.deploy(f"def handler(event, context): return 'x' * {size - 2}")
        arguments = {"FunctionName": name}
        return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments, **fields}

    def test_a_result_of_256_kib_passes_and_one_more_byte_does_not(self):
        metadata = {"StatusCode": 200, "Payload": 0, "SdkResponseMetadata": {"RequestId": str(uuid.uuid4())}}
        around = len(json.dumps(metadata, separators=(",", ":"))) - 1
        largest = execution_limits.MAX_BYTES - around
        ended = self.ended({"A": self.task(largest, End=True)})
        self.assertEqual((ended["status"], len(ended["output"].replace('": ', '":').replace(', "', ',"'))),
                         ("SUCCEEDED", execution_limits.MAX_BYTES))
        ended = self.ended({"A": self.task(largest + 1, End=True)})
        self.assertEqual((ended["status"], ended["error"]), ("FAILED", TOO_LARGE))
        self.assertIn("exceeding the maximum number of bytes service limit", ended["cause"])

    def test_only_its_own_name_catches_it(self):
        states = {"B": {"Type": "Pass", "Output": "caught", "End": True}}
        for caught, expected in (("States.ALL", "FAILED"), (TOO_LARGE, "SUCCEEDED")):
            catch = [{"ErrorEquals": [caught], "Next": "B"}]
            with self.subTest(caught):
                ended = self.ended({"A": self.task(300_000, End=True, Catch=catch), **states})
                self.assertEqual(ended["status"], expected)

    def test_the_results_of_a_map_count_together(self):
        state = {"Type": "Pass", "Output": "{% $pad('', 60000, 'x') %}", "End": True}
        branch = {"StartAt": "B", "States": {"B": state}}
        for items, expected in ((4, "SUCCEEDED"), (5, "FAILED")):
            state = {"Type": "Map", "Items": list(range(items)), "ItemProcessor": branch, "End": True}
            with self.subTest(items):
                ended = self.ended({"A": state})
                self.assertEqual((ended["status"], ended.get("error")), (expected, TOO_LARGE if items == 5 else None))

    def test_an_endless_loop_ends(self):
        ended = self.ended({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}})
        self.assertEqual((ended["status"], ended["error"]), ("FAILED", "States.Runtime"))
        self.assertEqual(ended["cause"], "The execution reached the maximum number of history events (25000).")


class Events(unittest.TestCase):
    """How events are counted."""

    def test_only_success_may_be_the_last_event(self):
        execution = {"status": "RUNNING"}
        history = execution_limits.History(execution)
        # With ExecutionStarted, 24,999: ExecutionSucceeded would be the last one.
        history.add(execution_limits.MAX_EVENTS - 2)
        with mock.patch.object(stepfunctions, "_fail_execution") as fail, self.assertRaises(Stopped):
            history.add(1)
        fail.assert_called_once()

    def test_branches_of_an_execution_that_failed_stop(self):
        with self.assertRaises(Stopped):
            execution_limits.History({"status": "FAILED"}).add(1)


if __name__ == "__main__":
    unittest.main()
