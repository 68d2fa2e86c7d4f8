"""An HTTP API in front of a function: who may call it, at which address, and how often."""

import http.client
import json
import unittest
import urllib.parse
import uuid

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from emulator_fixture import EmulatorTest, custom_runtime, wait_for

ECHO = """
def handler(event, context=None):
    caller = event["requestContext"].get("authorizer", {}).get("iam", {}).get("userArn")
    seen = {"path": event["rawPath"], "encoded": event["isBase64Encoded"], "body": event.get("body"), "caller": caller}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(seen)}
"""


class HttpApi(EmulatorTest):
    """What callers see."""

    def api(self, authorization="AWS_IAM", **throttling):
        """A new API with one route, `POST /messages`; returns its address and its ARN for policies."""
        client = self.emulator.client("apigatewayv2")
        name = self.deploy(custom_runtime(ECHO), runtime="provided.al2023")
        function = self.emulator.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        api = client.create_api(Name=name, ProtocolType="HTTP")
        integration = client.create_integration(
            ApiId=api["ApiId"], IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
        )
        client.create_route(
            ApiId=api["ApiId"],
            RouteKey="POST /messages",
            Target=f"integrations/{integration['IntegrationId']}",
            AuthorizationType=authorization,
        )
        settings = {"DefaultRouteSettings": throttling} if throttling else {}
        client.create_stage(ApiId=api["ApiId"], StageName="$default", AutoDeploy=True, **settings)
        self.assertEqual(client.get_api(ApiId=api["ApiId"])["ApiEndpoint"], api["ApiEndpoint"])
        return api["ApiEndpoint"] + "/messages", f"arn:aws:execute-api:us-east-1:000000000000:{api['ApiId']}"

    def user(self, *statements):
        """The credentials of a new user with a policy."""
        iam, name = self.emulator.client("iam"), f"user-{uuid.uuid4().hex[:12]}"
        iam.create_user(UserName=name)
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            iam.put_user_policy(UserName=name, PolicyName="test", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def session(self, *statements):
        """The credentials of a session of a new role."""
        name = f"role-{uuid.uuid4().hex[:12]}"
        role = self.role(name, *statements)
        key = self.emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])

    def call(self, url, credentials=None, content=b"{}", headers=(), change=lambda request: None):
        """The status and the body of a POST."""
        request = AWSRequest("POST", url, data=content, headers={"content-type": "application/json", **dict(headers)})
        if credentials:
            SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
        change(request)
        address = urllib.parse.urlsplit(request.url)
        connection = http.client.HTTPConnection(address.netloc)
        connection.request("POST", address.path, request.data, dict(request.headers))
        answer = connection.getresponse()
        result = answer.status, json.loads(answer.read())
        connection.close()
        return result

    def test_the_address_needs_no_name_resolution_and_the_path_is_the_routes(self):
        url, _ = self.api("NONE")
        self.assertTrue(url.startswith(f"{self.emulator.endpoint}/_aws/execute-api/"), url)
        status, answer = self.call(url, content=b'{"id": "1"}')
        self.assertEqual((status, answer["path"], answer["body"]), (200, "/messages", '{"id": "1"}'))
        self.assertEqual(self.call(url + "/other"), (404, {"message": "Not Found"}))
        status, answer = self.call(url, content=b"\xff", headers={"content-type": "application/octet-stream"})
        self.assertEqual((status, answer["encoded"], answer["body"]), (200, True, "/w=="))
        # Latin-1, although JSON has to be UTF-8: the bytes arrive as they were sent.
        status, answer = self.call(url, content=b'{"id": "caf\xe9"}')
        self.assertEqual((status, answer["encoded"], answer["body"]), (200, True, "eyJpZCI6ICJjYWbpIn0="))
        status, answer = self.call(url, content='{"id": "caf\u00e9"}'.encode())
        self.assertEqual((status, answer["encoded"], answer["body"]), (200, False, '{"id": "caf\u00e9"}'))

    def test_a_signed_call_of_one_who_may_is_answered(self):
        url, arn = self.api()
        allow = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{arn}/$default/POST/messages"}
        for credentials in (self.user(allow), self.session(allow)):
            status, answer = self.call(url, credentials)
            self.assertEqual(status, 200, answer)
            self.assertIn(":000000000000:", answer["caller"])

    def test_others_are_refused(self):
        url, arn = self.api()
        allow = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{arn}/*"}
        user, stranger = self.user(allow), self.user()
        elsewhere = self.session({**allow, "Resource": "arn:aws:execute-api:us-east-1:000000000000:00000000/*"})
        wrong = Credentials(user.access_key, "wrong")
        unknown = Credentials("AKIAUNKNOWN000000000", "wrong")

        def body(request):
            request.data = b'{"changed": true}'

        cases = (
            ("unsigned", None, None),
            ("without permission", stranger, None),
            ("with permission for another", elsewhere, None),
            ("with a wrong secret", wrong, None),
            ("with an unknown key", unknown, None),
            ("with the environment's key and a wrong secret", Credentials("test", "wrong"), None),
            ("with another body than was signed", user, body),
        )
        for what, credentials, change in cases:
            with self.subTest(what):
                answer = self.call(url, credentials, change=change or (lambda request: None))
                self.assertEqual(answer, (403, {"message": "Forbidden"}))
        for credentials in (user, Credentials("test", "test")):
            self.assertEqual(self.call(url, credentials)[0], 200)

    def test_a_route_without_authorization_asks_for_no_signature(self):
        url, _ = self.api("NONE")
        self.assertEqual(self.call(url)[0], 200)

    def test_more_than_the_stage_allows_is_throttled(self):
        url, _ = self.api("NONE", ThrottlingRateLimit=5, ThrottlingBurstLimit=3)
        self.assertEqual(self.call(url)[0], 200)
        wait_for(lambda: [self.call(url)[0] for _ in range(10)].count(429) >= 5, "throttling")
        self.assertEqual([self.call(url) for _ in range(5)][-1], (429, {"message": "Too Many Requests"}))
        # The bucket fills again.
        wait_for(lambda: self.call(url)[0] == 200, "an accepted call")


if __name__ == "__main__":
    unittest.main()
