"""Checksums of objects: docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html

Codes are as recorded from S3 where the pages name none (github.com/localstack/localstack,
tests/aws/services/s3/)."""

import base64
import hashlib

from s3_fixture import S3Test

CONTENT = b"123456789"


def encoded(digest):
    return base64.b64encode(digest).decode()


# The check values of these CRCs are those of reveng.sourceforge.io/crc-catalogue.
VALUES = {
    "CRC32": encoded(bytes.fromhex("cbf43926")),
    "CRC32C": encoded(bytes.fromhex("e3069283")),
    "CRC64NVME": encoded(bytes.fromhex("ae8b14860a799888")),
    "SHA1": encoded(hashlib.sha1(CONTENT).digest()),
    "SHA256": encoded(hashlib.sha256(CONTENT).digest()),
}
WRONG = {name: encoded(bytes(len(base64.b64decode(value)))) for name, value in VALUES.items()}


class Checksums(S3Test):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = cls.client(request_checksum_calculation="when_required")
        cls.addClassCleanup(cls.plain.close)

    def checksums(self, key):
        """The checksums of an object, and their type."""
        answer = self.head(key, ChecksumMode="ENABLED")
        return {name: value for name, value in answer.items() if name.startswith("Checksum")}

    def test_each_algorithm_is_verified_and_kept(self):
        for name, value in VALUES.items():
            with self.subTest(name):
                field = f"Checksum{name}"
                self.assertEqual(self.put(name, CONTENT, **{field: value})[field], value)
                self.assertEqual(self.checksums(name), {field: value, "ChecksumType": "FULL_OBJECT"})
                self.assertNotIn(field, self.head(name))
                self.assertEqual(self.get(name, ChecksumMode="ENABLED")[field], value)

    def test_a_wrong_checksum_is_refused(self):
        for name, value in WRONG.items():
            with self.subTest(name), self.refused(400, "BadDigest"):
                self.put(name, CONTENT, **{f"Checksum{name}": value})
        self.assertEqual(self.keys_listed(), [])

    def test_a_checksum_of_another_length_is_no_checksum(self):
        for name in VALUES:
            for value in ("no base64!", "YQ=="):
                with self.subTest(f"{name} {value}"), self.refused(400, "InvalidRequest"):
                    self.put(name, CONTENT, **{f"Checksum{name}": value})
        self.assertEqual(self.keys_listed(), [])

    def test_two_checksums_are_one_too_many(self):
        with self.refused(400, "InvalidRequest"):
            self.put("key", CONTENT, ChecksumCRC32=VALUES["CRC32"], ChecksumSHA256=VALUES["SHA256"])
        self.assert_missing("key")

    def test_content_md5_is_verified(self):
        with self.refused(400, "BadDigest"):
            self.put("key", CONTENT, ContentMD5=encoded(hashlib.md5(b"other").digest()))
        for value in ("no base64!", "YQ=="):
            with self.refused(400, "InvalidDigest"):
                self.put("key", CONTENT, ContentMD5=value)
        self.assert_missing("key")
        self.put("key", CONTENT, ContentMD5=encoded(hashlib.md5(CONTENT).digest()))
        self.assertEqual(self.content("key"), CONTENT)

    # docs.aws.amazon.com/AmazonS3/latest/API/API_Checksum.html, ChecksumCRC64NVME: since December 2024
    def test_an_object_without_a_checksum_gets_crc64nvme(self):
        self.plain.put_object(Bucket=self.bucket, Key="put", Body=CONTENT)
        upload = self.upload("parts")
        upload.s3 = self.plain
        upload.complete([upload.part(1, CONTENT)])
        expected = {"ChecksumCRC64NVME": VALUES["CRC64NVME"], "ChecksumType": "FULL_OBJECT"}
        self.assertEqual((self.checksums("put"), self.checksums("parts")), (expected, expected))

    def test_a_range_has_no_checksum(self):
        self.put("key", CONTENT, ChecksumCRC32=VALUES["CRC32"])
        self.assertNotIn("ChecksumCRC32", self.get("key", Range="bytes=0-3", ChecksumMode="ENABLED"))

    def test_a_copy_keeps_its_checksum_or_gets_another(self):
        self.put("source", CONTENT, ChecksumCRC32=VALUES["CRC32"])
        result = self.copy("source", "same")["CopyObjectResult"]
        self.assertEqual(result["ChecksumCRC32"], VALUES["CRC32"])
        self.assertEqual(self.checksums("same")["ChecksumCRC32"], VALUES["CRC32"])
        result = self.copy("source", "other", ChecksumAlgorithm="SHA256")["CopyObjectResult"]
        self.assertEqual(result["ChecksumSHA256"], VALUES["SHA256"])
        expected = {"ChecksumSHA256": VALUES["SHA256"], "ChecksumType": "FULL_OBJECT"}
        self.assertEqual(self.checksums("other"), expected)
