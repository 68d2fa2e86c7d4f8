"""Tags of objects: docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html"""

from s3_fixture import S3Test


class Tagging(S3Test):
    def tags(self, key="key"):
        """The tags of an object as a dictionary."""
        answer = self.s3.get_object_tagging(Bucket=self.bucket, Key=key)
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def tag(self, *tags, key="key"):
        """Set the tags of an object."""
        tags = [{"Key": name, "Value": value} for name, value in tags]
        self.s3.put_object_tagging(Bucket=self.bucket, Key=key, Tagging={"TagSet": tags})

    def test_tags_are_set_replaced_and_deleted(self):
        self.put("key")
        self.assertEqual(self.tags(), {})
        self.tag(("one", "1"), ("two", ""))
        self.assertEqual(self.tags(), {"one": "1", "two": ""})
        self.assertEqual(self.get("key")["TagCount"], 2)
        self.tag(("three", "3"))
        self.assertEqual(self.tags(), {"three": "3"})
        self.s3.delete_object_tagging(Bucket=self.bucket, Key="key")
        self.assertEqual(self.tags(), {})
        self.assertEqual(self.content("key"), b"content")

    def test_tags_can_come_with_the_object(self):
        self.put("key", Tagging="one=1&with%20space=a%2Bb")
        self.assertEqual(self.tags(), {"one": "1", "with space": "a+b"})
        self.put("key")
        self.assertEqual(self.tags(), {})

    def test_tags_can_come_with_an_upload(self):
        self.put_in_parts("key", b"content", Tagging="one=1")
        self.assertEqual(self.tags(), {"one": "1"})

    def test_a_copy_has_the_tags_unless_it_gets_others(self):
        self.put("key", Tagging="one=1")
        self.copy("key", "copy")
        self.assertEqual(self.tags("copy"), {"one": "1"})
        self.copy("key", "copy", TaggingDirective="REPLACE", Tagging="two=2")
        self.assertEqual(self.tags("copy"), {"two": "2"})

    def test_wrong_tags_are_refused(self):
        self.put("key")
        self.tag(*((str(number), "") for number in range(10)))
        with self.refused(400, "BadRequest"):
            self.tag(*((str(number), "") for number in range(11)))
        for wrong in ([("same", "1"), ("same", "2")], [("k" * 129, "")], [("key", "v" * 257)]):
            with self.refused(400, "InvalidTag"):
                self.tag(*wrong)
        self.assertEqual(len(self.tags()), 10)

    def test_a_missing_key_has_no_tags(self):
        with self.refused(404, "NoSuchKey"):
            self.tags("missing")
        with self.refused(404, "NoSuchKey"):
            self.tag(("one", "1"), key="missing")
