"""What all checks need: an S3 (the model, started here, or another one), and a bucket for each check.

Another S3 is asked when S3_CHECKS_ENDPOINT is set, with the credentials and the region of the usual AWS_*
variables. S3_CHECKS_BUCKET is the prefix of the checks' bucket names."""

import contextlib
import hashlib
import os
import pathlib
import select
import subprocess
import tempfile
import unittest
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = pathlib.Path(__file__).parents[3]
MODEL = pathlib.Path(os.environ.get("S3MODEL", ROOT / ".lambench/bin/lambench-s3-model"))
ENDPOINT = os.environ.get("S3_CHECKS_ENDPOINT")
BUCKETS = os.environ.get("S3_CHECKS_BUCKET", "lambench-s3-checks")

MIB = 1024 * 1024
GIB = 1024 * MIB
# The smallest part that may stand before another: two that differ in every byte.
PART = bytes(range(256)) * (5 * MIB // 256)
OTHER_PART = bytes(reversed(range(256))) * (5 * MIB // 256)


def md5(*parts):
    """The MD5 of one object, quoted as an ETag."""
    return f'"{hashlib.md5(b"".join(parts)).hexdigest()}"'


def multipart_etag(*parts):
    """The ETag of an object put together from parts: the MD5 of their MD5s, and how many they are."""
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


class Model:
    """One S3 model on free ports, with timing off."""

    def __init__(self, folder, *options):
        if not MODEL.exists():
            raise AssertionError(f"no {MODEL}: run `make cli`, or set S3MODEL to the program")
        command = [MODEL, "--port=0", "--admin-port=0", f"--data={folder}", "--instant", *options]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("S3MODEL")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        ready, _, _ = select.select([self.process.stdout], [], [], 30)
        line = self.process.stdout.readline().decode() if ready else ""
        if not line.startswith("ready "):
            self.stop()
            raise AssertionError(f"the model did not print that it is ready, but {line!r}")
        _, self.endpoint, _, self.admin = line.split()

    def stop(self):
        """End it."""
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()


class S3Test(unittest.TestCase):
    """A test class with one S3 for all its tests, and a bucket for each test."""

    @classmethod
    def setUpClass(cls):
        if ENDPOINT:
            cls.endpoint = ENDPOINT
            session = boto3.Session()
            cls.keys = session.get_credentials().get_frozen_credentials()[:3]
            cls.region = session.region_name or "us-east-1"
        else:
            folder = tempfile.TemporaryDirectory(prefix="lambench-s3-checks-")
            cls.addClassCleanup(folder.cleanup)
            model = Model(folder.name)
            cls.addClassCleanup(model.stop)
            cls.endpoint, cls.keys, cls.region = model.endpoint, ("test", "test", None), "us-east-1"
        cls.s3 = cls.client()
        cls.addClassCleanup(cls.s3.close)

    @classmethod
    def client(cls, *, keys=None, region=None, **settings):
        """A client; without `keys` it is the owner of the buckets."""
        access_key, secret_key, token = keys or cls.keys
        return boto3.client(
            "s3",
            endpoint_url=cls.endpoint,
            region_name=region or cls.region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token,
            config=Config(
                signature_version="s3v4", retries={"total_max_attempts": 1}, read_timeout=60, **settings
            ),
        )

    def setUp(self):
        self.bucket = self.make_bucket()

    def name(self):
        """A bucket name that is not in use."""
        return f"{BUCKETS}-{uuid.uuid4().hex[:16]}"

    def make_bucket(self, client=None, region=None):
        """A new bucket, which goes with the test."""
        region = region or self.region
        place = {}
        if region != "us-east-1":
            place["CreateBucketConfiguration"] = {"LocationConstraint": region}
        name = self.name()
        (client or self.s3).create_bucket(Bucket=name, **place)
        self.addCleanup(self.remove_bucket, name, client or self.s3)
        return name

    def remove_bucket(self, bucket, client):
        """Delete a bucket with everything in it, if it is still there."""
        try:
            for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
                for upload in page.get("Uploads", []):
                    key, upload_id = upload["Key"], upload["UploadId"]
                    client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                keys = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
                if keys:
                    client.delete_objects(Bucket=bucket, Delete={"Objects": keys})
            client.delete_bucket(Bucket=bucket)
        except client.exceptions.NoSuchBucket:
            pass

    @contextlib.contextmanager
    def refused(self, status, code, message=None):
        """Expect a refusal with this status and code."""
        with self.assertRaises(ClientError) as raised:
            yield
        error = raised.exception.response
        self.assertEqual((error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]), (status, code))
        if message:
            self.assertIn(message, error["Error"]["Message"])

    def unanswered(self, status):
        """Expect the status of a response without a body, which has no code: HEAD, and 304."""
        return self.refused(status, str(status))

    def put(self, key, body=b"content", **settings):
        """Put an object."""
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **settings)

    def get(self, key, **settings):
        """Get an object, with its whole body in "Bytes"."""
        answer = self.s3.get_object(Bucket=self.bucket, Key=key, **settings)
        answer["Bytes"] = answer["Body"].read()
        return answer

    def head(self, key, **settings):
        """The headers of an object."""
        return self.s3.head_object(Bucket=self.bucket, Key=key, **settings)

    def content(self, key):
        """The bytes of an object."""
        return self.get(key)["Bytes"]

    def copy(self, source, target, **settings):
        """Copy an object within the bucket."""
        source = {"Bucket": self.bucket, "Key": source}
        return self.s3.copy_object(Bucket=self.bucket, Key=target, CopySource=source, **settings)

    def keys_listed(self, **settings):
        """All keys of the bucket, as listed."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, **settings)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def assert_missing(self, key):
        """There is no object at `key`."""
        with self.refused(404, "NoSuchKey"):
            self.get(key)

    def upload(self, key, **settings):
        """Begin a multipart upload."""
        return Upload(self, key, **settings)

    def uploads(self, **settings):
        """The IDs of the open uploads, as listed."""
        answer = self.s3.list_multipart_uploads(Bucket=self.bucket, **settings)
        return [upload["UploadId"] for upload in answer.get("Uploads", [])]

    def put_in_parts(self, key, *parts, **settings):
        """Put an object of these parts."""
        upload = self.upload(key, **settings)
        return upload.complete([upload.part(number, part) for number, part in enumerate(parts, 1)])


class Upload:
    """An open multipart upload."""

    def __init__(self, test, key, **settings):
        self.s3 = test.s3
        self.algorithm = settings.get("ChecksumAlgorithm")
        self.created = self.s3.create_multipart_upload(Bucket=test.bucket, Key=key, **settings)
        self.id = self.created["UploadId"]
        self.place = {"Bucket": test.bucket, "Key": key, "UploadId": self.id}

    def part(self, number, body, **settings):
        """Upload a part; returns what completing needs to know of it."""
        if self.algorithm and not any(name.startswith("Checksum") for name in settings):
            settings["ChecksumAlgorithm"] = self.algorithm
        return self.entry(number, self.s3.upload_part(**self.place, PartNumber=number, Body=body, **settings))

    def copy(self, number, source, span=None, **settings):
        """Copy a part from an object of the same bucket, or the inclusive `span` of its bytes."""
        if span:
            settings["CopySourceRange"] = f"bytes={span[0]}-{span[1]}"
        source = {"Bucket": self.place["Bucket"], "Key": source}
        answer = self.s3.upload_part_copy(**self.place, PartNumber=number, CopySource=source, **settings)
        return self.entry(number, answer["CopyPartResult"])

    def entry(self, number, answer):
        """What completing needs to know of a part: number, ETag and, if the upload has them, checksum."""
        checksum = f"Checksum{self.algorithm}"
        checksums = {checksum: answer[checksum]} if self.algorithm else {}
        return {"PartNumber": number, "ETag": answer["ETag"], **checksums}

    def complete(self, parts, **settings):
        """Put the object together."""
        return self.s3.complete_multipart_upload(**self.place, MultipartUpload={"Parts": parts}, **settings)

    def abort(self):
        """Throw the parts away."""
        return self.s3.abort_multipart_upload(**self.place)

    def parts(self, **settings):
        """What ListParts answers."""
        return self.s3.list_parts(**self.place, **settings)
