import {
  DeleteDBInstanceCommand,
  ModifyDBClusterCommand,
  ModifyDBClusterParameterGroupCommand,
} from "@aws-sdk/client-rds";
import { beforeAll, describe, expect, test } from "vitest";
import { expectDeleted, expectNoDrift, refreshed, useEnvironment } from "../testing/environment";
import type { Properties } from "../values";

const SUBNETS = "aws:rds/subnetGroup:SubnetGroup";
const PARAMETERS = "aws:rds/clusterParameterGroup:ClusterParameterGroup";
const CLUSTER = "aws:rds/cluster:Cluster";
const INSTANCE = "aws:rds/clusterInstance:ClusterInstance";
const ENGINE = "aurora-postgresql";
const env = useEnvironment();
let subnetIds: string[] = [];
let groupId = "";

beforeAll(async () => {
  const vpc = await env.engine.create("aws:ec2/vpc:Vpc", "v", { cidrBlock: "10.0.0.0/16" });
  const subnets = await Promise.all(
    ["a", "b", "c"].map((zone, index) =>
      env.engine.create("aws:ec2/subnet:Subnet", zone, {
        vpcId: vpc.id,
        cidrBlock: `10.0.${String(index)}.0/24`,
        availabilityZone: `us-east-1${zone}`,
      }),
    ),
  );
  subnetIds = subnets.map(({ id }) => id);
  groupId = (await env.engine.create("aws:ec2/securityGroup:SecurityGroup", "g", { vpcId: vpc.id })).id;
});

describe("a group of subnets", () => {
  test("is created, changed in place, imported and deleted", async () => {
    const args = { subnetIds: subnetIds.slice(0, 2), tags: { a: "1" } };
    const group = await env.engine.create(SUBNETS, "Places", args);
    expect(group.id).toMatch(/^places-[0-9a-f]{7}$/);
    await expectNoDrift(env.engine, group);
    expect((await env.engine.import(SUBNETS, group.id))?.inputs).toEqual(group.inputs);
    const reordered = { ...args, subnetIds: args.subnetIds.toReversed() };
    expect((await env.engine.diff(group, reordered)).changed).toEqual([]);
    const news = { description: "Three", subnetIds, tags: { b: "2" } };
    expect((await env.engine.diff(group, news)).replaces).toEqual([]);
    const updated = await env.engine.update(group, news);
    await expectNoDrift(env.engine, updated);
    await expectDeleted(env.engine, updated);
  });
});

describe("a group of parameters", () => {
  test("is created, changed in place, imported and deleted", async () => {
    const family = "aurora-postgresql16";
    const parameters = [
      { name: "rds.force_ssl", value: "1" },
      { name: "max_connections", value: "100", applyMethod: "pending-reboot" },
    ];
    const group = await env.engine.create(PARAMETERS, "p", { family, parameters, tags: { a: "1" } });
    await expectNoDrift(env.engine, group);
    const imported = await env.engine.import(PARAMETERS, group.id);
    expect(imported?.inputs).toMatchObject({ family, name: group.id, tags: { a: "1" } });
    const news = { family, parameters: [{ name: "rds.force_ssl", value: "0" }] };
    expect((await env.engine.diff(group, news)).replaces).toEqual([]);
    const updated = await env.engine.update(group, news);
    await expectNoDrift(env.engine, updated);
    await env.aws.rds.send(
      new ModifyDBClusterParameterGroupCommand({
        DBClusterParameterGroupName: group.id,
        Parameters: [{ ParameterName: "work_mem", ParameterValue: "1", ApplyMethod: "immediate" }],
      }),
    );
    const live = await refreshed(env.engine, updated);
    expect((await env.engine.diff(live, news)).changed).toEqual(["parameters"]);
    await expectNoDrift(env.engine, await env.engine.update(live, news));
    await expectDeleted(env.engine, updated);
  });
});

