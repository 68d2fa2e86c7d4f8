"""Buckets: made, named, found, listed, deleted."""

import unittest

from s3_fixture import ENDPOINT, S3Test


class Buckets(S3Test):
    def test_a_new_bucket_is_found_listed_and_empty(self):
        self.s3.head_bucket(Bucket=self.bucket)
        self.assertIn(self.bucket, [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]])
        self.assertEqual(self.s3.list_objects_v2(Bucket=self.bucket)["KeyCount"], 0)

    def test_a_deleted_bucket_is_gone(self):
        answer = self.s3.delete_bucket(Bucket=self.bucket)
        self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 204)
        with self.unanswered(404):
            self.s3.head_bucket(Bucket=self.bucket)
        with self.refused(404, "NoSuchBucket"):
            self.s3.delete_bucket(Bucket=self.bucket)

    def test_a_bucket_with_an_object_stays(self):
        self.put("key")
        with self.refused(409, "BucketNotEmpty"):
            self.s3.delete_bucket(Bucket=self.bucket)
        self.assertEqual(self.content("key"), b"content")
        self.s3.delete_object(Bucket=self.bucket, Key="key")
        self.s3.delete_bucket(Bucket=self.bucket)

    def test_an_open_upload_goes_with_its_bucket(self):
        self.s3.create_multipart_upload(Bucket=self.bucket, Key="key")
        self.s3.delete_bucket(Bucket=self.bucket)
        with self.refused(404, "NoSuchBucket"):
            self.s3.list_multipart_uploads(Bucket=self.bucket)

    # docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html, BucketAlreadyOwnedByYou: in all regions but
    # us-east-1, where for compatibility the request succeeds.
    def test_a_bucket_made_again_outside_us_east_1_is_already_owned(self):
        region = self.region if ENDPOINT else "eu-west-1"
        if region == "us-east-1":
            raise unittest.SkipTest("the endpoint is in us-east-1")
        client = self.client(region=region)
        self.addCleanup(client.close)
        bucket = self.make_bucket(client, region)
        client.put_object(Bucket=bucket, Key="key", Body=b"content")
        with self.refused(409, "BucketAlreadyOwnedByYou"):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
        self.assertEqual(client.head_object(Bucket=bucket, Key="key")["ContentLength"], 7)

    def test_a_bucket_made_again_in_us_east_1_is_left_as_it_is(self):
        if self.region != "us-east-1":
            raise unittest.SkipTest(f"the endpoint is in {self.region}")
        self.put("key")
        self.s3.create_bucket(Bucket=self.bucket)
        self.assertEqual(self.content("key"), b"content")

    # docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    def test_a_name_against_the_naming_rules_is_refused(self):
        names = ("ab", "Upper-Case", "under_score", "-begins-with-hyphen", "ends-with-hyphen-", "a..b", "a" * 64)
        for name in names:
            with self.subTest(name), self.refused(400, "InvalidBucketName"):
                self.s3.create_bucket(Bucket=name)

    def test_the_location_is_the_region(self):
        expected = None if self.region == "us-east-1" else self.region
        self.assertEqual(self.s3.get_bucket_location(Bucket=self.bucket)["LocationConstraint"], expected)

    def test_a_missing_bucket_has_nothing(self):
        bucket = self.name()
        place = {"Bucket": bucket, "Key": "key"}
        keys = {"Objects": [{"Key": "key"}]}
        asked = {
            "put": lambda: self.s3.put_object(**place, Body=b"content"),
            "get": lambda: self.s3.get_object(**place),
            "delete": lambda: self.s3.delete_object(**place),
            "delete several": lambda: self.s3.delete_objects(Bucket=bucket, Delete=keys),
            "copy to": lambda: self.s3.copy_object(**place, CopySource=f"{self.bucket}/key"),
            "list": lambda: self.s3.list_objects_v2(Bucket=bucket),
            "list, version 1": lambda: self.s3.list_objects(Bucket=bucket),
            "uploads": lambda: self.s3.list_multipart_uploads(Bucket=bucket),
            "new upload": lambda: self.s3.create_multipart_upload(**place),
            "location": lambda: self.s3.get_bucket_location(Bucket=bucket),
            "policy": lambda: self.s3.get_bucket_policy(Bucket=bucket),
            "tagging": lambda: self.s3.get_bucket_tagging(Bucket=bucket),
        }
        self.put("key")
        for what, request in asked.items():
            with self.subTest(what), self.refused(404, "NoSuchBucket"):
                request()
