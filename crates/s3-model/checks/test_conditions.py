"""Reads on conditions: docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-reads.html"""

import datetime

from s3_fixture import S3Test

OTHER = '"00000000000000000000000000000000"'
HOUR = datetime.timedelta(hours=1)


class Conditions(S3Test):
    def setUp(self):
        super().setUp()
        self.etag = self.put("key")["ETag"]
        self.modified = self.head("key")["LastModified"]

    def answered(self, **conditions):
        """Both kinds of read are answered."""
        self.assertEqual(self.get("key", **conditions)["Bytes"], b"content")
        self.assertEqual(self.head("key", **conditions)["ContentLength"], 7)

    def failed(self, **conditions):
        """Both kinds of read are refused."""
        with self.refused(412, "PreconditionFailed"):
            self.get("key", **conditions)
        with self.unanswered(412):
            self.head("key", **conditions)

    def unmodified(self, **conditions):
        """Both kinds of read respond that nothing has changed."""
        for read in (self.get, self.head):
            with self.unanswered(304):
                read("key", **conditions)

    def test_if_match_wants_the_etag(self):
        self.answered(IfMatch=self.etag)
        self.answered(IfMatch=self.etag.strip('"'))
        self.failed(IfMatch=OTHER)

    def test_if_none_match_wants_another_etag(self):
        self.answered(IfNoneMatch=OTHER)
        self.unmodified(IfNoneMatch=self.etag)

    def test_if_modified_since_wants_a_change(self):
        self.answered(IfModifiedSince=self.modified - HOUR)
        self.unmodified(IfModifiedSince=self.modified)

    def test_if_unmodified_since_wants_no_change(self):
        self.answered(IfUnmodifiedSince=self.modified)
        self.failed(IfUnmodifiedSince=self.modified - HOUR)

    # docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, If-Match and If-None-Match
    def test_etags_count_more_than_times(self):
        self.answered(IfMatch=self.etag, IfUnmodifiedSince=self.modified - HOUR)
        self.unmodified(IfNoneMatch=self.etag, IfModifiedSince=self.modified - HOUR)

    def test_a_condition_on_a_missing_key_is_not_found(self):
        with self.refused(404, "NoSuchKey"):
            self.get("missing", IfMatch=self.etag)
