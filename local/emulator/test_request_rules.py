"""What AWS refuses by rules that its models lack: without them, a deployment that works here fails there."""

import json
import unittest
import uuid

from emulator_fixture import archive
from test_request_validation import RequestErrorTest

INVALID = "InvalidParameterValueException"


class Rules(RequestErrorTest):
    """By service."""

    def name(self):
        """A name that no other test uses."""
        return f"rule-{uuid.uuid4().hex[:8]}"

    def function(self, **settings):
        """The arguments of a valid function."""
        name, code = self.name(), {"ZipFile": archive("bootstrap", "")}
        common = {"Runtime": "provided.al2023", "Handler": "x", "Role": self.role(name), "Code": code}
        return {"FunctionName": name, **common, **settings}

    def test_names(self):
        client = self.emulator.client
        queue = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        for name in ("q" * 81, "q" * 76 + ".fifo", "a b", "a.b"):
            attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
            create = client("sqs").create_queue
            self.refused("InvalidParameterValue", queue, create, QueueName=name, Attributes=attributes)
        client("sqs").create_queue(QueueName="q" * 75 + ".fifo", Attributes={"FifoQueue": "true"})
        create = client("lambda").create_function
        message = "at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"
        self.refused("ValidationException", message, create, **self.function(FunctionName="f" * 65))
        machine = {"definition": "{}", "roleArn": "arn:aws:iam::000000000000:role/r"}
        create = client("stepfunctions").create_state_machine
        self.refused("InvalidName", "Invalid Name: 'a b'", create, name="a b", **machine)
        create = client("rds").create_db_cluster
        for name in ("c" * 64, "1c", "c-", "c--c", "c_c"):
            message = "The parameter DBClusterIdentifier is not a valid identifier. Identifiers must begin with a letter"
            given = {"Engine": "aurora-postgresql", "MasterUsername": "m", "ManageMasterUserPassword": True}
            self.refused("InvalidParameterValue", message, create, DBClusterIdentifier=name, **given)
        # The model limits it.
        create = self.unchecked("stepfunctions").create_state_machine
        self.refused("ValidationException", "less than or equal to 80", create, name="m" * 81, **machine)

    def test_all_inline_policies_of_a_role_share_a_quota_without_their_white_space(self):
        iam, name = self.emulator.client("iam"), self.name()
        self.role(name)

        def policy(size):
            statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::"}
            document = {"Version": "2012-10-17", "Statement": [statement]}
            statement["Resource"] += "b" * (size - len(json.dumps(document, separators=(",", ":"))))
            return json.dumps(document, indent=4)

        def put(policy_name, size):
            iam.put_role_policy(RoleName=name, PolicyName=policy_name, PolicyDocument=policy(size))

        put("a", 5000)
        put("b", 5240)
        put("b", 5240)
        message = f"Maximum policy size of 10240 bytes exceeded for role {name}"
        self.refused("LimitExceeded", message, put, policy_name="b", size=5241)
        self.refused("LimitExceeded", message, put, policy_name="c", size=200)
        document = json.dumps({"Version": "2012-10-17", "Statement": [], "Id": "x" * 2048})
        message = "Cannot exceed quota for ACLSizePerRole: 2048"
        self.refused("LimitExceeded", message, iam.create_role, RoleName=self.name(), AssumeRolePolicyDocument=document)

    def test_limits_of_functions(self):
        create = self.emulator.client("lambda").create_function
        at_most = "failed to satisfy constraint: Member must have value less than or equal to"
        for settings, message in (
            ({"Timeout": 901}, f"Value '901' at 'timeout' {at_most} 900"),
            ({"MemorySize": 10_241}, f"Value '10241' at 'memorySize' {at_most} 10240"),
            ({"EphemeralStorage": {"Size": 10_241}}, f"Value '10241' at 'ephemeralStorage.size' {at_most} 10240"),
        ):
            self.refused("ValidationException", message, create, **self.function(**settings))
        for variables, message in (
            # With names and JSON's punctuation, 4,097 bytes.
            ({"AB": "x" * 4088}, "provided exceeded the 4KB limit. String measured: {\"AB\":\"xxx"),
            ({"AWS_REGION": "x"}, "Reserved keys used in this request: AWS_REGION"),
        ):
            self.refused(INVALID, message, create, **self.function(Environment={"Variables": variables}))
        name = create(**self.function(Environment={"Variables": {"AB": "x" * 4087}}))["FunctionName"]
        update = self.emulator.client("lambda").update_function_configuration
        self.refused("ValidationException", f"{at_most} 900", update, FunctionName=name, Timeout=901)

    def test_mappings_of_queues(self):
        client = self.emulator.client("lambda")
        name = client.create_function(**self.function(Timeout=31))["FunctionName"]
        short, fifo, standard = self.queue(), self.queue(".fifo", FifoQueue="true"), self.queue(VisibilityTimeout="31")
        create = client.create_event_source_mapping
        message = "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"
        self.refused(INVALID, message, create, EventSourceArn=short, FunctionName=name)
        window = "must be greater than 0 if maximum batch size is greater than 10"
        self.refused(INVALID, window, create, EventSourceArn=standard, FunctionName=name, BatchSize=11)
        message = "Batch size of a FIFO queue must be less than or equal to 10"
        self.refused(INVALID, message, create, EventSourceArn=fifo, FunctionName=name, BatchSize=11)
        message = "Batching window is not supported for FIFO queues"
        self.refused(
            INVALID, message, create, EventSourceArn=fifo, FunctionName=name, MaximumBatchingWindowInSeconds=1
        )
        message = "Unsupported parameter for the event source type SQS: MaximumRetryAttempts"
        self.refused(INVALID, message, create, EventSourceArn=standard, FunctionName=name, MaximumRetryAttempts=1)
        mapping = create(
            EventSourceArn=standard, FunctionName=name, BatchSize=100, MaximumBatchingWindowInSeconds=1
        )["UUID"]
        client.update_event_source_mapping(UUID=mapping, BatchSize=200)
        update = client.update_event_source_mapping
        self.refused(INVALID, window, update, UUID=mapping, MaximumBatchingWindowInSeconds=0)

    def test_mappings_of_streams(self):
        client, name = self.unchecked("lambda"), self.name()
        stream = f"arn:aws:kinesis:us-east-1:000000000000:stream/{name}"
        create, given = client.create_event_source_mapping, {"EventSourceArn": stream, "FunctionName": name}
        message = "Value null at 'startingPosition' failed to satisfy constraint: Member must not be null"
        self.refused(INVALID, message, create, **given)
        given["StartingPosition"] = "LATEST"
        message = "MaximumRecordAgeInSeconds must be -1 or at least 60 seconds"
        self.refused(INVALID, message, create, **given, MaximumRecordAgeInSeconds=59)
        for member, value, message in (
            ("BatchSize", 10_001, "less than or equal to 10000"),
            ("MaximumBatchingWindowInSeconds", 301, "less than or equal to 300"),
            ("ParallelizationFactor", 11, "less than or equal to 10"),
            ("MaximumRetryAttempts", 10_001, "less than or equal to 10000"),
            ("MaximumRecordAgeInSeconds", 604_801, "less than or equal to 604800"),
        ):
            self.refused("ValidationException", message, create, **given, **{member: value})
        table = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000"
        message = "Unsupported starting position for the event source type DynamoDB: AT_TIMESTAMP"
        given = {"EventSourceArn": table, "FunctionName": name, "StartingPosition": "AT_TIMESTAMP"}
        self.refused(INVALID, message, create, **given, StartingPositionTimestamp=1)

    def test_sizes_of_step_functions_are_of_bytes(self):
        client = self.unchecked("stepfunctions")
        machine = {"name": self.name(), "roleArn": "arn:aws:iam::000000000000:role/r"}
        definition = json.dumps({"Comment": "ä" * 524_288}, ensure_ascii=False)
        message = "Definition exceeds 1048576 bytes"
        self.refused("InvalidDefinition", message, client.create_state_machine, **machine, definition=definition)
        message = "at 'definition' failed to satisfy constraint: Member must have length less than or equal to 1048576"
        self.refused("ValidationException", message, client.create_state_machine, **machine, definition="x" * 1048577)
        arn = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
        given = json.dumps("ä" * 131_072, ensure_ascii=False)
        start = client.start_execution
        self.refused("InvalidExecutionInput", "Input exceeds 262144 bytes", start, stateMachineArn=arn, input=given)

    def test_log_groups_keep_events_for_as_long_as_aws_offers(self):
        logs, name = self.emulator.client("logs"), self.name()
        logs.create_log_group(logGroupName=name)
        # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
        months = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180)
        for days in (*months, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653):
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        message = "Value '2' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, "
        put = logs.put_retention_policy
        self.refused("InvalidParameterException", message, put, logGroupName=name, retentionInDays=2)

    def queue(self, suffix="", **attributes):
        """The ARN of a new queue."""
        sqs = self.emulator.client("sqs")
        url = sqs.create_queue(QueueName=self.name() + suffix, Attributes=attributes)["QueueUrl"]
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


if __name__ == "__main__":
    unittest.main()
