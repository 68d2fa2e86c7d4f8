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
export async function s3Config(
  checkout: Checkout,
): Promise<ClientConfig & { readonly forcePathStyle: true }> {
  const config = await clientConfig(checkout);
  const { AWS_ENDPOINT_URL_S3: endpoint = config.endpoint } = await variables(checkout);
  return { ...config, endpoint, forcePathStyle: true };
}

async function variables(checkout: Checkout): Promise<Readonly<Record<string, string | undefined>>> {
  const { set } = JSON.parse(await checkout.ok("lambench local env --json")) as {
    set: Readonly<Record<string, string>>;
  };
  return set;
}
