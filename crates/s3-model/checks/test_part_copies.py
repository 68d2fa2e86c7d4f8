"""Parts copied from objects: docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html"""

import datetime
import re
import unittest

from s3_fixture import ENDPOINT, OTHER_PART, PART, S3Test, md5, multipart_etag

OTHER = '"00000000000000000000000000000000"'
HOUR = datetime.timedelta(hours=1)
# One byte more than the largest object that has no ranged copies.
SOURCE = PART + b"x"


class PartCopies(S3Test):
    def test_a_part_can_be_a_whole_object(self):
        self.put("large", PART)
        self.put("small")
        upload = self.upload("key")
        parts = [upload.copy(1, "large"), upload.copy(2, "small")]
        self.assertEqual([part["ETag"] for part in parts], [md5(PART), md5(b"content")])
        self.assertEqual([part["Size"] for part in upload.parts()["Parts"]], [len(PART), 7])
        upload.complete(parts)
        answer = self.get("key")
        self.assertTrue(answer["Bytes"] == PART + b"content", "the content is another")
        self.assertEqual(answer["ETag"], multipart_etag(PART, b"content"))

    # The model doesn't read the bytes of a range, so its ETag of such a part is not their MD5 but of the same form.
    def test_a_part_can_be_a_range_of_an_object(self):
        self.put("source", SOURCE)
        upload = self.upload("key")
        parts = [upload.copy(1, "source", (1, len(PART))), upload.copy(2, "source", (5, 9))]
        etags = [part["ETag"] for part in parts]
        self.assertTrue(all(re.fullmatch('"[0-9a-f]{32}"', etag) for etag in etags), etags)
        if ENDPOINT:
            self.assertEqual(etags, [md5(SOURCE[1:]), md5(SOURCE[5:10])])
        upload.complete(parts)
        answer = self.get("key")
        self.assertTrue(answer["Bytes"] == SOURCE[1:] + SOURCE[5:10], "the content is another")
        digests = b"".join(bytes.fromhex(etag.strip('"')) for etag in etags)
        self.assertEqual(answer["ETag"], md5(digests).rstrip('"') + '-2"')

    def test_a_range_can_cross_the_parts_of_its_source(self):
        self.put_in_parts("source", PART, OTHER_PART, b"tail")
        size = 2 * len(PART)
        upload = self.upload("key")
        parts = [upload.copy(1, "source", (len(PART) - 3, size)), upload.copy(2, "source", (size, size + 3))]
        upload.complete(parts)
        expected = PART[-3:] + OTHER_PART + b"t" + b"tail"
        self.assertTrue(self.content("key") == expected, "the content is another")

    # The page's words: "You can copy a range only if the source object is greater than 5 MB." S3 refused smaller
    # sources for years ("not supported as a byte-range copy source"); a recording of 2025 (localstack's
    # test_s3_api.snapshot.json, test_upload_part_copy_range) has it accept one of 10 bytes. A design must not rely
    # on that, so the model refuses.
    def test_a_range_needs_a_source_over_5_mib(self):
        if ENDPOINT:
            raise unittest.SkipTest("S3 says so, and does not always do so")
        self.put("source", PART)
        upload = self.upload("key")
        with self.refused(400, "InvalidRequest", "not supported as a byte-range copy source"):
            upload.copy(1, "source", (0, 9))
        self.put("source", SOURCE)
        upload.copy(1, "source", (0, 9))

    # As recorded from S3: test_upload_part_copy_range of the same file.
    def test_a_range_must_lie_within_the_source(self):
        self.put("source", SOURCE)
        upload = self.upload("key")
        with self.refused(400, "InvalidArgument", f"source object of size: {len(SOURCE)}"):
            upload.copy(1, "source", (0, len(SOURCE)))
        with self.refused(400, "InvalidRequest", "invalid for the source object size"):
            upload.copy(1, "source", (len(SOURCE), len(SOURCE) + 9))

    def test_a_range_needs_a_first_and_a_last_byte(self):
        self.put("source", SOURCE)
        upload = self.upload("key")
        for span in ("0-8", "bytes=1-0", "bytes=1-", "bytes=-2", "bytes=-", "bytes=0-1,3-4"):
            with self.subTest(span), self.refused(400, "InvalidArgument", "x-amz-copy-source-range"):
                upload.copy(1, "source", CopySourceRange=span)

    def test_a_part_outlives_its_source(self):
        self.put("replaced", PART)
        self.put("deleted", b"old")
        upload = self.upload("key")
        parts = [upload.copy(1, "replaced"), upload.copy(2, "deleted")]
        self.put("replaced", b"new")
        self.s3.delete_object(Bucket=self.bucket, Key="deleted")
        upload.complete(parts)
        self.assertTrue(self.content("key") == PART + b"old", "the content is another")

    def test_a_missing_source_is_not_found(self):
        upload = self.upload("key")
        with self.refused(404, "NoSuchKey"):
            upload.copy(1, "missing")
        with self.refused(404, "NoSuchBucket"):
            self.s3.upload_part_copy(**upload.place, PartNumber=1, CopySource=f"{self.name()}/key")
        self.assertEqual(upload.parts().get("Parts", []), [])

    def test_conditions_on_the_source_are_kept(self):
        etag = self.put("source")["ETag"]
        modified = self.head("source")["LastModified"]
        broken = {
            "CopySourceIfMatch": OTHER,
            "CopySourceIfNoneMatch": etag,
            "CopySourceIfModifiedSince": modified,
            "CopySourceIfUnmodifiedSince": modified - HOUR,
        }
        upload = self.upload("key")
        for name, value in broken.items():
            with self.subTest(name), self.refused(412, "PreconditionFailed"):
                upload.copy(1, "source", **{name: value})
        upload.copy(1, "source", CopySourceIfMatch=etag, CopySourceIfUnmodifiedSince=modified)
        self.assertEqual(len(upload.parts()["Parts"]), 1)
