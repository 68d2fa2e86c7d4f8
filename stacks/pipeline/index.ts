import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { invokeCommand } from "../../infra/aws-command";
import { functionName, MAX_TIMEOUT, MEMORY_RANGE } from "../../infra/function";
import { HttpApi } from "../../infra/http-api";
import { checkCapacity, Postgres } from "../../infra/postgres";
import { PrivateNetwork } from "../../infra/private-network";
import { scenario } from "../../infra/scenario";
import { deployDashboard } from "./dashboard";
import { deployFunctions, type Functions, inNetwork } from "./functions";
import { deployLoad } from "./load";

const settings = {
  memory: { default: 512, range: MEMORY_RANGE, description: "memory of each function, MB" },
  timeoutSeconds: {
    default: 60,
    range: [3, MAX_TIMEOUT],
    description: "timeout of a stream reader, seconds",
  },
  shards: { default: 1, range: [0, 200], description: "shards of the Kinesis stream, 0 for on-demand" },
  batchSize: { default: 100, range: [1, 1000], description: "records per invocation of a stream reader" },
  batchWindowSeconds: { default: 0, range: [0, 300], description: "longest wait for a full batch, seconds" },
  parallelization: { default: 1, range: [1, 10], description: "concurrent batches per shard" },
  fanOut: {
    default: "off",
    choices: ["off", "on"],
    description: "whether Kinesis pushes records to midstream (enhanced fan-out), or Lambda polls for them",
  },
  retries: { default: 10, range: [0, 10_000], description: "retries of a record before it is dead-lettered" },
  apiAuth: { default: "iam", choices: ["iam", "none"], description: "who may call the API" },
  apiRate: { default: 1000, range: [1, 10_000], description: "requests per second that the API accepts" },
  apiBurst: { default: 500, range: [1, 5000], description: "requests in a burst that the API accepts" },
  driver: { default: "sqlx", choices: ["sqlx", "data-api"], description: "how rows are written" },
  // Both the same: while Aurora scales, that is what would be measured.
  minCapacity: { default: 2, range: [0, 256], step: 0.5, description: "minimum capacity of Aurora, ACUs" },
  maxCapacity: { default: 2, range: [1, 256], step: 0.5, description: "maximum capacity of Aurora, ACUs" },
  statementTimeoutSeconds: { default: 10, range: [1, 45], description: "timeout of a statement, seconds" },
} as const;

/** How long does a message take through a stream, from an HTTP request to a row in PostgreSQL? */
export const pipeline = scenario({
  name: "pipeline",
  settings,
  check(settings) {
    checkCapacity("pipeline", settings);
  },
  deploy({ target, name, parent, settings }) {
    const region = aws.getRegionOutput({}, { parent }).region;
    // Functions in the network fetch the password; a reader of the stream also dead-letters records.
    const services = ["secretsmanager", ...(settings.driver === "sqlx" ? ["sqs"] : [])];
    const inside = inNetwork(settings.driver);
    const network = new PrivateNetwork(
      "network",
      {
        name,
        services,
        functions: new Map(inside.map((role) => [role, functionName(target, `pipeline-${role}`)])),
      },
      { parent },
    );
    const postgres = new Postgres("database", { name, network, readers: 0, ...settings }, { parent });
    const stream = deployStream(name, settings.shards, parent);
    const table = deployTable(name, parent);
    const functions = deployFunctions(settings, { target, name, network, postgres, stream, table, parent });
    const migrated = new aws.lambda.Invocation(
      "migrate",
      {
        functionName: functions.migrate.name,
        input: "{}",
        triggers: { code: functions.migrate.resource.sourceCodeHash },
      },
      { parent, dependsOn: [functions.migrate, ...postgres.ready] },
    );
    for (const { reader, source } of [functions.midstream, functions.downstream]) {
      source.addConsumer(reader, settings);
    }
    const api = new HttpApi(
      "messages",
      {
        name,
        method: "POST",
        path: "/messages",
        handler: functions.upstream,
        auth: settings.apiAuth,
        rate: settings.apiRate,
        burst: settings.apiBurst,
      },
      // Whoever can call it finds the whole pipeline ready.
      { parent, dependsOn: [migrated] },
    );
    const load = deployLoad({ target, name, parent }, api, settings.apiAuth);
    deployDashboard(name, region, { api, stream, table, functions, postgres }, { parent });

    return {
      outputs: {
        pipelineTrigger: trigger(api.url, region, settings.apiAuth),
        pipelineLoad: `lambench run pipeline --rate 50 --duration 10s --stack ${target.stack}`,
        pipelineResults: invokeCommand(functions.tally, { summary: true }),
      },
      environment: {
        api: { url: api.url, auth: settings.apiAuth },
        stream: { name: stream.name, arn: stream.arn },
        table: { name: table.name, arn: table.arn, streamArn: table.streamArn },
        deadLetters: {
          midstream: functions.midstream.source.deadLetterUrl,
          downstream: functions.downstream.source.deadLetterUrl,
        },
        functions: names(functions),
        load,
        cluster: postgres.location(),
      },
    };
  },
});

function deployStream(name: string, shards: number, parent: pulumi.Resource): aws.kinesis.Stream {
  const capacity =
    shards === 0
      ? { streamModeDetails: { streamMode: "ON_DEMAND" } }
      : { streamModeDetails: { streamMode: "PROVISIONED" }, shardCount: shards };
  return new aws.kinesis.Stream(
    "messages",
    { name, ...capacity, encryptionType: "KMS", kmsKeyId: "alias/aws/kinesis" },
    { parent },
  );
}

/** DynamoDB encrypts every table, with a key of its own. */
function deployTable(name: string, parent: pulumi.Resource): aws.dynamodb.Table {
  return new aws.dynamodb.Table(
    "messages",
    {
      name,
      billingMode: "PAY_PER_REQUEST",
      hashKey: "id",
      attributes: [{ name: "id", type: "S" }],
      streamEnabled: true,
      streamViewType: "NEW_IMAGE",
    },
    { parent },
  );
}

/** A request that curl signs with the credentials of the shell, where the API wants them. */
function trigger(
  url: pulumi.Input<string>,
  region: pulumi.Input<string>,
  auth: "iam" | "none",
): pulumi.Output<string> {
  const signed = [
    pulumi.interpolate`--aws-sigv4 aws:amz:${region}:execute-api`,
    '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
    '--header "x-amz-security-token: $AWS_SESSION_TOKEN"',
  ];
  const message = String.raw`{\"id\": \"hello-$(date +%s)\", \"message\": \"Hello\", \"timestamp\": $(date +%s)}`;
  const words = [
    "curl --silent --show-error",
    ...(auth === "iam" ? signed : []),
    `--header "content-type: application/json" --data "${message}"`,
    url,
  ];
  return pulumi.all(words).apply((all) => all.join(" "));
}

function names({ midstream, downstream, ...others }: Functions): Record<string, string> {
  const all = { ...others, midstream: midstream.reader, downstream: downstream.reader };
  return Object.fromEntries(Object.entries(all).map(([role, { name }]) => [role, name]));
}
