"""Requests that AWS refuses, sent to the emulator in each protocol: AWS's code and message, and a line in the log."""

import unittest
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator_fixture import EmulatorTest


class RequestErrorTest(EmulatorTest):
    """Requests that are not checked before they are sent."""

    def unchecked(self, service):
        """A client that sends what it is told to."""
        return boto3.client(
            service,
            endpoint_url=self.emulator.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )

    def refused(self, code, message, call, **arguments):
        """The call is refused with this code, and a message that has this part; the log has both."""
        with self.assertRaises(ClientError) as raised:
            call(**arguments)
        error = raised.exception.response["Error"]
        self.assertEqual(error["Code"], code, error)
        self.assertIn(message, error["Message"])
        lines = (self.emulator.folder / "log").read_text().splitlines()
        self.assertTrue([line for line in lines if "invalid request: " in line and message in line])


class RequestErrors(RequestErrorTest):
    """By protocol and service."""

    def test_each_protocol_and_service_answers_with_its_own_code(self):
        null = "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be "
        length = "failed to satisfy constraint: Member must have length less than or equal to {}"
        cases = (
            ("kinesis", "PutRecord", {"StreamName": "a b", "Data": b"", "PartitionKey": "k"}, "ValidationException",
             "Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression "),
            ("dynamodb", "GetItem", {"TableName": "runs"}, "ValidationException", null.format("key")),
            ("dynamodbstreams", "GetShardIterator", {"StreamArn": "x" * 40, "ShardId": "x" * 30,
             "ShardIteratorType": "OLDEST"}, "ValidationException", "Member must satisfy enum value set: [TRIM_HOR"),
            ("events", "PutRule", {"Name": "r" * 65}, "ValidationException", length.format(64)),
            ("stepfunctions", "StartExecution", {}, "ValidationException", null.format("stateMachineArn")),
            ("kms", "DescribeKey", {}, "ValidationException", null.format("keyId")),
            ("secretsmanager", "GetSecretValue", {"SecretId": "s" * 2049}, "ValidationException", length.format(2048)),
            ("logs", "CreateLogGroup", {"logGroupName": "a b"}, "InvalidParameterException", "at 'logGroupName'"),
            ("sqs", "SendMessage", {"MessageBody": "x"}, "MissingParameter", null.format("queueUrl")),
            ("lambda", "GetFunction", {"FunctionName": "a!"}, "ValidationException", "Value 'a!' at 'functionName'"),
            ("lambda", "Invoke", {"FunctionName": "f", "InvocationType": "Later"}, "ValidationException",
             "Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set"),
            ("apigatewayv2", "CreateApi", {"Name": "x", "ProtocolType": "TCP"}, "BadRequestException",
             "Value 'TCP' at 'protocolType'"),
            ("rds-data", "ExecuteStatement", {"resourceArn": "arn:aws:rds:x", "secretArn": "arn:aws:secret"},
             "BadRequestException", null.format("sql")),
            ("iam", "CreateRole", {"RoleName": "r" * 65, "AssumeRolePolicyDocument": "{}"}, "ValidationError",
             length.format(64)),
            ("iam", "TagRole", {"RoleName": "r", "Tags": [{"Key": "k!", "Value": ""}]}, "ValidationError",
             "Value 'k!' at 'tags.1.member.key'"),
            ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::000000000000:role/r"}, "ValidationError",
             null.format("roleSessionName")),
            ("cloudwatch", "PutMetricAlarm", {"AlarmName": "a", "EvaluationPeriods": 0, "ComparisonOperator":
             "GreaterThanThreshold"}, "ValidationError", "Member must have value greater than or equal to 1"),
            ("rds", "DeleteDBCluster", {}, "MissingParameter", null.format("dBClusterIdentifier")),
            ("ec2", "DeleteVpc", {}, "MissingParameter", null.format("vpcId")),
            ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "shared"}, "InvalidParameterValue",
             "Value 'shared' at 'instanceTenancy'"),
        )  # fmt: skip
        for service, operation, arguments, code, message in cases:
            with self.subTest(f"{service} {operation}"):
                client = self.unchecked(service)
                method = client._make_api_call
                self.refused(code, message, method, operation_name=operation, api_params=arguments)

    def test_several_violations_are_counted(self):
        message = "2 validation errors detected: Value 'a b' at 'streamName' failed to satisfy constraint: Member must"
        records = [{"Data": b"", "PartitionKey": "k"}, {"Data": b"", "PartitionKey": ""}]
        call = self.unchecked("kinesis").put_records
        self.refused("ValidationException", message, call, StreamName="a b", Records=records)

    def test_what_the_model_lacks_is_refused(self):
        kinesis = self.changed("kinesis", body=b'{"StreamName": "s", "ShardCout": 2}')
        message = "Value at 'ShardCout' failed to satisfy constraint: Member must exist in the service's model"
        self.refused("ValidationException", message, kinesis.create_stream, StreamName="s")
        iam = self.changed("iam", body=b"Action=GetRole&RoleName=r&Tags.member.1.Key=k")
        self.refused("ValidationError", "Value at 'Tags'", iam.get_role, RoleName="r")
        ec2 = self.changed("ec2", body=b"Action=DescribeVpcs&VpcIdd.1=vpc-1")
        self.refused("UnknownParameter", "Value at 'VpcIdd'", ec2.describe_vpcs)
        functions = f"{self.emulator.endpoint}/2015-03-31/functions"
        query = self.changed("lambda", url=f"{functions}/f?Qualifer=1")
        self.refused("ValidationException", "Value at 'Qualifer'", query.get_function, FunctionName="f")

    def test_operations_that_the_model_lacks_are_refused(self):
        dynamodb = self.changed("dynamodb", headers={"X-Amz-Target": "DynamoDB_20120810.GetItems"})
        self.refused("UnknownOperationException", "GetItems", dynamodb.list_tables)
        iam = self.changed("iam", body=b"Action=MakeRole")
        self.refused("InvalidAction", "MakeRole", iam.list_roles)
        path = self.changed("lambda", url=f"{self.emulator.endpoint}/2015-03-31/function/f")
        self.refused("UnknownOperationException", "GET /2015-03-31/function/f", path.get_function, FunctionName="f")

    def test_what_cannot_be_decoded_is_refused(self):
        for body, message in ((b'{"StreamName": 1}', "streamName must be a string, not int"), (b"{", "not JSON")):
            client = self.changed("kinesis", body=body)
            self.refused("SerializationException", message, client.describe_stream, StreamName="s")
        form = self.changed("iam", body=b"Action=TagRole&RoleName=r&Tags.Tag.1.Key=k")
        message = "elements of a list are named member, not Tag"
        self.refused("MalformedQueryString", message, form.tag_role, RoleName="r", Tags=[])

    def test_a_valid_request_of_each_protocol_passes(self):
        name = f"valid-{uuid.uuid4().hex[:8]}"
        client = self.emulator.client
        client("kinesis").create_stream(StreamName=name, Tags={"a": "b"})
        queue = client("sqs").create_queue(QueueName=name, tags={"a": "b"})["QueueUrl"]
        attributes = {"n": {"DataType": "Number", "StringValue": "1"}}
        entries = [{"Id": "1", "MessageBody": "x", "MessageAttributes": attributes}]
        client("sqs").send_message_batch(QueueUrl=queue, Entries=entries)
        self.role(name, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
        client("iam").tag_role(RoleName=name, Tags=[{"Key": "Größe 1", "Value": ""}])
        vpc = client("ec2").create_vpc(
            CidrBlock="10.0.0.0/16",
            TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": name}]}],
        )["Vpc"]["VpcId"]
        found = client("ec2").describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Vpcs"]
        self.assertEqual([entry["VpcId"] for entry in found], [vpc])
        client("rds").describe_db_engine_versions(Engine="aurora-postgresql", DefaultOnly=True)
        api = client("apigatewayv2").create_api(Name=name, ProtocolType="HTTP", Tags={"a": "b"})["ApiId"]
        client("apigatewayv2").untag_resource(
            ResourceArn=f"arn:aws:apigateway:us-east-1::/apis/{api}", TagKeys=["a"]
        )
        metric = [{"MetricName": "m", "Value": 1.5, "Dimensions": [{"Name": "d", "Value": "v"}]}]
        client("cloudwatch").put_metric_data(Namespace="test", MetricData=metric)
        lines = (self.emulator.folder / "log").read_text().splitlines()
        self.assertEqual([line for line in lines if "invalid request: " in line and name in line], [])

    def test_a_service_that_is_not_checked_is_named_once(self):
        for _ in range(2):
            self.emulator.client("ssm").describe_parameters()
        log = (self.emulator.folder / "log").read_text()
        self.assertEqual(log.count("unchecked request: ssm: add it to SERVICES"), 1)

    def changed(self, service, **changes):
        """A client whose requests are changed before they are signed."""
        client = self.unchecked(service)

        def change(params, **_):
            for name, value in changes.items():
                params[name] = {**params[name], **value} if isinstance(value, dict) else value

        client.meta.events.register("before-call", change)
        return client


if __name__ == "__main__":
    unittest.main()
