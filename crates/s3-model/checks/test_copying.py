"""Copies of whole objects: docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"""

import datetime

from s3_fixture import GIB, MIB, S3Test, md5
from test_objects import KEYS

OTHER = '"00000000000000000000000000000000"'
HOUR = datetime.timedelta(hours=1)


class Copying(S3Test):
    def test_a_copy_has_the_content_and_the_metadata(self):
        self.put("source", ContentType="text/plain", CacheControl="no-cache", Metadata={"one": "1"})
        result = self.copy("source", "target")["CopyObjectResult"]
        self.assertEqual(result["ETag"], md5(b"content"))
        answer = self.get("target")
        self.assertEqual((answer["Bytes"], answer["ETag"]), (b"content", md5(b"content")))
        self.assertEqual((answer["ContentType"], answer["CacheControl"]), ("text/plain", "no-cache"))
        self.assertEqual(answer["Metadata"], {"one": "1"})
        self.assertEqual(answer["LastModified"], result["LastModified"])

    def test_metadata_can_be_replaced(self):
        self.put("source", ContentType="text/plain", CacheControl="no-cache", Metadata={"one": "1"})
        self.copy("source", "target", MetadataDirective="REPLACE", ContentType="a/b", Metadata={"two": "2"})
        answer = self.get("target")
        self.assertEqual((answer["Bytes"], answer["ContentType"]), (b"content", "a/b"))
        self.assertEqual((answer["Metadata"], answer.get("CacheControl")), ({"two": "2"}, None))

    def test_a_copy_to_itself_must_change_something(self):
        self.put("key", Metadata={"one": "1"})
        with self.refused(400, "InvalidRequest", "copy an object to itself"):
            self.copy("key", "key")
        self.assertEqual(self.get("key")["Metadata"], {"one": "1"})
        self.copy("key", "key", MetadataDirective="REPLACE", Metadata={"two": "2"})
        answer = self.get("key")
        self.assertEqual((answer["Bytes"], answer["Metadata"]), (b"content", {"two": "2"}))

    def test_a_copy_outlives_its_source(self):
        self.put("source", b"old")
        self.copy("source", "first")
        self.put("source", b"new")
        self.copy("source", "second")
        self.s3.delete_object(Bucket=self.bucket, Key="source")
        self.assertEqual((self.content("first"), self.content("second")), (b"old", b"new"))

    def test_a_copy_comes_from_another_bucket_too(self):
        other = self.make_bucket()
        self.put("key")
        source = {"Bucket": self.bucket, "Key": "key"}
        self.s3.copy_object(Bucket=other, Key="key", CopySource=source)
        self.assertEqual(self.s3.get_object(Bucket=other, Key="key")["Body"].read(), b"content")

    def test_conditions_on_the_source_are_kept(self):
        etag = self.put("source")["ETag"]
        modified = self.head("source")["LastModified"]
        kept = {
            "CopySourceIfMatch": etag,
            "CopySourceIfNoneMatch": OTHER,
            "CopySourceIfModifiedSince": modified - HOUR,
            "CopySourceIfUnmodifiedSince": modified,
        }
        broken = {
            "CopySourceIfMatch": OTHER,
            "CopySourceIfNoneMatch": etag,
            "CopySourceIfModifiedSince": modified,
            "CopySourceIfUnmodifiedSince": modified - HOUR,
        }
        for name, value in broken.items():
            with self.subTest(name), self.refused(412, "PreconditionFailed"):
                self.copy("source", "target", **{name: value})
        self.assert_missing("target")
        for name, value in kept.items():
            with self.subTest(name):
                self.copy("source", "target", **{name: value})

    def test_a_missing_source_is_not_found(self):
        with self.refused(404, "NoSuchKey"):
            self.copy("missing", "target")
        with self.refused(404, "NoSuchBucket"):
            self.s3.copy_object(Bucket=self.bucket, Key="target", CopySource=f"{self.name()}/key")
        self.assert_missing("target")

    def test_keys_of_sources_are_taken_literally(self):
        for key in KEYS:
            with self.subTest(key):
                self.put(key, key.encode())
                self.copy(key, "target")
                self.assertEqual(self.content("target"), key.encode())

    def test_a_source_over_5_gib_is_refused(self):
        self.put("8 MiB", bytes(8 * MIB))
        upload = self.upload("1 GiB")
        upload.complete([upload.copy(number, "8 MiB") for number in range(1, 129)])
        upload = self.upload("5 GiB")
        upload.complete([upload.copy(number, "1 GiB") for number in range(1, 6)])
        self.assertEqual(self.head("5 GiB")["ContentLength"], 5 * GIB)
        self.copy("5 GiB", "a copy of 5 GiB")
        upload = self.upload("over 5 GiB")
        self.put("1 byte", b"1")
        upload.complete([upload.copy(1, "5 GiB"), upload.copy(2, "1 byte")])
        too_large = "larger than the maximum allowable size for a copy source: 5368709120"
        with self.refused(400, "InvalidRequest", too_large):
            self.copy("over 5 GiB", "target")
        upload = self.upload("target")
        with self.refused(400, "InvalidRequest", too_large):
            upload.copy(1, "over 5 GiB")
        with self.refused(400, "InvalidRequest", too_large):
            upload.copy(1, "over 5 GiB", (0, 5 * GIB))
        upload.copy(1, "over 5 GiB", (1, 5 * GIB))
        self.assertEqual(upload.parts()["Parts"][0]["Size"], 5 * GIB)
        self.assert_missing("target")
