"""Many objects deleted at once: docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""

from s3_fixture import S3Test


class Deleting(S3Test):
    def delete(self, keys, **settings):
        """Delete these keys in one request."""
        keys = [{"Key": key} for key in keys]
        return self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": keys, **settings})

    def test_named_keys_are_deleted_whether_they_were_there(self):
        for key in ("a", "b", "c & ü"):
            self.put(key)
        answer = self.delete(["a", "missing", "c & ü"])
        self.assertCountEqual([entry["Key"] for entry in answer["Deleted"]], ["a", "missing", "c & ü"])
        self.assertNotIn("Errors", answer)
        self.assertEqual(self.keys_listed(), ["b"])

    def test_quiet_names_only_failures(self):
        self.put("a")
        answer = self.delete(["a", "missing"], Quiet=True)
        self.assertEqual((answer.get("Deleted"), answer.get("Errors")), (None, None))
        self.assertEqual(self.keys_listed(), [])

    def test_a_request_has_1000_keys_at_most(self):
        self.put("0")
        with self.refused(400, "MalformedXML"):
            self.delete([str(number) for number in range(1001)])
        self.assertEqual(self.keys_listed(), ["0"])
        self.assertEqual(len(self.delete([str(number) for number in range(1000)])["Deleted"]), 1000)
        self.assertEqual(self.keys_listed(), [])

    def test_a_request_needs_a_key(self):
        with self.refused(400, "MalformedXML"):
            self.delete([])
