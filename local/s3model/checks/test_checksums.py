"""Checksums: docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html, …/API/API_Checksum.html

Codes are as recorded from S3 where the pages name none (github.com/localstack/localstack, tests/aws/services/s3/)."""

import base64
import hashlib
import zlib

from s3_fixture import PART, S3Test

CONTENT = b"123456789"


def encoded(digest):
    return base64.b64encode(digest).decode()


def crc32(*parts):
    return encoded(zlib.crc32(b"".join(parts)).to_bytes(4, "big"))


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

    def test_parts_make_a_composite_checksum(self):
        digests = {
            "CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
            "SHA1": lambda data: hashlib.sha1(data).digest(),
            "SHA256": lambda data: hashlib.sha256(data).digest(),
        }
        for name, digest in digests.items():
            with self.subTest(name):
                upload = self.upload(name, ChecksumAlgorithm=name)
                self.assertEqual(upload.created["ChecksumAlgorithm"], name)
                self.assertEqual(upload.created["ChecksumType"], "COMPOSITE")
                result = upload.complete([upload.part(1, PART), upload.part(2, CONTENT)])
                expected = f"{encoded(digest(digest(PART) + digest(CONTENT)))}-2"
                field = f"Checksum{name}"
                self.assertEqual((result[field], result["ChecksumType"]), (expected, "COMPOSITE"))
                self.assertEqual(self.checksums(name), {field: expected, "ChecksumType": "COMPOSITE"})

    def test_parts_make_a_checksum_of_the_full_object(self):
        upload = self.upload("key", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
        self.assertEqual(upload.created["ChecksumType"], "FULL_OBJECT")
        result = upload.complete([upload.part(1, PART), upload.part(2, CONTENT)])
        expected = {"ChecksumCRC32": crc32(PART, CONTENT), "ChecksumType": "FULL_OBJECT"}
        self.assertEqual({name: result[name] for name in expected}, expected)
        self.assertEqual(self.checksums("key"), expected)

    def test_crc64nvme_is_of_the_full_object(self):
        upload = self.upload("key", ChecksumAlgorithm="CRC64NVME")
        self.assertEqual(upload.created["ChecksumType"], "FULL_OBJECT")
        part = upload.part(1, CONTENT, ChecksumCRC64NVME=VALUES["CRC64NVME"])
        result = upload.complete([part])
        self.assertEqual(result["ChecksumCRC64NVME"], VALUES["CRC64NVME"])
        self.assertEqual(result["ChecksumType"], "FULL_OBJECT")

    def test_not_every_algorithm_has_both_types(self):
        for name, kind in (("SHA1", "FULL_OBJECT"), ("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")):
            with self.subTest(name), self.refused(400, "InvalidRequest"):
                self.upload("key", ChecksumAlgorithm=name, ChecksumType=kind)
        self.assertEqual(self.uploads(), [])

    def test_completing_verifies_the_checksum_of_the_object(self):
        upload = self.upload("key", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
        parts = [upload.part(1, PART), upload.part(2, CONTENT)]
        with self.refused(400, "BadDigest"):
            upload.complete(parts, ChecksumCRC32=VALUES["CRC32"], ChecksumType="FULL_OBJECT")
        self.assert_missing("key")
        upload.complete(parts, ChecksumCRC32=crc32(PART, CONTENT), ChecksumType="FULL_OBJECT")
        self.assertEqual(self.checksums("key")["ChecksumCRC32"], crc32(PART, CONTENT))

    def test_completing_verifies_the_checksums_of_parts(self):
        upload = self.upload("key", ChecksumAlgorithm="SHA256")
        part = upload.part(1, CONTENT)
        with self.refused(400, "InvalidPart"):
            upload.complete([{**part, "ChecksumSHA256": WRONG["SHA256"]}])
        with self.refused(400, "InvalidRequest"):
            upload.complete([{"PartNumber": 1, "ETag": part["ETag"]}])
        self.assert_missing("key")
        upload.complete([part])
        self.assertEqual(self.content("key"), CONTENT)

    def test_an_upload_without_an_algorithm_knows_no_checksums_of_parts(self):
        upload = self.upload("key")
        part = upload.part(1, CONTENT)
        with self.refused(400, "InvalidPart"):
            upload.complete([{**part, "ChecksumCRC32": VALUES["CRC32"]}])
        upload.complete([part])
        self.assertEqual(self.content("key"), CONTENT)

    def test_completing_must_name_the_type_of_the_upload(self):
        upload = self.upload("key", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
        part = upload.part(1, CONTENT)
        with self.refused(400, "InvalidRequest"):
            upload.complete([part], ChecksumType="COMPOSITE")
        self.assert_missing("key")

    def test_completing_verifies_the_announced_size(self):
        upload = self.upload("key")
        part = upload.part(1, CONTENT)
        with self.refused(400, "InvalidRequest"):
            upload.complete([part], MpuObjectSize=len(CONTENT) + 1)
        self.assert_missing("key")
        upload.complete([part], MpuObjectSize=len(CONTENT))
        self.assertEqual(self.content("key"), CONTENT)

    def test_a_part_has_the_algorithm_of_its_upload(self):
        upload = self.upload("key", ChecksumAlgorithm="SHA256")
        with self.refused(400, "InvalidRequest"):
            upload.part(1, CONTENT, ChecksumCRC32=VALUES["CRC32"])
        self.assertEqual(upload.parts().get("Parts", []), [])

    def test_a_part_with_a_wrong_checksum_is_refused(self):
        upload = self.upload("key", ChecksumAlgorithm="CRC32")
        with self.refused(400, "BadDigest"):
            upload.part(1, CONTENT, ChecksumCRC32=WRONG["CRC32"])
        self.assertEqual(upload.parts().get("Parts", []), [])

    def test_lists_show_checksums(self):
        upload = self.upload("key", ChecksumAlgorithm="CRC32")
        upload.part(1, CONTENT)
        parts = upload.parts()
        self.assertEqual((parts["ChecksumAlgorithm"], parts["ChecksumType"]), ("CRC32", "COMPOSITE"))
        self.assertEqual(parts["Parts"][0]["ChecksumCRC32"], VALUES["CRC32"])
        (entry,) = self.s3.list_multipart_uploads(Bucket=self.bucket)["Uploads"]
        self.assertEqual((entry["ChecksumAlgorithm"], entry["ChecksumType"]), ("CRC32", "COMPOSITE"))

    def test_copied_parts_have_checksums(self):
        source = PART + CONTENT
        self.put("source", source)
        upload = self.upload("key", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
        whole, span = upload.copy(1, "source"), upload.copy(2, "source", (7, len(PART) + 2))
        self.assertEqual(whole["ChecksumCRC32"], crc32(source))
        self.assertEqual(span["ChecksumCRC32"], crc32(source[7 : len(PART) + 3]))
        upload.complete([whole, span])
        self.assertEqual(self.checksums("key")["ChecksumCRC32"], crc32(source, source[7 : len(PART) + 3]))

    def test_a_copy_keeps_its_checksum_or_gets_another(self):
        self.put("source", CONTENT, ChecksumCRC32=VALUES["CRC32"])
        result = self.copy("source", "same")["CopyObjectResult"]
        self.assertEqual(result["ChecksumCRC32"], VALUES["CRC32"])
        self.assertEqual(self.checksums("same")["ChecksumCRC32"], VALUES["CRC32"])
        result = self.copy("source", "other", ChecksumAlgorithm="SHA256")["CopyObjectResult"]
        self.assertEqual(result["ChecksumSHA256"], VALUES["SHA256"])
        self.assertEqual(self.checksums("other"), {"ChecksumSHA256": VALUES["SHA256"], "ChecksumType": "FULL_OBJECT"})