describe("a cluster", () => {
  test("with an instance is created with every setting, changed in place, imported and deleted", async () => {
    const subnets = await env.engine.create(SUBNETS, "s", { subnetIds });
    const parameters = await env.engine.create(PARAMETERS, "p", { family: "aurora-postgresql16" });
    const args = declared("full", {
      backupRetentionPeriod: 2,
      copyTagsToSnapshot: true,
      dbClusterParameterGroupName: parameters.id,
      dbSubnetGroupName: subnets.id,
      enableHttpEndpoint: true,
      enabledCloudwatchLogsExports: ["postgresql"],
      engineVersion: "16.8",
      iamDatabaseAuthenticationEnabled: true,
      serverlessv2ScalingConfiguration: { minCapacity: 0, maxCapacity: 4, secondsUntilAutoPause: 300 },
      storageEncrypted: true,
      tags: { a: "1" },
      vpcSecurityGroupIds: [groupId],
    });
    const cluster = await env.engine.create(CLUSTER, "c", args);
    expect(cluster.state).toMatchObject({
      arn: "arn:aws:rds:us-east-1:000000000000:cluster:full",
      port: expect.any(Number) as number,
      masterUserSecrets: [
        { secretArn: expect.stringContaining(":secret:rds!cluster") as string, secretStatus: "active" },
      ],
    });
    expect(cluster.state.endpoint).not.toBe(cluster.state.readerEndpoint);
    await expectNoDrift(env.engine, cluster);
    const imported = await env.engine.import(CLUSTER, cluster.id);
    expect(imported?.inputs).toMatchObject({ clusterIdentifier: "full", backupRetentionPeriod: 2 });

    const place = { clusterIdentifier: cluster.id, engine: ENGINE };
    const small = { ...place, identifier: "full-writer", instanceClass: "db.serverless", tags: { a: "1" } };
    const instance = await env.engine.create(INSTANCE, "i", {
      ...small,
      engineVersion: "16.8",
      promotionTier: 1,
      publiclyAccessible: false,
    });
    expect(instance.state).toMatchObject({ writer: true, port: cluster.state.port });
    await expectNoDrift(env.engine, instance);
    const large = { ...place, identifier: "full-writer", instanceClass: "db.r6g.large" };
    const news = { ...large, applyImmediately: true, promotionTier: 2, tags: { b: "2" } };
    expect((await env.engine.diff(instance, news)).replaces).toEqual([]);
    const updatedInstance = await env.engine.update(instance, news);
    await expectNoDrift(env.engine, updatedInstance);
    expect((await refreshed(env.engine, cluster)).state.clusterMembers).toEqual(["full-writer"]);

    const changed = declared("full", { applyImmediately: true, tags: { b: "2" }, deletionProtection: true });
    expect((await env.engine.diff(cluster, changed)).replaces).toEqual(["storageEncrypted"]);
    const update = { ...changed, storageEncrypted: true };
    const protectedCluster = await env.engine.update(cluster, update);
    await expectNoDrift(env.engine, protectedCluster);
    await expect(env.engine.delete(protectedCluster)).rejects.toThrow("DeletionProtection");
    const open = await env.engine.update(protectedCluster, { ...update, deletionProtection: false });
    await expectDeleted(env.engine, updatedInstance);
    await expectDeleted(env.engine, open);
    await expectDeleted(env.engine, subnets);
  });

  test("takes a declared port and a major version for what the server makes of them", async () => {
    const args = declared("port", { engineVersion: "16", port: 5433 });
    const cluster = await env.engine.create(CLUSTER, "c", args);
    expect(cluster.inputs.port).toBe(5433);
    await expectNoDrift(env.engine, cluster);
    expect((await env.engine.diff(cluster, declared("port", {}))).changed).toEqual([]);
    await expectDeleted(env.engine, cluster);
  });

  test("shows what others changed, and that an instance is gone", async () => {
    const args = declared("drift", {});
    const cluster = await env.engine.create(CLUSTER, "c", args);
    const place = { clusterIdentifier: cluster.id, engine: ENGINE, instanceClass: "db.serverless" };
    const instance = await env.engine.create(INSTANCE, "reader", place);
    expect(instance.id).toMatch(/^reader-[0-9a-f]{7}$/);
    const request = { DBClusterIdentifier: cluster.id, BackupRetentionPeriod: 7 };
    await env.aws.rds.send(new ModifyDBClusterCommand(request));
    const live = await refreshed(env.engine, cluster);
    expect((await env.engine.diff(live, args)).changed).toEqual(["backupRetentionPeriod"]);
    await env.aws.rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: instance.id }));
    expect(await env.engine.refresh(instance)).toBeUndefined();
    await env.engine.delete(cluster);
  });

  test("is not deleted before it is said what becomes of its data", async () => {
    const kept = await env.engine.create(CLUSTER, "c", declared("kept", { skipFinalSnapshot: false }));
    await expect(env.engine.delete(kept)).rejects.toThrow("set that, or 'skipFinalSnapshot'");
    const news = declared("kept", { skipFinalSnapshot: false, finalSnapshotIdentifier: "last" });
    await expectDeleted(env.engine, await env.engine.update(kept, news));
  });
});

/** A cluster with a database of its own: locally all may share one server. */
function declared(name: string, args: Properties): Properties {
  return {
    clusterIdentifier: name,
    databaseName: `test_${name}`,
    engine: ENGINE,
    manageMasterUserPassword: true,
    masterUsername: `test_${name}`,
    skipFinalSnapshot: true,
    ...args,
  };
}
