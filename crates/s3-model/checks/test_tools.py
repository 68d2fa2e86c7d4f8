"""What people use: the AWS CLI and the AWS SDK for JavaScript."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from s3_fixture import MIB, ROOT, S3Test

SDK_CHECK = """
import { Readable } from "node:stream";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";

const [, bucket] = process.argv;
const s3 = new S3Client({ forcePathStyle: true });
const key = (Key) => ({ Bucket: bucket, Key });
await s3.send(new PutObjectCommand({ ...key("a b/ü"), Body: "content", Metadata: { one: "1" } }));
const stream = Readable.from([Buffer.from("con"), Buffer.from("tent")]);
await s3.send(new PutObjectCommand({ ...key("streamed"), Body: stream, ContentLength: 7 }));
const got = await s3.send(new GetObjectCommand(key("streamed")));
const error = await s3.send(new GetObjectCommand(key("missing"))).catch((refused) => refused);
const head = await s3.send(new HeadObjectCommand({ ...key("a b/ü"), ChecksumMode: "ENABLED" }));
console.log(JSON.stringify([await got.Body.transformToString(), error.name, head.Metadata, head.ChecksumCRC32]));
"""


class Tools(S3Test):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="lambench-s3-checks-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_tool(self, *command, **settings):
        """The output of a program that finds this S3 in its environment."""
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        keys = {name: value for name, value in zip(names, self.keys) if value}
        others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        place = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": self.region, "AWS_CONFIG_FILE": os.devnull}
        ended = subprocess.run(
            command, env={**others, **keys, **place}, capture_output=True, text=True, timeout=120, **settings
        )
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended.stdout

    def aws(self, *arguments):
        """The output of `aws s3`."""
        program = pathlib.Path(sys.executable).with_name("aws")
        return self.run_tool(program, "s3", *arguments, "--only-show-errors")

    def write(self, **files):
        """Write files into a folder of this test; returns its path."""
        folder = self.folder / "files"
        for name, content in files.items():
            path = folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    def read(self, folder):
        """The files of a folder, by their path in it."""
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    def test_the_cli_copies_folders(self):
        folder = self.write(one=b"1", deep__er__two=b"2", empty=b"")
        self.aws("cp", "--recursive", str(folder), f"s3://{self.bucket}/to/")
        self.assertEqual(self.keys_listed(), ["to/deep/er/two", "to/empty", "to/one"])
        self.aws("cp", "--recursive", f"s3://{self.bucket}/to/", f"s3://{self.bucket}/again/")
        self.aws("cp", "--recursive", f"s3://{self.bucket}/again/", str(self.folder / "back"))
        self.assertEqual(self.read(self.folder / "back"), self.read(folder))
        self.aws("rm", "--recursive", f"s3://{self.bucket}/to/")
        self.assertEqual(self.keys_listed(Prefix="to/"), [])

    def test_the_cli_syncs_only_what_changed(self):
        folder = self.write(same=b"1", changed=b"2", removed=b"3")
        # Times count whole seconds: a file of this second looks newer than its object.
        for path in folder.iterdir():
            os.utime(path, (0, 0))
        self.aws("sync", str(folder), f"s3://{self.bucket}")
        before = self.head("same")["LastModified"]
        (folder / "changed").write_bytes(b"2 and more")
        (folder / "removed").unlink()
        self.aws("sync", "--delete", str(folder), f"s3://{self.bucket}")
        self.assertEqual(self.keys_listed(), ["changed", "same"])
        self.assertEqual((self.content("changed"), self.head("same")["LastModified"]), (b"2 and more", before))

    def test_the_cli_copies_large_files_in_parts(self):
        content = b"".join(bytes([number]) * MIB for number in range(20))
        folder = self.write(large=content)
        self.aws("cp", str(folder / "large"), f"s3://{self.bucket}/large")
        # The CLI's parts are of 8 MiB.
        self.assertEqual(self.head("large", PartNumber=1)["PartsCount"], 3)
        self.aws("cp", f"s3://{self.bucket}/large", f"s3://{self.bucket}/copy")
        self.aws("cp", f"s3://{self.bucket}/copy", str(self.folder / "back"))
        self.assertTrue((self.folder / "back").read_bytes() == content, "the content is another")

    def test_the_sdk_for_javascript_puts_and_gets(self):
        script = ["node", "--input-type=module", "--eval", SDK_CHECK, "--", self.bucket]
        result = json.loads(self.run_tool(*script, cwd=ROOT))
        self.assertEqual(result, ["content", "NoSuchKey", {"one": "1"}, "/sUwqQ=="])
        self.assertEqual((self.content("a b/ü"), self.content("streamed")), (b"content", b"content"))
