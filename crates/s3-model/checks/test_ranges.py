"""Parts of an object: ranges and part numbers.

What is not asked: S3 ignores several ranges in one header, and what is no range; the model refuses them."""

from s3_fixture import PART, S3Test, multipart_etag


class Ranges(S3Test):
    def test_a_range_is_answered_with_its_bytes(self):
        self.put("key", b"0123456789")
        expected = {
            "bytes=0-0": (b"0", "bytes 0-0/10"),
            "bytes=2-5": (b"2345", "bytes 2-5/10"),
            "bytes=5-": (b"56789", "bytes 5-9/10"),
            "bytes=-3": (b"789", "bytes 7-9/10"),
            "bytes=8-100": (b"89", "bytes 8-9/10"),
            "bytes=-100": (b"0123456789", "bytes 0-9/10"),
        }
        for asked, (content, place) in expected.items():
            with self.subTest(asked):
                answer = self.get("key", Range=asked)
                self.assertEqual((answer["Bytes"], answer["ContentRange"]), (content, place))
                self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 206)
                head = self.head("key", Range=asked)
                self.assertEqual(head["ContentLength"], len(content))
                self.assertEqual(head["ResponseMetadata"]["HTTPStatusCode"], 206)

    def test_a_range_outside_of_the_object_is_refused(self):
        self.put("key", b"0123456789")
        self.put("empty", b"")
        for key, asked in (("key", "10-"), ("key", "100-200"), ("key", "-0"), ("empty", "0-0")):
            with self.subTest(f"{key} {asked}"):
                with self.refused(416, "InvalidRange"):
                    self.get(key, Range=f"bytes={asked}")
                with self.unanswered(416):
                    self.head(key, Range=f"bytes={asked}")

    def test_a_part_number_is_answered_with_that_part(self):
        self.put_in_parts("key", PART, b"tail")
        size = len(PART) + 4
        answer = self.get("key", PartNumber=2)
        self.assertEqual((answer["Bytes"], answer["PartsCount"]), (b"tail", 2))
        self.assertEqual(answer["ContentRange"], f"bytes {len(PART)}-{size - 1}/{size}")
        self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 206)
        self.assertEqual(answer["ETag"], multipart_etag(PART, b"tail"))
        head = self.head("key", PartNumber=1)
        self.assertEqual((head["ContentLength"], head["PartsCount"]), (len(PART), 2))

    def test_an_object_put_at_once_is_its_part_1(self):
        self.put("key", b"0123456789")
        answer = self.get("key", PartNumber=1)
        self.assertEqual((answer["Bytes"], answer["ContentRange"]), (b"0123456789", "bytes 0-9/10"))
        self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 206)
        with self.refused(416, "InvalidPartNumber"):
            self.get("key", PartNumber=2)

    def test_a_part_number_and_a_range_exclude_each_other(self):
        self.put("key", b"0123456789")
        with self.refused(400, "InvalidRequest"):
            self.get("key", PartNumber=1, Range="bytes=0-1")
