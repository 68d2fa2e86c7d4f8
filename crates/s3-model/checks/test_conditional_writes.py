"""Writes on conditions: docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html

What happens in between is as recorded from S3 (github.com/localstack/localstack,
tests/aws/services/s3/test_s3_api.snapshot.json, TestS3ObjectWritePrecondition, 2025)."""

from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from s3_fixture import S3Test

OTHER = '"00000000000000000000000000000000"'


class ConditionalWrites(S3Test):
    def test_if_none_match_puts_only_what_is_not_there(self):
        self.put("key", b"first", IfNoneMatch="*")
        with self.refused(412, "PreconditionFailed"):
            self.put("key", b"second", IfNoneMatch="*")
        self.assertEqual(self.content("key"), b"first")
        self.s3.delete_object(Bucket=self.bucket, Key="key")
        self.put("key", b"third", IfNoneMatch="*")
        self.assertEqual(self.content("key"), b"third")

    def test_if_none_match_of_a_put_takes_only_a_star(self):
        with self.refused(501, "NotImplemented"):
            self.put("key", IfNoneMatch=OTHER)
        self.assert_missing("key")

    def test_if_match_puts_only_over_that_object(self):
        with self.refused(404, "NoSuchKey"):
            self.put("key", b"first", IfMatch=OTHER)
        etag = self.put("key", b"first")["ETag"]
        with self.refused(412, "PreconditionFailed"):
            self.put("key", b"second", IfMatch=OTHER)
        self.assertEqual(self.content("key"), b"first")
        self.put("key", b"second", IfMatch=etag)
        self.assertEqual(self.content("key"), b"second")

    def test_if_match_of_a_put_takes_no_star(self):
        self.put("key", b"first")
        with self.refused(501, "NotImplemented"):
            self.put("key", b"second", IfMatch="*")
        self.assertEqual(self.content("key"), b"first")

    def test_two_conditions_at_once_are_not_implemented(self):
        with self.refused(501, "NotImplemented"):
            self.put("key", IfMatch=OTHER, IfNoneMatch="*")
        self.assert_missing("key")

    def test_of_many_puts_at_once_one_is_first(self):
        def put(number):
            try:
                self.put("key", str(number).encode(), IfNoneMatch="*")
                return None
            except ClientError as error:
                return error.response["Error"]["Code"]

        with ThreadPoolExecutor(8) as threads:
            results = list(threads.map(put, range(8)))
        self.assertEqual(results.count(None), 1, results)
        self.assertLessEqual(set(results), {None, "PreconditionFailed", "ConditionalRequestConflict"})
        self.assertEqual(self.content("key"), str(results.index(None)).encode())

    def test_if_none_match_completes_only_what_is_not_there(self):
        upload = self.upload("key")
        upload.complete([upload.part(1, b"first")], IfNoneMatch="*")
        upload = self.upload("key")
        parts = [upload.part(1, b"second")]
        with self.refused(412, "PreconditionFailed"):
            upload.complete(parts, IfNoneMatch="*")
        self.assertEqual(self.content("key"), b"first")
        self.assertEqual(self.uploads(), [upload.id])

    def test_an_object_put_during_the_upload_stops_if_none_match(self):
        upload = self.upload("key")
        parts = [upload.part(1, b"upload")]
        self.put("key", b"put")
        with self.refused(412, "PreconditionFailed"):
            upload.complete(parts, IfNoneMatch="*")
        self.assertEqual(self.content("key"), b"put")

    def test_an_object_deleted_during_the_upload_is_a_conflict(self):
        self.put("key", b"put")
        upload = self.upload("key")
        parts = [upload.part(1, b"upload")]
        self.s3.delete_object(Bucket=self.bucket, Key="key")
        with self.refused(409, "ConditionalRequestConflict"):
            upload.complete(parts, IfNoneMatch="*")
        self.assert_missing("key")

    def test_if_match_completes_only_over_that_object(self):
        upload = self.upload("key")
        parts = [upload.part(1, b"upload")]
        with self.refused(404, "NoSuchKey"):
            upload.complete(parts, IfMatch=OTHER)
        etag = self.put("key", b"put")["ETag"]
        upload = self.upload("key")
        parts = [upload.part(1, b"upload")]
        with self.refused(412, "PreconditionFailed"):
            upload.complete(parts, IfMatch=OTHER)
        self.assertEqual(self.content("key"), b"put")
        upload.complete(parts, IfMatch=etag)
        self.assertEqual(self.content("key"), b"upload")

    def test_an_object_put_during_the_upload_is_a_conflict_for_if_match(self):
        self.put("key", b"put")
        upload = self.upload("key")
        parts = [upload.part(1, b"upload")]
        etag = self.put("key", b"put again")["ETag"]
        with self.refused(409, "ConditionalRequestConflict"):
            upload.complete(parts, IfMatch=etag)
        self.assertEqual(self.content("key"), b"put again")
