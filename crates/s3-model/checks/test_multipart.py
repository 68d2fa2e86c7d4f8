"""Multipart uploads: docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""

from s3_fixture import OTHER_PART, PART, S3Test, multipart_etag


class Multipart(S3Test):
    def assert_no_upload(self, upload):
        """The upload has ended: nothing works on it any more."""
        for request in (
            upload.parts,
            upload.abort,
            lambda: upload.part(1, b"late"),
            lambda: upload.copy(1, "source"),
            lambda: upload.complete([{"PartNumber": 1, "ETag": '"0"'}]),
        ):
            with self.refused(404, "NoSuchUpload"):
                request()

    def test_parts_become_one_object(self):
        upload = self.upload("key", ContentType="text/plain", Metadata={"one": "1"})
        parts = [upload.part(1, PART), upload.part(2, OTHER_PART), upload.part(3, b"tail")]
        result = upload.complete(parts)
        etag = multipart_etag(PART, OTHER_PART, b"tail")
        self.assertEqual((result["ETag"], result["Bucket"], result["Key"]), (etag, self.bucket, "key"))
        answer = self.get("key")
        self.assertTrue(answer["Bytes"] == PART + OTHER_PART + b"tail", "the content is another")
        self.assertEqual((answer["ETag"], answer["ContentType"]), (etag, "text/plain"))
        self.assertEqual(answer["Metadata"], {"one": "1"})
        seam = len(PART)
        asked = self.get("key", Range=f"bytes={seam - 2}-{seam + 1}")
        self.assertEqual(asked["Bytes"], PART[-2:] + OTHER_PART[:2])

    def test_a_completed_upload_has_ended(self):
        upload = self.upload("key")
        upload.complete([upload.part(1, b"content")])
        self.assertEqual(self.uploads(), [])
        self.put("source")
        for request in (upload.parts, lambda: upload.part(1, b"late"), lambda: upload.copy(1, "source")):
            with self.refused(404, "NoSuchUpload"):
                request()
        self.assertEqual(self.content("key"), b"content")

    def test_an_aborted_upload_has_ended(self):
        self.put("source")
        upload = self.upload("key")
        upload.part(1, b"content")
        self.assertEqual(upload.abort()["ResponseMetadata"]["HTTPStatusCode"], 204)
        self.assertEqual(self.uploads(), [])
        self.assert_no_upload(upload)
        self.assert_missing("key")

    def test_an_unknown_upload_id_is_no_upload(self):
        self.put("source")
        upload = self.upload("key")
        upload.place["UploadId"] = upload.id[::-1]
        self.assert_no_upload(upload)

    # As recorded from S3: localstack's test_s3.snapshot.json, test_multipart_key_validation, 2023.
    def test_an_upload_belongs_to_its_key(self):
        self.put("source")
        upload = self.upload("key")
        upload.place["Key"] = "other"
        self.assert_no_upload(upload)
        self.assertEqual(self.uploads(), [upload.id])

    def test_an_open_upload_is_no_object(self):
        upload = self.upload("key")
        upload.part(1, b"content")
        self.assert_missing("key")
        self.assertEqual(self.keys_listed(), [])

    def test_an_object_stays_until_the_upload_over_it_completes(self):
        self.put("key", b"old")
        upload = self.upload("key")
        parts = [upload.part(1, b"new")]
        self.assertEqual(self.content("key"), b"old")
        upload.complete(parts)
        self.assertEqual(self.content("key"), b"new")

    def test_only_the_last_part_may_be_under_5_mib(self):
        upload = self.upload("key")
        small, last = upload.part(1, PART[:-1]), upload.part(2, b"tail")
        with self.refused(400, "EntityTooSmall"):
            upload.complete([small, last])
        self.assert_missing("key")
        self.assertEqual(self.uploads(), [upload.id])
        upload.complete([upload.part(1, PART), last])
        self.assertEqual(self.head("key")["ContentLength"], len(PART) + 4)

    def test_part_numbers_are_1_to_10000(self):
        upload = self.upload("key")
        self.put("source")
        for number in (0, 10001):
            with self.refused(400, "InvalidArgument"):
                upload.part(number, b"content")
            with self.refused(400, "InvalidArgument"):
                upload.copy(number, "source")
        parts = [upload.part(1, PART), upload.part(10000, b"tail")]
        upload.complete(parts)
        self.assertEqual(self.head("key")["ETag"], multipart_etag(PART, b"tail"))

    def test_parts_may_come_in_any_order(self):
        upload = self.upload("key")
        last, first = upload.part(7, b"tail"), upload.part(3, PART)
        upload.complete([first, last])
        self.assertEqual(self.head("key")["ETag"], multipart_etag(PART, b"tail"))

    def test_a_part_again_replaces_the_first(self):
        upload = self.upload("key")
        old = upload.part(1, b"old")
        new = upload.part(1, b"new")
        with self.refused(400, "InvalidPart"):
            upload.complete([old])
        upload.complete([new])
        self.assertEqual(self.content("key"), b"new")

    def test_parts_that_are_not_listed_are_dropped(self):
        upload = self.upload("key")
        parts = [upload.part(1, PART), upload.part(2, OTHER_PART), upload.part(3, b"tail")]
        upload.complete([parts[0], parts[2]])
        self.assertEqual(self.head("key")["ETag"], multipart_etag(PART, b"tail"))
        self.assertEqual(self.head("key")["ContentLength"], len(PART) + 4)

    def test_the_list_of_parts_must_be_right(self):
        upload = self.upload("key")
        first, second = upload.part(1, PART), upload.part(2, b"tail")
        missing = {"PartNumber": 3, "ETag": second["ETag"]}
        other = {"PartNumber": 2, "ETag": first["ETag"]}
        wrong = {
            "a part that was not uploaded": ([first, missing], "InvalidPart"),
            "the ETag of another part": ([first, other], "InvalidPart"),
            "descending numbers": ([second, first], "InvalidPartOrder"),
            "a number twice": ([first, first], "InvalidPartOrder"),
        }
        for what, (parts, code) in wrong.items():
            with self.subTest(what), self.refused(400, code):
                upload.complete(parts)
        self.assert_missing("key")
        upload.complete([first, second])

    # S3's message, which its imitations repeat: "You must specify at least one part".
    def test_an_upload_without_parts_cannot_be_completed(self):
        upload = self.upload("key")
        with self.refused(400, "InvalidRequest"):
            upload.complete([])
        self.assertEqual(self.uploads(), [upload.id])

    def test_etags_of_parts_need_no_quotes(self):
        upload = self.upload("key")
        part = upload.part(1, b"content")
        upload.complete([{**part, "ETag": part["ETag"].strip('"')}])
        self.assertEqual(self.content("key"), b"content")

    def test_parts_are_listed_in_pages(self):
        upload = self.upload("key")
        parts = [upload.part(number, str(number).encode()) for number in (5, 1, 3)]
        listed = upload.parts()
        self.assertEqual([part["PartNumber"] for part in listed["Parts"]], [1, 3, 5])
        self.assertEqual(listed["Parts"][2]["ETag"], parts[0]["ETag"])
        self.assertEqual((listed["Parts"][2]["Size"], listed["IsTruncated"]), (1, False))
        page = upload.parts(MaxParts=2)
        self.assertEqual((page["IsTruncated"], page["NextPartNumberMarker"], page["MaxParts"]), (True, 3, 2))
        rest = upload.parts(PartNumberMarker=page["NextPartNumberMarker"])
        self.assertEqual([part["PartNumber"] for part in rest["Parts"]], [5])
        self.assertEqual((rest["IsTruncated"], rest["PartNumberMarker"]), (False, 3))

    def test_uploads_are_listed_in_pages(self):
        opened = [self.upload(key) for key in ("b", "a", "b", "folder/c", "folder/d")]
        expected = [opened[1].id, opened[0].id, opened[2].id, opened[3].id, opened[4].id]
        self.assertEqual(self.uploads(), expected)
        self.assertEqual(self.uploads(Prefix="folder/"), expected[3:])
        answer = self.s3.list_multipart_uploads(Bucket=self.bucket, Delimiter="/")
        self.assertEqual([upload["UploadId"] for upload in answer["Uploads"]], expected[:3])
        self.assertEqual(answer["CommonPrefixes"], [{"Prefix": "folder/"}])
        pages, marker = [], {}
        while True:
            page = self.s3.list_multipart_uploads(Bucket=self.bucket, MaxUploads=2, **marker)
            pages.append([upload["UploadId"] for upload in page["Uploads"]])
            if not page["IsTruncated"]:
                break
            marker = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
        self.assertEqual(pages, [expected[:2], expected[2:4], expected[4:]])
