import { describe, expect, test } from "vitest";
import { SettingsError, endpointOf, parseSettings } from "./config";

const URL = "http://127.0.0.1:4566";

describe("the provider's settings", () => {
  test("come from its arguments, nested ones as JSON text", () => {
    const endpoints = JSON.stringify([
      { s3: URL, lambda: `${URL}/l` },
      { stepfunctions: `${URL}/sfn`, eventbridge: `${URL}/e` },
    ]);
    const settings = parseSettings({ endpoints, region: "eu-west-1", accessKey: "a", secretKey: "b" }, {});
    expect(settings).toMatchObject({
      region: "eu-west-1",
      endpoints: { s3: URL, lambda: `${URL}/l`, sfn: `${URL}/sfn`, events: `${URL}/e` },
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    });
    expect(endpointOf(settings, "sfn", {})).toBe(`${URL}/sfn`);
  });

  test("come from the environment otherwise", () => {
    const settings = parseSettings({}, { AWS_ENDPOINT_URL: URL, AWS_REGION: "eu-north-1" });
    expect(settings).toMatchObject({ region: "eu-north-1", endpoints: {}, credentials: undefined });
    expect(endpointOf(settings, "iam", { AWS_ENDPOINT_URL: URL })).toBe(URL);
  });

  test("never lead to AWS itself", () => {
    expect(() => parseSettings({}, {})).toThrow(/no endpoint.*local environments only/);
    const settings = parseSettings({ endpoints: [{ s3: URL }] }, {});
    expect(() => endpointOf(settings, "iam", {})).toThrow(SettingsError);
  });

  test("that nobody would heed are refused by name", () => {
    const environment = { AWS_ENDPOINT_URL: URL };
    expect(() => parseSettings({ profile: "work" }, environment)).toThrow(
      "does not support its option 'profile'",
    );
    expect(() => parseSettings({ accessKey: "a" }, environment)).toThrow(
      "has 'accessKey' but no 'secretKey'",
    );
    expect(() => parseSettings({ endpoints: [{ s3: "localhost" }] }, environment)).toThrow(
      "'localhost', is not a URL",
    );
  });

  test("that only the official provider needs do no harm", () => {
    const args = {
      skipCredentialsValidation: "true",
      s3UsePathStyle: "true",
      version: "7.48.0",
      profile: "",
    };
    expect(parseSettings(args, { AWS_ENDPOINT_URL: URL }).region).toBe("us-east-1");
  });
});
