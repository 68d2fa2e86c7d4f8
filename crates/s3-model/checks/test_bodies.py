"""Valid and invalid bodies: chunked and signed, with trailers, too short, too long.

docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html and the pages below it."""

import base64
import zlib

from raw_http import CHUNKS_AND_TRAILER, SIGNED_CHUNKS, SIGNED_CHUNKS_AND_TRAILER, UNSIGNED
from raw_http import SignedPut, unsigned_chunks
from s3_fixture import GIB, S3Test

# Two chunks: S3 wants 8 KiB in all but the last.
CONTENT = b"0123456789abcdef" * 6000
CHUNK = 64 * 1024
TRAILER = "x-amz-checksum-crc32"


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


class Bodies(S3Test):
    def assert_refused(self, answer, status, code):
        """The answer refuses, and nothing was stored."""
        self.assertEqual((answer.status, answer.code), (status, code))
        self.assert_missing("key")

    def chunks(self, request):
        """The content in signed chunks, without the end of the body."""
        return request.chunk(CONTENT[:CHUNK]) + request.chunk(CONTENT[CHUNK:]) + request.chunk(b"")

    def test_an_unsigned_payload_is_taken(self):
        self.assertEqual(SignedPut(self, "key", UNSIGNED).send(CONTENT).status, 200)
        self.assertEqual(self.content("key"), CONTENT)

    def test_a_body_with_another_sha256_is_refused(self):
        answer = SignedPut(self, "key", "0" * 64).send(CONTENT)
        self.assert_refused(answer, 400, "XAmzContentSHA256Mismatch")

    def test_signed_chunks_are_stored_without_their_frames(self):
        for encoding, kept in (("aws-chunked", ""), ("gzip,aws-chunked", "gzip")):
            with self.subTest(encoding):
                headers = {"content-encoding": encoding}
                length = len(CONTENT)
                request = SignedPut(self, "key", SIGNED_CHUNKS, chunked_length=length, headers=headers)
                answer = request.send(self.chunks(request) + b"\r\n")
                self.assertEqual(answer.status, 200, answer.body)
                stored = self.get("key")
                self.assertEqual((stored["Bytes"], stored.get("ContentEncoding", "")), (CONTENT, kept))

    def test_a_chunk_with_a_wrong_signature_is_refused(self):
        request = SignedPut(self, "key", SIGNED_CHUNKS, chunked_length=len(CONTENT))
        body = self.chunks(request) + b"\r\n"
        answer = request.send(body.replace(b"0123", b"3210", 1))
        self.assert_refused(answer, 403, "SignatureDoesNotMatch")

    def signed_with_trailer(self, value):
        request = SignedPut(
            self, "key", SIGNED_CHUNKS_AND_TRAILER, chunked_length=len(CONTENT), headers={"x-amz-trailer": TRAILER}
        )
        return request, self.chunks(request) + request.trailer(TRAILER, value) + b"\r\n"

    def test_a_signed_trailer_is_the_checksum(self):
        request, body = self.signed_with_trailer(crc32(CONTENT))
        answer = request.send(body)
        self.assertEqual(answer.status, 200, answer.body)
        stored = self.get("key", ChecksumMode="ENABLED")
        self.assertEqual((stored["Bytes"], stored["ChecksumCRC32"]), (CONTENT, crc32(CONTENT)))

    def test_a_trailer_with_a_wrong_signature_is_refused(self):
        request, body = self.signed_with_trailer(crc32(CONTENT))
        signature = body.rpartition(b":")[2].strip()
        answer = request.send(body.replace(signature, signature[::-1]))
        self.assert_refused(answer, 403, "SignatureDoesNotMatch")

    def test_a_signed_trailer_with_a_wrong_checksum_is_refused(self):
        request, body = self.signed_with_trailer(crc32(b"other"))
        self.assert_refused(request.send(body), 400, "BadDigest")

    def with_trailer(self, value):
        """Put the content in unsigned chunks."""
        headers = {"x-amz-trailer": TRAILER}
        request = SignedPut(self, "key", CHUNKS_AND_TRAILER, chunked_length=len(CONTENT), headers=headers)
        return request.send(unsigned_chunks(CONTENT, TRAILER, value))

    def test_an_unsigned_trailer_is_the_checksum(self):
        answer = self.with_trailer(crc32(CONTENT))
        self.assertEqual(answer.status, 200, answer.body)
        stored = self.get("key", ChecksumMode="ENABLED")
        self.assertEqual((stored["Bytes"], stored["ChecksumCRC32"]), (CONTENT, crc32(CONTENT)))

    def test_an_unsigned_trailer_with_a_wrong_checksum_is_refused(self):
        self.assert_refused(self.with_trailer(crc32(b"other")), 400, "BadDigest")

    def test_fewer_bytes_in_chunks_than_announced_are_refused(self):
        request = SignedPut(self, "key", SIGNED_CHUNKS, chunked_length=len(CONTENT) + 1)
        answer = request.send(self.chunks(request) + b"\r\n")
        self.assert_refused(answer, 400, "IncompleteBody")

    def test_chunks_need_the_length_of_the_content(self):
        request = SignedPut(self, "key", SIGNED_CHUNKS, headers={"content-encoding": "aws-chunked"})
        answer = request.send(self.chunks(request) + b"\r\n")
        self.assert_refused(answer, 411, "MissingContentLength")

    # docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html; no byte of the body is sent.
    def test_an_object_over_5_gib_is_too_large(self):
        answer = SignedPut(self, "key", UNSIGNED).send(b"", length=5 * GIB + 1)
        self.assert_refused(answer, 400, "EntityTooLarge")

    def test_a_part_over_5_gib_is_too_large(self):
        upload = self.upload("key")
        request = SignedPut(self, "key", UNSIGNED, query=f"partNumber=1&uploadId={upload.id}")
        self.assert_refused(request.send(b"", length=5 * GIB + 1), 400, "EntityTooLarge")
        self.assertEqual(upload.parts().get("Parts", []), [])
