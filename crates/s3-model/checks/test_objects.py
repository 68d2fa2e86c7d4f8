"""Objects: put, got, replaced, deleted."""

import datetime

from s3_fixture import S3Test, md5

# What a key may hold that a client or a server could take for something else.
KEYS = [
    "a b", "a+b", "a%20b", "a%2Fb", "ü/ñ/日本/😀", "a//b", "folder/", "q?x=1&y=2#z",
    "it's \"<quoted>\" & 1", "~!*()'@:,;=$", "dot.", "..hidden", "tab\tin it",
]  # fmt: skip


class Objects(S3Test):
    def test_an_object_comes_back_as_it_was_put(self):
        headers = {
            "ContentType": "text/plain",
            "CacheControl": "max-age=60",
            "ContentDisposition": 'attachment; filename="a.txt"',
            "ContentEncoding": "identity",
            "ContentLanguage": "de",
            "Metadata": {"one": "1", "two": "with spaces"},
        }
        before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=1)
        self.assertEqual(self.put("key", b"content", **headers)["ETag"], md5(b"content"))
        answers = {"get": self.get("key"), "head": self.head("key")}
        self.assertEqual(answers["get"]["Bytes"], b"content")
        for what, answer in answers.items():
            with self.subTest(what):
                self.assertEqual({name: answer[name] for name in headers}, headers)
                self.assertEqual((answer["ETag"], answer["ContentLength"]), (md5(b"content"), 7))
                self.assertEqual(answer["AcceptRanges"], "bytes")
                self.assertGreater(answer["LastModified"], before)

    def test_an_object_that_kms_encrypts_says_so_has_another_etag_and_is_read_and_copied_as_any_other(self):
        put = self.put("key", b"content", ServerSideEncryption="aws:kms")
        self.assertNotEqual(put["ETag"], md5(b"content"))
        for answer in put, self.get("key", IfMatch=put["ETag"]), self.head("key"):
            self.assertEqual((answer["ETag"], answer["ServerSideEncryption"]), (put["ETag"], "aws:kms"))
            self.assertRegex(answer["SSEKMSKeyId"], "^arn:aws:kms:")
        self.assertEqual(self.get("key")["Bytes"], b"content")
        self.copy("key", "copy")
        copy = self.get("copy")
        self.assertEqual(copy["Bytes"], b"content")
        self.assertNotEqual(copy.get("ServerSideEncryption"), "aws:kms")

    def test_without_a_type_an_object_is_binary(self):
        self.put("key")
        self.assertEqual(self.head("key")["ContentType"], "binary/octet-stream")

    def test_a_request_can_set_the_headers_of_its_answer(self):
        self.put("key")
        answer = self.get("key", ResponseContentType="text/html", ResponseContentDisposition="inline")
        self.assertEqual((answer["ContentType"], answer["ContentDisposition"]), ("text/html", "inline"))

    def test_an_object_may_be_empty(self):
        self.assertEqual(self.put("key", b"")["ETag"], md5(b""))
        answer = self.get("key")
        self.assertEqual((answer["Bytes"], answer["ContentLength"]), (b"", 0))

    def test_keys_are_taken_literally(self):
        for key in KEYS:
            with self.subTest(key):
                self.put(key, key.encode())
                self.assertEqual(self.content(key), key.encode())
                self.assertEqual(self.head(key)["ContentLength"], len(key.encode()))
        self.assertCountEqual(self.keys_listed(), KEYS)
        for key in KEYS:
            with self.subTest(key):
                self.s3.delete_object(Bucket=self.bucket, Key=key)
                self.assert_missing(key)

    # docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html: 1,024 bytes of UTF-8
    def test_a_key_has_1024_bytes_at_most(self):
        longest = "ü" * 512
        self.put(longest)
        self.assertEqual(self.content(longest), b"content")
        with self.refused(400, "KeyTooLongError"):
            self.put(longest + "x")
        with self.refused(400, "KeyTooLongError"):
            self.upload(longest + "x")
        self.assertEqual(self.keys_listed(), [longest])

    def test_a_missing_key_is_not_found(self):
        with self.refused(404, "NoSuchKey"):
            self.get("missing")
        with self.unanswered(404):
            self.head("missing")

    def test_putting_again_replaces_everything(self):
        self.put("key", b"old content", ContentType="text/plain", Metadata={"old": "1"})
        self.put("key", b"new", Metadata={"new": "2"})
        answer = self.get("key")
        self.assertEqual((answer["Bytes"], answer["ETag"]), (b"new", md5(b"new")))
        self.assertEqual((answer["ContentType"], answer["Metadata"]), ("binary/octet-stream", {"new": "2"}))

    def test_deleting_answers_the_same_whether_the_key_was_there(self):
        self.put("key")
        for _ in range(2):
            answer = self.s3.delete_object(Bucket=self.bucket, Key="key")
            self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 204)
            self.assert_missing("key")
