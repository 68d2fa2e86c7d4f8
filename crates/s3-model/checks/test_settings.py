"""Settings of a bucket: stored and returned; without effect in the model."""

import json

from s3_fixture import S3Test


class Settings(S3Test):
    def setting(self, name, value, missing, **put):
        """Put, get, delete and miss a setting whose requests are named after it."""
        get = getattr(self.s3, f"get_{name}")
        getattr(self.s3, f"put_{name}")(Bucket=self.bucket, **put)
        answer = get(Bucket=self.bucket)
        del answer["ResponseMetadata"]
        self.assertEqual(answer, value)
        deleted = getattr(self.s3, f"delete_{name}")(Bucket=self.bucket)
        self.assertEqual(deleted["ResponseMetadata"]["HTTPStatusCode"], 204)
        with self.refused(404, missing):
            get(Bucket=self.bucket)

    def test_a_policy_is_kept(self):
        with self.refused(404, "NoSuchBucketPolicy"):
            self.s3.get_bucket_policy(Bucket=self.bucket)
        statement = {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutBucketTagging",
            "Resource": f"arn:aws:s3:::{self.bucket}",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.s3.put_bucket_policy(Bucket=self.bucket, Policy=policy)
        kept = self.s3.get_bucket_policy(Bucket=self.bucket)["Policy"]
        self.assertEqual(json.loads(kept), json.loads(policy))
        self.s3.delete_bucket_policy(Bucket=self.bucket)
        with self.refused(404, "NoSuchBucketPolicy"):
            self.s3.get_bucket_policy(Bucket=self.bucket)

    def test_a_policy_that_is_not_json_is_malformed(self):
        with self.refused(400, "MalformedPolicy"):
            self.s3.put_bucket_policy(Bucket=self.bucket, Policy="no policy")

    # Every bucket is encrypted with SSE-S3 since January 2023:
    # docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
    def test_encryption_is_kept_and_aes256_without_one(self):
        def encryption():
            answer = self.s3.get_bucket_encryption(Bucket=self.bucket)
            rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
            return rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], rule.get("BucketKeyEnabled", False)

        self.assertEqual(encryption(), ("AES256", False))
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
        rules = {"Rules": [rule]}
        self.s3.put_bucket_encryption(Bucket=self.bucket, ServerSideEncryptionConfiguration=rules)
        self.assertEqual(encryption(), ("aws:kms", True))
        self.s3.delete_bucket_encryption(Bucket=self.bucket)
        self.assertEqual(encryption(), ("AES256", False))

    # New buckets block public access since April 2023:
    # docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    def test_public_access_is_blocked_until_that_is_changed(self):
        settings = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        blocked = dict.fromkeys(settings, True)
        answer = self.s3.get_public_access_block(Bucket=self.bucket)
        self.assertEqual(answer["PublicAccessBlockConfiguration"], blocked)
        changed = {**blocked, "BlockPublicAcls": False}
        self.setting(
            "public_access_block",
            {"PublicAccessBlockConfiguration": changed},
            "NoSuchPublicAccessBlockConfiguration",
            PublicAccessBlockConfiguration=changed,
        )

    def test_a_lifecycle_is_kept(self):
        with self.refused(404, "NoSuchLifecycleConfiguration"):
            self.s3.get_bucket_lifecycle_configuration(Bucket=self.bucket)
        rule = {
            "ID": "uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
        rules = {"Rules": [rule]}
        self.s3.put_bucket_lifecycle_configuration(Bucket=self.bucket, LifecycleConfiguration=rules)
        self.assertEqual(self.s3.get_bucket_lifecycle_configuration(Bucket=self.bucket)["Rules"], [rule])
        self.s3.delete_bucket_lifecycle(Bucket=self.bucket)
        with self.refused(404, "NoSuchLifecycleConfiguration"):
            self.s3.get_bucket_lifecycle_configuration(Bucket=self.bucket)

    def test_ownership_is_the_buckets_until_that_is_changed(self):
        answer = self.s3.get_bucket_ownership_controls(Bucket=self.bucket)
        self.assertEqual(answer["OwnershipControls"], {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
        changed = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}}
        self.setting("bucket_ownership_controls", changed, "OwnershipControlsNotFoundError", **changed)

    def test_cors_is_kept(self):
        with self.refused(404, "NoSuchCORSConfiguration"):
            self.s3.get_bucket_cors(Bucket=self.bucket)
        rule = {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 3000}
        rules = {"CORSRules": [rule]}
        self.setting("bucket_cors", rules, "NoSuchCORSConfiguration", CORSConfiguration=rules)

    def test_tags_are_kept(self):
        with self.refused(404, "NoSuchTagSet"):
            self.s3.get_bucket_tagging(Bucket=self.bucket)
        tags = {"TagSet": [{"Key": "project", "Value": "lambench"}, {"Key": "owner", "Value": ""}]}
        self.s3.put_bucket_tagging(Bucket=self.bucket, Tagging=tags)
        kept = self.s3.get_bucket_tagging(Bucket=self.bucket)["TagSet"]
        self.assertCountEqual(kept, tags["TagSet"])
        self.s3.delete_bucket_tagging(Bucket=self.bucket)
        with self.refused(404, "NoSuchTagSet"):
            self.s3.get_bucket_tagging(Bucket=self.bucket)

    def test_a_tag_twice_is_invalid(self):
        tags = {"TagSet": [{"Key": "same", "Value": "1"}, {"Key": "same", "Value": "2"}]}
        with self.refused(400, "InvalidTag"):
            self.s3.put_bucket_tagging(Bucket=self.bucket, Tagging=tags)

    def test_notifications_are_kept(self):
        def notifications():
            answer = self.s3.get_bucket_notification_configuration(Bucket=self.bucket)
            del answer["ResponseMetadata"]
            return answer

        self.assertEqual(notifications(), {})
        configuration = {"EventBridgeConfiguration": {}}
        self.s3.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration=configuration
        )
        self.assertEqual(notifications(), configuration)
        self.s3.put_bucket_notification_configuration(Bucket=self.bucket, NotificationConfiguration={})
        self.assertEqual(notifications(), {})

    def test_versioning_is_off(self):
        self.assertNotIn("Status", self.s3.get_bucket_versioning(Bucket=self.bucket))

    def test_the_owner_has_full_control(self):
        answer = self.s3.get_bucket_acl(Bucket=self.bucket)
        (grant,) = answer["Grants"]
        self.assertEqual((grant["Permission"], grant["Grantee"]["Type"]), ("FULL_CONTROL", "CanonicalUser"))
        self.assertEqual(grant["Grantee"]["ID"], answer["Owner"]["ID"])
