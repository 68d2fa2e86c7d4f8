"""Events of EventBridge, and what functions behind them may do in batches."""

import json
import unittest
import uuid

from botocore.exceptions import ClientError

from emulator_fixture import EmulatorTest, custom_runtime, wait_for

# Says under which id it was invoked, and is killed unless the event says for how long enough.
FUNCTION = """
import os
attempts = os.path.join(os.environ["ATTEMPTS"], "attempts")
def handler(event, context=None):
    with open(attempts, "a") as file:
        print(request_id, file=file)
    with open(attempts) as file:
        if len(file.readlines()) <= event["detail"]["kills"]:
            os.kill(os.getpid(), 9)
    return {}
"""


class Events(EmulatorTest):
    """Rules of EventBridge with a function behind them."""

    def subscribed(self):
        """A function and the source of the events it gets."""
        events = self.emulator.client("events")
        name = self.deploy(
            custom_runtime(FUNCTION),
            runtime="provided.al2023",
            Environment={"Variables": {"ATTEMPTS": self.folder()}},
        )
        arn = self.emulator.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        source = f"test.{uuid.uuid4().hex}"
        events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
        events.put_targets(Rule=source, Targets=[{"Id": "function", "Arn": arn}])
        return name, source

    def folder(self):
        """A new folder."""
        folder = self.emulator.folder / uuid.uuid4().hex
        folder.mkdir()
        self.attempts = folder / "attempts"
        return str(folder)

    def put(self, source, kills):
        """Send an event whose function is killed so often."""
        entry = {"Source": source, "DetailType": "test", "Detail": json.dumps({"kills": kills})}
        self.emulator.client("events").put_events(Entries=[entry])

    def ids(self):
        """The request ids of the attempts so far."""
        return self.attempts.read_text().split() if self.attempts.exists() else []

    def test_an_event_whose_function_is_killed_comes_again_under_the_same_request_id(self):
        """A function that knows its own id finds what its last attempt has left."""
        _, source = self.subscribed()
        self.put(source, kills=2)
        wait_for(lambda: len(self.ids()) == 3, "the third attempt")
        self.assertEqual(len(set(self.ids())), 1)

    def test_each_event_has_a_request_id_of_its_own(self):
        """The log of one isn't the log of the other."""
        _, source = self.subscribed()
        self.put(source, kills=0)
        self.put(source, kills=0)
        wait_for(lambda: len(self.ids()) == 2, "both events")
        self.assertEqual(len(set(self.ids())), 2)


class Batches(EmulatorTest):
    """Batches under a policy. A policy that works here works on AWS, and the other way round."""

    def table(self):
        """A new table; returns its name."""
        name = f"table-{uuid.uuid4().hex}"
        self.emulator.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return name

    def client_of(self, service, policy):
        """A client for a user with one policy statement."""
        iam = self.emulator.client("iam")
        name = uuid.uuid4().hex
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
        iam.put_user_policy(UserName=name, PolicyName="test", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.emulator.client(service, key["AccessKeyId"], key["SecretAccessKey"])

    def test_a_batch_of_messages_needs_what_one_message_needs(self):
        """IAM has no sqs:SendMessageBatch."""
        queue = self.emulator.client("sqs").create_queue(QueueName=uuid.uuid4().hex)["QueueUrl"]
        client = self.client_of("sqs", {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"})
        sent = client.send_message_batch(QueueUrl=queue, Entries=[{"Id": "a", "MessageBody": "a"}])
        self.assertEqual([entry["Id"] for entry in sent["Successful"]], ["a"])
        with self.assertRaisesRegex(ClientError, "AccessDenied"):
            client.delete_message_batch(QueueUrl=queue, Entries=[{"Id": "a", "ReceiptHandle": "a"}])

    def test_a_batch_of_statements_needs_what_each_of_them_does(self):
        """As does a transaction."""
        mine, other = self.table(), self.table()
        resource = f"arn:aws:dynamodb:us-east-1:000000000000:table/{mine}"
        policy = {"Effect": "Allow", "Action": "dynamodb:PartiQLInsert", "Resource": resource}
        client = self.client_of("dynamodb", policy)
        insert = [{"Statement": f"INSERT INTO \"{mine}\" VALUE {{'id': ?}}", "Parameters": [{"S": "a"}]}]
        delete = [{"Statement": f"DELETE FROM \"{mine}\" WHERE id = ?", "Parameters": [{"S": "a"}]}]
        elsewhere = [{"Statement": f"INSERT INTO \"{other}\" VALUE {{'id': ?}}", "Parameters": [{"S": "a"}]}]
        responses = client.batch_execute_statement(Statements=insert)["Responses"]
        self.assertNotIn("Error", responses[0])
        for statements in (delete, elsewhere, insert + elsewhere):
            with self.assertRaisesRegex(ClientError, "AccessDenied"):
                client.batch_execute_statement(Statements=statements)


if __name__ == "__main__":
    unittest.main()
