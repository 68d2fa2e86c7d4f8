import type { Checkout } from "./checkout";

/** What an AWS SDK's client needs for a checkout's local environment. */
export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** For requests that are so frequent that the AWS CLI would take too long. */
export async function clientConfig(checkout: Checkout): Promise<ClientConfig> {
  const { set } = JSON.parse(await checkout.ok("lambench local env --json")) as {
    set: Readonly<Record<string, string>>;
  };
  return {
    endpoint: set.AWS_ENDPOINT_URL ?? "",
    region: set.AWS_REGION ?? "us-east-1",
    credentials: {
      accessKeyId: set.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: set.AWS_SECRET_ACCESS_KEY ?? "",
    },
  };
}
