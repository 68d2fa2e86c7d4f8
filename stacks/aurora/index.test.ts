import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { aurora } from ".";
import { idOf, MockedStack } from "../testing";

const BINS = ["migrate", "worker-queue", "worker-ramp", "merge", "tally"].map((name) => `aurora-${name}`);
const CLUSTER = "arn:aws:rds:eu-west-1:123456789012:cluster:lambench-full-aurora";
const SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!lambench-full-aurora";

describe("the aurora stack", () => {
  const stack = new MockedStack(BINS);
  let outputs: Record<string, unknown>;

  beforeAll(async () => {
    await stack.mock();
    outputs = await stack.deploy(aurora);
  });
  afterAll(() => {
    stack.remove();
  });

  it("keeps the database private: no public address, no public subnet, no way out of the network", () => {
    for (const { inputs } of stack.resources("aws:rds/clusterInstance:ClusterInstance")) {
      expect(inputs.publiclyAccessible).toBe(false);
    }
    const types = stack.declared.map(({ type }) => type);
    expect(types.filter((type) => /internetGateway|natGateway|route/i.test(type))).toEqual([]);
  });

  it("lets only the functions in, at the database's port, and nobody by address", () => {
    const rules = stack.resources("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(
      rules.map(({ inputs }) => [inputs.fromPort, inputs.toPort, inputs.referencedSecurityGroupId]),
    ).toEqual([
      [443, 443, "lambench-full-aurora-functions-id"],
      [5432, 5432, "lambench-full-aurora-functions-id"],
    ]);
    const all = [...rules, ...stack.resources("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")];
    expect(all.filter(({ inputs }) => "cidrIpv4" in inputs || "cidrIpv6" in inputs)).toEqual([]);
  });

  it("demands TLS, encrypts, and leaves the password to RDS", () => {
    const cluster = stack.resource("aws:rds/cluster:Cluster", "lambench-full-aurora").inputs;
    expect(cluster).toMatchObject({
      engine: "aurora-postgresql",
      storageEncrypted: true,
      manageMasterUserPassword: true,
      enableHttpEndpoint: true,
      skipFinalSnapshot: true,
    });
    expect(cluster).not.toHaveProperty("masterPassword");
    const [parameters] = stack.resources("aws:rds/clusterParameterGroup:ClusterParameterGroup");
    expect(parameters?.inputs.parameters).toEqual([{ name: "rds.force_ssl", value: "1" }]);
  });

  it("puts no secret into a function's environment or an output", () => {
    for (const { inputs } of stack.resources("aws:lambda/function:Function")) {
      expect(JSON.stringify(inputs.environment ?? {})).not.toMatch(/password/i);
    }
    expect(JSON.stringify(outputs)).not.toMatch(/password|secret/i);
  });

  it("lets sqlx workers read the secret and take messages, and not use the Data API", () => {
    const may = stack.allowed("lambench-full-aurora-worker-queue-sqlx");
    expect(may["secretsmanager:GetSecretValue"]).toEqual([SECRET]);
    expect(may["sqs:ReceiveMessage"]).toEqual([expect.stringMatching(/lambench-full-aurora-sqlx$/)]);
    expect(may["sqs:SendMessage"]).toEqual([expect.stringMatching(/lambench-full-aurora-sqlx-dead$/)]);
    expect(Object.keys(may).filter((action) => action.startsWith("rds-data:"))).toEqual([]);
  });

  it("lets data-api workers use the Data API of this cluster, from outside the network", () => {
    const may = stack.allowed("lambench-full-aurora-worker-ramp-data-api");
    expect(may["rds-data:ExecuteStatement"]).toEqual([CLUSTER]);
    expect(may["secretsmanager:GetSecretValue"]).toEqual([SECRET]);
    expect(Object.keys(may).filter((action) => /^(ec2|sqs):/.test(action))).toEqual([]);
    const inside = stack.resources("aws:lambda/function:Function").filter(({ inputs }) => inputs.vpcConfig);
    expect(inside.map(({ name }) => name.replace("lambench-full-aurora-", "")).sort()).toEqual([
      "migrate",
      "tally",
      "worker-queue-sqlx",
      "worker-ramp-sqlx",
    ]);
  });

  it("names every action, and every resource but the network interfaces that Lambda makes", () => {
    stack.expectExactPolicies();
  });

  it("keeps the right to make network interfaces from the functions' own code", () => {
    const [, statements] = stack.policies().find(([name]) => name.endsWith("worker-ramp-sqlx")) ?? [];
    const denied = statements?.find(({ Effect }) => Effect === "Deny");
    expect(denied?.Action).toContain("ec2:CreateNetworkInterface");
    expect(JSON.stringify(denied?.Condition)).toContain(":function:lambench-full-aurora-worker-ramp-sqlx");
  });

  it("keeps the roles of functions inside until the network's interfaces are gone, by which Lambda removes them", () => {
    const inside = stack.resources("aws:lambda/function:Function").filter(({ inputs }) => inputs.vpcConfig);
    const policies = stack
      .resources("aws:iam/rolePolicy:RolePolicy")
      .filter(({ name }) => name.endsWith("-network"));
    expect(policies.map(({ inputs }) => inputs.role).sort()).toEqual(inside.map(({ name }) => name).sort());
    for (const { name, inputs } of inside) expect(inputs.role).toMatch(new RegExp(`:role/${name}$`));
    const type = "aws:ec2/securityGroup:SecurityGroup";
    const group = stack.resource(type, "lambench-full-aurora-functions");
    expect(group.after).toEqual(expect.arrayContaining(policies.map(idOf)));
  });

  it("keeps messages for six timeouts of their worker, and puts what fails five times aside", () => {
    const queue = stack.resource("aws:sqs/queue:Queue", "lambench-full-aurora-data-api").inputs;
    expect(queue).toMatchObject({ visibilityTimeoutSeconds: 360, sqsManagedSseEnabled: true });
    expect(JSON.parse(queue.redrivePolicy as string)).toEqual({
      deadLetterTargetArn: expect.stringMatching(/lambench-full-aurora-data-api-dead$/) as string,
      maxReceiveCount: 5,
    });
    for (const { inputs } of stack.resources("aws:lambda/eventSourceMapping:EventSourceMapping")) {
      expect(inputs.functionResponseTypes).toEqual(["ReportBatchItemFailures"]);
    }
    expect(stack.resources("aws:sqs/queuePolicy:QueuePolicy")).toHaveLength(4);
  });

  it("fills the tables with what the settings say, again when the migrations change", () => {
    const [migrated] = stack.resources("aws:lambda/invocation:Invocation");
    expect(JSON.parse(migrated?.inputs.input as string)).toEqual({ rows: 100_000, scale: 10 });
    expect(migrated?.inputs.triggers).toHaveProperty("code");
  });

  it("writes a definition in which every placeholder has its value", () => {
    const [machine] = stack.resources("aws:sfn/stateMachine:StateMachine");
    const definition = machine?.inputs.definition as string;
    expect(definition).not.toMatch(/\$\{/);
    expect(definition).toContain('"MaxConcurrency":20');
  });

  it("draws the load, the queues, the workers and the database on a dashboard", () => {
    const [board] = stack.resources("aws:cloudwatch/dashboard:Dashboard");
    const body = board?.inputs.dashboardBody as string;
    for (const metric of [
      "PERFORMANCE/AURORA/lambench_full_aurora",
      "COMPLETIONS",
      "ApproximateNumberOfMessagesVisible",
      "ConcurrentExecutions",
      "ServerlessDatabaseCapacity",
      "DatabaseConnections",
      "CPUUtilization",
    ]) {
      expect(body).toContain(metric);
    }
  });

  it("has a second instance only where a reader is asked for", async () => {
    expect(stack.resources("aws:rds/clusterInstance:ClusterInstance")).toHaveLength(1);
    const other = new MockedStack([]);
    await other.mock();
    await stack.deploy(aurora, { readers: "1" });
    const [writer, reader] = other.resources("aws:rds/clusterInstance:ClusterInstance");
    expect([writer?.name, reader?.name]).toEqual([
      "lambench-full-aurora-writer",
      "lambench-full-aurora-reader",
    ]);
    // The first instance becomes the writer.
    expect(reader?.after).toContain(writer && idOf(writer));
    expect([writer?.inputs.promotionTier, reader?.inputs.promotionTier]).toEqual([0, 1]);
    other.remove();
  });

  it("stays at the release it was made with", () => {
    for (const { inputs } of stack.resources("aws:rds/clusterInstance:ClusterInstance")) {
      expect(inputs.autoMinorVersionUpgrade).toBe(false);
    }
  });

  it("measures a cluster that does not scale unless that is asked for", () => {
    const { inputs } = stack.resource("aws:rds/cluster:Cluster", "lambench-full-aurora");
    expect(inputs.serverlessv2ScalingConfiguration).toEqual({ minCapacity: 8, maxCapacity: 8 });
  });

  it("warns of a cluster that pauses", async () => {
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    const other = new MockedStack(BINS);
    await other.mock();
    await other.deploy(aurora, { minCapacity: "0" });
    other.remove();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("minCapacity 0 pauses aurora's cluster"));
    warn.mockRestore();
  });

  it("is in zones that have the endpoints it needs", async () => {
    const place = { partition: "aws", region: "us-east-1", endpointZones: ["b", "c"] };
    const other = new MockedStack(BINS, place);
    await other.mock();
    await other.deploy(aurora);
    other.remove();
    const zones = other.resources("aws:ec2/subnet:Subnet").map(({ inputs }) => inputs.availabilityZone);
    expect(zones).toEqual(["us-east-1b", "us-east-1c"]);
  });

  it("refuses a minimum above the maximum", async () => {
    await expect(stack.deploy(aurora, { minCapacity: "16", maxCapacity: "8" })).rejects.toThrow(
      "minCapacity 16 is more than maxCapacity 8: pulumi config set --path aurora.maxCapacity 16 --stack full, " +
        "or pulumi config set --path aurora.minCapacity 8 --stack full",
    );
  });

  it("tells the workers where the dashboard looks for their metrics, and programs how stages are made up", () => {
    for (const worker of ["worker-queue-sqlx", "worker-ramp-data-api"]) {
      const { inputs } = stack.resource("aws:lambda/function:Function", `lambench-full-aurora-${worker}`);
      const variables = { METRICS_NAMESPACE: "PERFORMANCE/AURORA/lambench_full_aurora" };
      expect(inputs.environment).toMatchObject({ variables });
    }
    expect(outputs.environment).toMatchObject({ groupSize: 20, settingRanges: { memory: [128, 10240] } });
  });

  it("prints triggers that a shell takes as they are", () => {
    expect(outputs.auroraTrigger).toMatch(
      new RegExp(
        String.raw`^aws sqs send-message --queue-url https:\S+-aurora-sqlx --message-body load ` +
          String.raw`--message-attributes '\{"Action":.*\}' --region eu-west-1$`,
      ),
    );
    expect(outputs.auroraRampTrigger).toMatch(
      /^aws stepfunctions start-execution --state-machine-arn arn:\S+ --input '\{.*\}' --region eu-west-1$/,
    );
    expect(outputs.auroraResults).toMatch(/^aws lambda invoke --function-name lambench-full-aurora-tally /);
  });
});
