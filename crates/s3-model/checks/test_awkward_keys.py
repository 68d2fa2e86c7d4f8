"""Keys that XML cannot hold or that look like paths: docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

import json
import re
import urllib.parse

from botocore.handlers import set_list_objects_encoding_type_url
from raw_http import UNSIGNED, SignedPut
from s3_fixture import ROOT, S3Test

KEYS = json.loads((ROOT / "crates/test-kit/src/awkward-keys.json").read_text())
TAKEN = [*KEYS["taken"], "n" * 1024, "ü" * 512]
# What XML 1.0 cannot hold, be it by references.
NO_XML = re.compile("[^\t\n\r\x20-\ufffd\U00010000-\U0010ffff]")


class AwkwardKeys(S3Test):
    def delete(self, keys):
        """Delete keys by one request."""
        objects = [{"Key": key} for key in keys]
        return self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": objects})

    def uploads(self):
        """The uploads under way, by their keys."""
        found = self.s3.list_multipart_uploads(Bucket=self.bucket, EncodingType="url")["Uploads"]
        return {urllib.parse.unquote_plus(one["Key"]): one["UploadId"] for one in found}

    def listed(self):
        """The bucket's keys."""
        found = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {one["Key"] for one in found}

    def test_every_key_is_written_read_listed_and_deleted(self):
        named = {key for key in TAKEN if not NO_XML.search(key)}
        for key in TAKEN:
            self.put(key, key.encode())
        # The others' answers are XML that this client cannot read: it takes them for a failed request.
        for key in named:
            self.s3.create_multipart_upload(Bucket=self.bucket, Key=key)
        self.assertEqual(self.listed(), set(TAKEN))
        versions = self.s3.list_object_versions(Bucket=self.bucket)["Versions"]
        self.assertEqual({one["Key"] for one in versions}, set(TAKEN))
        uploads = self.uploads()
        self.assertEqual(set(uploads), named)
        for key, upload in uploads.items():
            self.s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)
        for key in TAKEN:
            self.assertEqual(self.content(key), key.encode())
            self.s3.copy_object(Bucket=self.bucket, Key="copy", CopySource={"Bucket": self.bucket, "Key": key})
            self.assertEqual(self.content("copy"), key.encode())
        self.s3.delete_object(Bucket=self.bucket, Key="copy")
        self.assertEqual({one["Key"] for one in self.delete(named)["Deleted"]}, named)
        for key in set(TAKEN) - named:
            with self.refused(400, "MalformedXML"):
                self.delete([key])
            self.s3.delete_object(Bucket=self.bucket, Key=key)
        self.assertEqual(self.listed(), set())

    def test_a_list_without_encoding_has_a_carriage_return_as_it_is(self):
        self.put("a\rb")
        plain = self.client()
        self.addCleanup(plain.close)
        event = "before-parameter-build.s3.ListObjectsV2"
        plain.meta.events.unregister(event, set_list_objects_encoding_type_url)
        answer = plain.list_objects_v2(Bucket=self.bucket)
        self.assertNotIn("EncodingType", answer)
        self.assertEqual([one["Key"] for one in answer["Contents"]], ["a\rb"])

    def test_a_key_that_leads_out_of_its_bucket_is_refused_without_a_word(self):
        for key in KEYS["refused"]:
            with self.unanswered(400):
                self.put(key)
            with self.unanswered(400):
                self.s3.get_object(Bucket=self.bucket, Key=key)
            answer = SignedPut(self, key, UNSIGNED).send(b"content")
            self.assertEqual((answer.status, answer.body), (400, b""), key)
        self.assertEqual(self.listed(), set())

    def test_a_key_has_1024_bytes_at_most(self):
        for key in ["n" * 1025, "ü" * 513]:
            with self.refused(400, "KeyTooLongError", "Your key is too long"):
                self.put(key)
            with self.refused(400, "KeyTooLongError"):
                self.s3.get_object(Bucket=self.bucket, Key=key)
