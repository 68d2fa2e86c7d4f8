"""Lists of objects: docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""

from concurrent.futures import ThreadPoolExecutor

from s3_fixture import S3Test, md5

KEYS = ["B", "a", "a/1", "a/2", "a/b/3", "b", "c/4", "ä", "😀"]


class Listing(S3Test):
    def fill(self, keys=KEYS):
        """Put an object at each key."""
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(self.put, keys))

    def list(self, **settings):
        """One answer of ListObjectsV2."""
        return self.s3.list_objects_v2(Bucket=self.bucket, **settings)

    def found(self, answer):
        """Keys and common prefixes of an answer."""
        return [entry["Key"] for entry in answer.get("Contents", [])], [
            entry["Prefix"] for entry in answer.get("CommonPrefixes", [])
        ]

    def test_keys_come_in_the_order_of_their_bytes(self):
        self.fill(reversed(KEYS))
        self.assertEqual(self.found(self.list())[0], KEYS)

    def test_each_object_is_one_version(self):
        self.fill(["a", "b", "c"])
        first = self.s3.list_object_versions(Bucket=self.bucket, MaxKeys=2)
        seen = [(one["Key"], one["VersionId"], one["IsLatest"]) for one in first["Versions"]]
        self.assertEqual(seen, [("a", "null", True), ("b", "null", True)])
        self.assertEqual((first["IsTruncated"], first["NextKeyMarker"]), (True, "b"))
        rest = self.s3.list_object_versions(Bucket=self.bucket, KeyMarker="b", VersionIdMarker="null")
        self.assertEqual([one["Key"] for one in rest["Versions"]], ["c"])
        self.s3.delete_object(Bucket=self.bucket, Key="a", VersionId="null")
        self.assertEqual(self.found(self.list())[0], ["b", "c"])
        with self.refused(400, "InvalidArgument"):
            self.s3.get_object(Bucket=self.bucket, Key="b", VersionId="no version")

    def test_an_entry_describes_its_object(self):
        self.put("key", ChecksumAlgorithm="SHA256")
        (entry,) = self.list(FetchOwner=True)["Contents"]
        self.assertEqual((entry["Key"], entry["Size"], entry["ETag"]), ("key", 7, md5(b"content")))
        self.assertEqual((entry["StorageClass"], entry["ChecksumAlgorithm"]), ("STANDARD", ["SHA256"]))
        self.assertEqual(entry["LastModified"], self.head("key")["LastModified"])
        self.assertTrue(entry["Owner"]["ID"])
        self.assertNotIn("Owner", self.list()["Contents"][0])

    def test_a_prefix_chooses(self):
        self.fill()
        self.assertEqual(self.found(self.list(Prefix="a/"))[0], ["a/1", "a/2", "a/b/3"])
        self.assertEqual(self.found(self.list(Prefix="a"))[0], ["a", "a/1", "a/2", "a/b/3"])
        self.assertEqual(self.list(Prefix="missing")["KeyCount"], 0)

    def test_a_delimiter_makes_folders(self):
        self.fill()
        answer = self.list(Delimiter="/")
        self.assertEqual(self.found(answer), (["B", "a", "b", "ä", "😀"], ["a/", "c/"]))
        self.assertEqual(answer["KeyCount"], 7)
        self.assertEqual(self.found(self.list(Delimiter="/", Prefix="a/")), (["a/1", "a/2"], ["a/b/"]))

    def test_pages_hold_every_key_once(self):
        self.fill()
        for settings in ({"MaxKeys": 2}, {"MaxKeys": 2, "Delimiter": "/"}, {"MaxKeys": 1, "Prefix": "a"}):
            with self.subTest(settings):
                whole = self.list(**{**settings, "MaxKeys": 1000})
                keys, prefixes, page = [], [], self.list(**settings)
                while True:
                    found = self.found(page)
                    keys, prefixes = keys + found[0], prefixes + found[1]
                    self.assertEqual(page["KeyCount"], len(found[0]) + len(found[1]))
                    self.assertLessEqual(page["KeyCount"], settings["MaxKeys"])
                    if not page["IsTruncated"]:
                        break
                    page = self.list(**settings, ContinuationToken=page["NextContinuationToken"])
                self.assertEqual((keys, prefixes), self.found(whole))

    def test_a_list_can_start_after_a_key(self):
        self.fill()
        self.assertEqual(self.found(self.list(StartAfter="a/2"))[0], KEYS[4:])
        self.assertEqual(self.found(self.list(StartAfter="a/21"))[0], KEYS[4:])

    def test_a_page_has_1000_keys_at_most(self):
        keys = [f"{number:04}" for number in range(1001)]
        self.fill(keys)
        page = self.list(MaxKeys=5000)
        self.assertEqual((page["MaxKeys"], page["KeyCount"], page["IsTruncated"]), (1000, 1000, True))
        rest = self.list(ContinuationToken=page["NextContinuationToken"])
        self.assertEqual(self.found(rest)[0], keys[1000:])
        self.assertEqual((self.list(MaxKeys=0)["KeyCount"], self.list(MaxKeys=0)["IsTruncated"]), (0, False))

    def test_keys_can_be_encoded(self):
        key = "a b+c/ü%&"
        self.put(key)
        answer = self.list(EncodingType="url", Prefix="a b")
        self.assertEqual(answer["Contents"][0]["Key"], "a+b%2Bc/%C3%BC%25%26")
        self.assertEqual((answer["Prefix"], answer["EncodingType"]), ("a+b", "url"))

    def test_wrong_settings_are_refused(self):
        with self.refused(400, "InvalidArgument"):
            self.list(ContinuationToken="no token")
        with self.refused(400, "InvalidArgument"):
            self.list(EncodingType="base64")
        with self.refused(400, "InvalidArgument"):
            self.list(MaxKeys=-1)

    # docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html: NextMarker only with a delimiter.
    def test_version_1_goes_on_from_a_marker(self):
        self.fill()

        def page(**settings):
            return self.s3.list_objects(Bucket=self.bucket, **settings)

        first = page(MaxKeys=3)
        self.assertEqual((self.found(first)[0], first["IsTruncated"]), (KEYS[:3], True))
        self.assertNotIn("NextMarker", first)
        self.assertEqual(self.found(page(Marker=KEYS[2]))[0], KEYS[3:])
        first = page(MaxKeys=3, Delimiter="/")
        self.assertEqual((self.found(first), first["NextMarker"]), ((["B", "a"], ["a/"]), "a/"))
        self.assertEqual(self.found(page(Marker="a/", Delimiter="/")), (["b", "ä", "😀"], ["c/"]))
