"""The baseline of the archive contest: one object after the other, into a ZIP that leaves in parts."""

import io
import re
import zipfile

import boto3

PART_BYTES = 8 << 20
MAX_PARTS = 10_000
# Folders, drives of Windows, control characters.
NO_FILE = re.compile(r"^\.{0,2}$|^[A-Za-z]:|\\|[\x00-\x1f\x7f-\x9f]")

s3 = boto3.client("s3")


class UploadStream(io.RawIOBase):
    """A stream that cannot seek: what is written to it leaves as the parts of a multipart upload."""

    def __init__(self, bucket, key, part_bytes):
        self.target = {"Bucket": bucket, "Key": key}
        self.target["UploadId"] = s3.create_multipart_upload(**self.target)["UploadId"]
        self.part_bytes = part_bytes
        self.buffer = bytearray()
        self.parts = []

    def writable(self):
        return True

    def write(self, data):
        self.buffer += data
        while len(self.buffer) >= self.part_bytes:
            self.send(self.part_bytes)
        return len(data)

    def send(self, size):
        number = len(self.parts) + 1
        part = s3.upload_part(**self.target, PartNumber=number, Body=bytes(self.buffer[:size]))
        self.parts.append({"PartNumber": number, "ETag": part["ETag"]})
        del self.buffer[:size]

    def complete(self):
        if self.buffer:
            self.send(len(self.buffer))
        s3.complete_multipart_upload(**self.target, MultipartUpload={"Parts": self.parts})

    def abort(self):
        s3.abort_multipart_upload(**self.target)


def list_files(bucket, prefix):
    """All objects under the prefix, without the empty ones that only stand for a folder."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    objects = [entry for page in pages for entry in page.get("Contents", [])]
    return [entry for entry in objects if entry["Size"] > 0 or not entry["Key"].endswith("/")]


def name_of(entry):
    return entry["Key"].rsplit("/", 1)[-1]


def refuse_names(files):
    """An archive without folders cannot hold two objects of the same name, nor names that are not one file's everywhere."""
    seen = set()
    for entry in files:
        if NO_FILE.search(name_of(entry)):
            raise ValueError(f"{entry['Key']!r} has a name that no file can have: rename it")
        if name_of(entry) in seen:
            raise ValueError(f"two objects are named '{name_of(entry)}', one of them {entry['Key']}: rename one")
        seen.add(name_of(entry))


def copy(bucket, entry, archive):
    """Copies one object into the archive, unless it changed after it was listed."""
    body = s3.get_object(Bucket=bucket, Key=entry["Key"], IfMatch=entry["ETag"])["Body"]
    with archive.open(name_of(entry), "w", force_zip64=entry["Size"] >= 1 << 31) as file:
        for chunk in body.iter_chunks(1 << 20):
            file.write(chunk)


def handler(event, context):
    bucket = event["bucket_name"]
    files = list_files(bucket, event["files_prefix"])
    refuse_names(files)
    total = sum(entry["Size"] + 1024 for entry in files)
    stream = UploadStream(bucket, event["archive_key"], max(PART_BYTES, total // (MAX_PARTS - 1)))
    try:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for entry in files:
                copy(bucket, entry, archive)
        stream.complete()
    except BaseException:
        stream.abort()
        raise
    return {"entries": len(files)}
