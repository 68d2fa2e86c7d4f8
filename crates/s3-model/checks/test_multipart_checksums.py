"""Checksums of multipart uploads: of each part, of the parts' checksums, of the full object.

docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html; codes are as recorded from
S3 (github.com/localstack/localstack, tests/aws/services/s3/)."""

import hashlib
import zlib

from s3_fixture import PART, S3Test
from test_checksums import CONTENT, VALUES, WRONG, encoded


def crc32(*parts):
    return encoded(zlib.crc32(b"".join(parts)).to_bytes(4, "big"))


class MultipartChecksums(S3Test):
    def checksums(self, key):
        """The checksums of an object, and their type."""
        answer = self.head(key, ChecksumMode="ENABLED")
        return {name: value for name, value in answer.items() if name.startswith("Checksum")}

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
