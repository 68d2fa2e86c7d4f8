import {
  AbortMultipartUploadCommand,
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutBucketTaggingCommand,
} from "@aws-sdk/client-s3";
import type { Clients } from "../clients";
import { isNamed, orMissing } from "../errors";
import type { ResourceType } from "../resource-type";
import { tagList, tagMap } from "../tags";
import { type Properties, boolean, string, stringMap } from "../values";

export const bucket: ResourceType = {
  inputs: {
    bucket: { type: "string", replaces: true },
    bucketPrefix: { type: "string", replaces: true, unread: true },
    forceDestroy: { type: "boolean", default: false, unread: true },
    tags: { type: "map" },
  },
  outputs: ["arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName", "region", "tagsAll"],
  volatile: ["tagsAll"],
  name: { property: "bucket", prefix: "bucketPrefix", isLowerCase: true },

  async create(aws, inputs) {
    const name = string(inputs, "bucket");
    // In us-east-1, S3 reports success for a bucket that the account owns already.
    if (await exists(aws, name))
      throw new Error(`bucket '${name}' exists already: choose another name, or import it`);
    const LocationConstraint = aws.region as BucketLocationConstraint;
    const CreateBucketConfiguration = aws.region === "us-east-1" ? undefined : { LocationConstraint };
    await aws.s3.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration }));
    return { id: name };
  },

  async settle(aws, id, inputs) {
    if (inputs.tags !== undefined) await putTags(aws, id, inputs);
  },

  async read(aws, id) {
    if (!(await exists(aws, id))) return undefined;
    const tagging = await orMissing(aws.s3.send(new GetBucketTaggingCommand({ Bucket: id })), "NoSuchTagSet");
    const tags = tagMap(tagging?.TagSet);
    return {
      inputs: { bucket: id, tags },
      outputs: {
        arn: `arn:aws:s3:::${id}`,
        bucketDomainName: `${id}.s3.amazonaws.com`,
        bucketRegion: aws.region,
        bucketRegionalDomainName: `${id}.s3.${aws.region}.amazonaws.com`,
        region: aws.region,
        tagsAll: tags,
      },
    };
  },

  async update(aws, id, { news, changed }) {
    if (changed.has("tags")) await putTags(aws, id, news);
  },

  async delete(aws, id, state) {
    try {
      if (boolean(state, "forceDestroy")) await empty(aws, id);
      await aws.s3.send(new DeleteBucketCommand({ Bucket: id }));
    } catch (error) {
      if (isNamed(error, "NoSuchBucket")) return;
      if (!isNamed(error, "BucketNotEmpty")) throw error;
      throw new Error(
        `bucket '${id}' is not empty: set \`forceDestroy\` and run \`pulumi up\`, or empty it`,
        {
          cause: error,
        },
      );
    }
  },
};

async function exists(aws: Clients, name: string): Promise<boolean> {
  const call = aws.s3.send(new HeadBucketCommand({ Bucket: name }));
  return (await orMissing(call, "NotFound", "NoSuchBucket")) !== undefined;
}

async function putTags(aws: Clients, name: string, inputs: Properties): Promise<void> {
  const TagSet = tagList(stringMap(inputs, "tags"));
  if (TagSet.length === 0) await aws.s3.send(new DeleteBucketTaggingCommand({ Bucket: name }));
  else await aws.s3.send(new PutBucketTaggingCommand({ Bucket: name, Tagging: { TagSet } }));
}

/** Deletes every object with all its versions, and aborts open uploads. */
async function empty(aws: Clients, name: string): Promise<void> {
  await deleteVersions(aws, name);
  let markers: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (markers) {
    const page: ListMultipartUploadsCommandOutput = await aws.s3.send(
      new ListMultipartUploadsCommand({ Bucket: name, EncodingType: "url", ...markers }),
    );
    for (const { Key, UploadId } of page.Uploads ?? []) {
      const upload = { Bucket: name, Key: decoded(Key, page.EncodingType), UploadId };
      await orMissing(aws.s3.send(new AbortMultipartUploadCommand(upload)), "NoSuchUpload");
    }
    const KeyMarker = decoded(page.NextKeyMarker, page.EncodingType);
    markers = page.IsTruncated ? { KeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
  }
}

async function deleteVersions(aws: Clients, name: string): Promise<void> {
  let markers: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (markers) {
    const page: ListObjectVersionsCommandOutput = await aws.s3.send(
      new ListObjectVersionsCommand({ Bucket: name, EncodingType: "url", ...markers }),
    );
    const objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key: decoded(Key, page.EncodingType),
      VersionId,
    }));
    await deleteObjects(aws, name, objects);
    const KeyMarker = decoded(page.NextKeyMarker, page.EncodingType);
    markers = page.IsTruncated ? { KeyMarker, VersionIdMarker: page.NextVersionIdMarker } : undefined;
  }
}

/** A key of a listing as it is: S3 encodes those that XML cannot hold, where it is asked to, and blanks as `+`. */
function decoded(key: string | undefined, encoding: string | undefined): string | undefined {
  return encoding === "url" ? key && decodeURIComponent(key.replaceAll("+", " ")) : key;
}

interface ObjectVersion {
  Key: string | undefined;
  VersionId: string | undefined;
}

/** Whether XML 1.0 can hold a key, be it by references: https://www.w3.org/TR/xml/#charsets. */
function isXmlText({ Key = "" }: ObjectVersion): boolean {
  return Array.from(Key).every(
    (character) => (character >= " " && !/[\ufffe\uffff]/.test(character)) || /[\t\n\r]/.test(character),
  );
}

async function deleteObjects(aws: Clients, name: string, objects: ObjectVersion[]): Promise<void> {
  // The XML of a request for many cannot name them.
  for (const object of objects.filter((object) => !isXmlText(object)))
    await aws.s3.send(new DeleteObjectCommand({ Bucket: name, ...object }));
  const Delete = { Objects: objects.filter(isXmlText), Quiet: true };
  if (Delete.Objects.length === 0) return;
  const { Errors } = await aws.s3.send(new DeleteObjectsCommand({ Bucket: name, Delete }));
  const [failure] = Errors ?? [];
  if (failure) {
    throw new Error(
      `cannot delete '${failure.Key ?? ""}' from bucket '${name}': ${failure.Message ?? "no reason"}`,
    );
  }
}
