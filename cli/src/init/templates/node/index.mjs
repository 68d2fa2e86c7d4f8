// Archive contender: one object after the other, into a ZIP that leaves in parts.
//
// What to change: it waits for S3 most of the time, since it reads one object after the other. Reading ahead, and sending
// several parts at once, make it faster and so cheaper; larger parts need fewer requests.

import { crc32 } from "node:zlib";

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

const PART_BYTES = 8 << 20;
const MOST_PARTS = 9000;
// An object is held in memory as a whole.
const MOST_BYTES = 256 << 20;
// Folders, drives of Windows, control characters.
const NO_FILE = /^\.{0,2}$|^[A-Za-z]:|\\|[\x00-\x1f\x7f-\x9f]/;
// What has no room in 32 or 16 bits stands in ZIP64's fields instead (APPNOTE 4.3.9.2).
const WIDE = 0xffffffff;
const MANY = 0xffff;

const s3 = new S3Client({});

export async function handler({ bucket_name: Bucket, files_prefix, archive_key: Key }) {
  const files = await list(Bucket, files_prefix);
  refuseNames(files);
  const total = files.reduce((sum, { Size }) => sum + Size + 1024, 0);
  const upload = await start({ Bucket, Key }, Math.max(PART_BYTES, Math.ceil(total / MOST_PARTS)));
  try {
    await archive(Bucket, files, upload);
    await upload.complete();
  } catch (error) {
    await upload.abort();
    throw error;
  }
  return { entries: files.length };
}

/** All objects under the prefix, without the empty ones that only stand for a folder. */
async function list(Bucket, prefix) {
  if (!prefix) throw new Error("the event's files_prefix is empty: name the objects' prefix");
  const Prefix = `${prefix.replace(/\/+$/, "")}/`;
  const files = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix })) {
    files.push(...(page.Contents ?? []).filter(({ Key, Size }) => Size > 0 || !Key.endsWith("/")));
  }
  return files;
}

function nameOf({ Key }) {
  return Key.slice(Key.lastIndexOf("/") + 1);
}

/** An archive without folders cannot hold two objects of the same name, nor names that are not one file's everywhere. */
function refuseNames(files) {
  const seen = new Set();
  for (const file of files) {
    const name = nameOf(file);
    if (NO_FILE.test(name)) throw new Error(`'${file.Key}' has a name that no file can have: rename it`);
    if (seen.has(name))
      throw new Error(`two objects are named '${name}', one of them ${file.Key}: rename one`);
    if (file.Size > MOST_BYTES)
      throw new Error(`'${file.Key}' is too large to be held in memory: leave it out`);
    seen.add(name);
  }
}

/** Reads one object, unless it changed after it was listed. */
async function read(Bucket, { Key, ETag, Size }) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, IfMatch: ETag }));
  const bytes = await Body.transformToByteArray();
  if (bytes.length !== Size) throw new Error(`'${Key}': ${bytes.length} bytes arrived, not ${Size}`);
  return bytes;
}

async function archive(Bucket, files, upload) {
  const directory = [];
  let offset = 0;
  for (const file of files) {
    const content = await read(Bucket, file);
    const entry = { name: Buffer.from(nameOf(file)), crc: crc32(content), size: content.length, offset };
    const header = localHeader(entry);
    await upload.write(header);
    await upload.write(content);
    directory.push(centralHeader(entry));
    offset += header.length + content.length;
  }
  const central = Buffer.concat(directory);
  await upload.write(central);
  await upload.write(end(files.length, central.length, offset));
}

/** What is written leaves as soon as it fills a part. */
async function start(target, partBytes) {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
  const upload = { ...target, UploadId };
  const parts = [];
  let pieces = [];
  let size = 0;
  const send = async () => {
    const PartNumber = parts.length + 1;
    const Body = Buffer.concat(pieces);
    const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
    parts.push({ PartNumber, ETag });
    pieces = [];
    size = 0;
  };
  return {
    async write(bytes) {
      pieces.push(bytes);
      size += bytes.length;
      if (size >= partBytes) await send();
    },
    async complete() {
      if (size > 0) await send();
      await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }));
    },
    abort: () => s3.send(new AbortMultipartUploadCommand(upload)),
  };
}

/** Numbers as a ZIP has them: pairs of a width in bytes and a value. */
function record(...fields) {
  const bytes = Buffer.alloc(fields.reduce((sum, [width]) => sum + width, 0));
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUIntLE(value, at, width);
    at += width;
  }
  return bytes;
}

/** Version 4.5, names in UTF-8, stored as it is, 1 January 1980; CRC and sizes. */
function facts({ crc, size, name }) {
  return [
    [2, 45],
    [2, 0x0800],
    [2, 0],
    [2, 0],
    [2, 0x21],
    [4, crc],
    [4, size],
    [4, size],
    [2, name.length],
  ];
}

function localHeader(entry) {
  return Buffer.concat([record([4, 0x04034b50], ...facts(entry), [2, 0]), entry.name]);
}

function centralHeader(entry) {
  const isWide = entry.offset >= WIDE;
  const extra = isWide ? record([2, 1], [2, 8], [8, entry.offset]) : Buffer.alloc(0);
  const place = [
    [2, extra.length],
    [2, 0],
    [2, 0],
    [2, 0],
    [4, 0],
    [4, isWide ? WIDE : entry.offset],
  ];
  return Buffer.concat([record([4, 0x02014b50], [2, 45], ...facts(entry), ...place), entry.name, extra]);
}

/** The records behind the directory. */
function end(count, size, offset) {
  const counts = [
    [8, count],
    [8, count],
    [8, size],
    [8, offset],
  ];
  const wide = [
    record([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], ...counts),
    record([4, 0x07064b50], [4, 0], [8, offset + size], [4, 1]),
  ];
  const [many, bytes, at] = [Math.min(count, MANY), Math.min(size, WIDE), Math.min(offset, WIDE)];
  const isWide = many === MANY || bytes === WIDE || at === WIDE;
  const last = record([4, 0x06054b50], [2, 0], [2, 0], [2, many], [2, many], [4, bytes], [4, at], [2, 0]);
  return Buffer.concat(isWide ? [...wide, last] : [last]);
}
