import * as fs from "node:fs";
import * as https from "node:https";

import { paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";

import type { Checkout } from "./checkout";

/** What an AWS SDK's client needs for a checkout's local environment. */
export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** For what the AWS CLI isn't itself the point of: each of its processes computes half a second. */
export async function clientConfig(checkout: Checkout): Promise<ClientConfig> {
  const set = await variables(checkout);
  return {
    endpoint: set.AWS_ENDPOINT_URL ?? "",
    region: set.AWS_REGION ?? "us-east-1",
    credentials: {
      accessKeyId: set.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: set.AWS_SECRET_ACCESS_KEY ?? "",
    },
  };
}

/** The same for S3, which has an address of its own where the S3 model runs. */
export async function s3Config(checkout: Checkout): Promise<
  ClientConfig & {
    readonly forcePathStyle: true;
    readonly requestHandler?: { readonly httpsAgent: https.Agent };
  }
> {
  const config = await clientConfig(checkout);
  const { AWS_ENDPOINT_URL_S3: endpoint = config.endpoint, NODE_EXTRA_CA_CERTS: authority } =
    await variables(checkout);
  const s3 = { ...config, endpoint, forcePathStyle: true } as const;
  if (authority === undefined) return s3;
  // Node.js reads the variable when it starts: before the checkout had its authority.
  const httpsAgent = new https.Agent({ ca: fs.readFileSync(authority), keepAlive: true });
  return { ...s3, requestHandler: { httpsAgent } };
}

/** How many objects a bucket has below a prefix. */
export async function countObjects(checkout: Checkout, bucket: string, prefix: string): Promise<number> {
  const client = new S3Client(await s3Config(checkout));
  let objects = 0;
  for await (const { KeyCount = 0 } of paginateListObjectsV2(
    { client },
    { Bucket: bucket, Prefix: prefix },
  )) {
    objects += KeyCount;
  }
  return objects;
}

async function variables(checkout: Checkout): Promise<Readonly<Record<string, string | undefined>>> {
  const { set } = JSON.parse(await checkout.ok("lambench local env --json")) as {
    set: Readonly<Record<string, string>>;
  };
  return set;
}
