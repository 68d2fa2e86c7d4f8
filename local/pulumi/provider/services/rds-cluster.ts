import {
  CreateDBClusterCommand,
  type CreateDBClusterCommandInput,
  type DBCluster,
  DeleteDBClusterCommand,
  DescribeDBClustersCommand,
  DisableHttpEndpointCommand,
  EnableHttpEndpointCommand,
  ModifyDBClusterCommand,
} from "@aws-sdk/client-rds";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import { type Names, fromAws, toAws } from "../naming";
import type { Change, Live, PropertyTable, ResourceType } from "../resource-type";
import { tagList, tagMap } from "../tags";
import {
  type Properties,
  boolean,
  optionalObject,
  optionalString,
  pick,
  string,
  stringMap,
  strings,
} from "../values";
import { until } from "../wait";
import { engineVersion, retagArn } from "./rds";

const MISSING = "DBClusterNotFoundFault";

/** The inputs that a creation takes unchanged, under these names. */
const NAMES: Names = {
  clusterIdentifier: "DBClusterIdentifier",
  dbClusterParameterGroupName: "DBClusterParameterGroupName",
  dbSubnetGroupName: "DBSubnetGroupName",
  enabledCloudwatchLogsExports: "EnableCloudwatchLogsExports",
  iamDatabaseAuthenticationEnabled: "EnableIAMDatabaseAuthentication",
  serverlessv2ScalingConfiguration: "ServerlessV2ScalingConfiguration",
};

/** The inputs that ModifyDBCluster takes unchanged. */
const MODIFIABLE: PropertyTable = {
  backupRetentionPeriod: { type: "number", default: 1 },
  copyTagsToSnapshot: { type: "boolean", default: false },
  dbClusterParameterGroupName: { type: "string", computed: true },
  deletionProtection: { type: "boolean", default: false },
  engineVersion: { type: "string", computed: true },
  iamDatabaseAuthenticationEnabled: { type: "boolean", default: false },
  masterUserSecretKmsKeyId: { type: "string", computed: true },
  serverlessv2ScalingConfiguration: {
    type: "object",
    computed: true, // it cannot be taken away again
    fields: {
      maxCapacity: { type: "number", required: true },
      minCapacity: { type: "number", required: true },
      secondsUntilAutoPause: { type: "number" },
    },
  },
  // The emulator does not return it.
  storageType: { type: "string", unread: true },
  vpcSecurityGroupIds: { type: "list", set: true, computed: true },
};

const FIXED: PropertyTable = {
  clusterIdentifier: { type: "string", replaces: true },
  databaseName: { type: "string", replaces: true, computed: true },
  dbSubnetGroupName: { type: "string", replaces: true, computed: true },
  engine: { type: "string", required: true, replaces: true },
  engineMode: { type: "string", default: "provisioned", replaces: true },
  kmsKeyId: { type: "string", replaces: true, computed: true },
  // A password in the state would not be a secret here.
  manageMasterUserPassword: { type: "boolean", required: true, allowed: [true] },
  masterUsername: { type: "string", replaces: true, computed: true },
  // The local database chooses its port, which the output has.
  port: { type: "number", replaces: true, computed: true, unread: true },
  storageEncrypted: { type: "boolean", default: false, replaces: true },
};

export const cluster: ResourceType = {
  inputs: {
    ...FIXED,
    ...MODIFIABLE,
    applyImmediately: { type: "boolean", default: false, unread: true },
    clusterIdentifierPrefix: { type: "string", replaces: true, unread: true },
    enableHttpEndpoint: { type: "boolean", default: false },
    // The emulator returns none.
    enabledCloudwatchLogsExports: { type: "list", set: true, unread: true },
    finalSnapshotIdentifier: { type: "string", unread: true },
    skipFinalSnapshot: { type: "boolean", default: false, unread: true },
    tags: { type: "map" },
  },
  outputs: [
    "arn",
    "availabilityZones",
    "clusterMembers",
    "clusterResourceId",
    "endpoint",
    "engineVersionActual",
    "hostedZoneId",
    "masterUserSecrets",
    "networkType",
    "port",
    "readerEndpoint",
    "region",
    "tagsAll",
  ],
  volatile: ["clusterMembers", "engineVersionActual", "tagsAll"],
  name: { property: "clusterIdentifier", prefix: "clusterIdentifierPrefix", isLowerCase: true },

  async create(aws, inputs) {
    const taken = [
      ...Object.keys(FIXED),
      ...Object.keys(MODIFIABLE),
      "enableHttpEndpoint",
      "enabledCloudwatchLogsExports",
    ];
    const request = toAws(pick(inputs, taken), NAMES) as CreateDBClusterCommandInput;
    await aws.rds.send(new CreateDBClusterCommand({ ...request, Tags: tagList(stringMap(inputs, "tags")) }));
    return { id: string(inputs, "clusterIdentifier") };
  },

  settle: untilAvailable,

  async read(aws, id, known) {
    const found = await find(aws, id);
    return found && live(aws, id, known, found);
  },

  async update(aws, id, change) {
    const arn = (await find(aws, id))?.DBClusterArn ?? "";
    await modify(aws, id, change);
    if (change.changed.has("enableHttpEndpoint")) {
      await aws.rds.send(
        boolean(change.news, "enableHttpEndpoint")
          ? new EnableHttpEndpointCommand({ ResourceArn: arn })
          : new DisableHttpEndpointCommand({ ResourceArn: arn }),
      );
    }
    await retagArn(aws, arn, change);
    await untilAvailable(aws, id);
  },

  async delete(aws, id, state) {
    const snapshot = optionalString(state, "finalSnapshotIdentifier");
    const skips = boolean(state, "skipFinalSnapshot");
    if (!skips && snapshot === undefined) {
      throw new Error(
        `cluster '${id}' has no 'finalSnapshotIdentifier': set that, or 'skipFinalSnapshot' to true, ` +
          "and run `pulumi up` before you destroy it",
      );
    }
    const request = { DBClusterIdentifier: id, SkipFinalSnapshot: skips };
    await orMissing(
      aws.rds.send(
        new DeleteDBClusterCommand({ ...request, ...(!skips && { FinalDBSnapshotIdentifier: snapshot }) }),
      ),
      MISSING,
    );
    await until(`deleting cluster '${id}'`, aws.cancelled, async () => !(await find(aws, id)));
  },
};

async function find(aws: Clients, id: string): Promise<DBCluster | undefined> {
  const call = aws.rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier: id }));
  return (await orMissing(call, MISSING))?.DBClusters?.[0];
}

async function modify(aws: Clients, id: string, { olds, news, changed }: Change): Promise<void> {
  const logs = "enabledCloudwatchLogsExports";
  const names = Object.keys(MODIFIABLE).filter((name) => changed.has(name));
  if (names.length === 0 && !changed.has(logs)) return;
  const before = strings(olds, logs);
  const after = strings(news, logs);
  await aws.rds.send(
    new ModifyDBClusterCommand({
      ...(toAws(pick(news, names), NAMES) as object),
      ApplyImmediately: boolean(news, "applyImmediately"),
      DBClusterIdentifier: id,
      ...(changed.has(logs) && {
        CloudwatchLogsExportConfiguration: {
          DisableLogTypes: before.filter((one) => !after.includes(one)),
          EnableLogTypes: after.filter((one) => !before.includes(one)),
        },
      }),
    }),
  );
}

async function untilAvailable(aws: Clients, id: string): Promise<void> {
  await until(
    `preparing cluster '${id}'`,
    aws.cancelled,
    async () => (await find(aws, id))?.Status === "available",
  );
}

function live(aws: Clients, id: string, known: Properties, found: DBCluster): Live {
  const tags = tagMap(found.TagList);
  return {
    inputs: {
      backupRetentionPeriod: found.BackupRetentionPeriod,
      clusterIdentifier: id,
      copyTagsToSnapshot: found.CopyTagsToSnapshot ?? false,
      databaseName: found.DatabaseName,
      dbClusterParameterGroupName: found.DBClusterParameterGroup,
      dbSubnetGroupName: found.DBSubnetGroup,
      deletionProtection: found.DeletionProtection ?? false,
      enableHttpEndpoint: found.HttpEndpointEnabled ?? false,
      engine: found.Engine,
      engineMode: found.EngineMode,
      engineVersion: engineVersion(known, found.EngineVersion),
      iamDatabaseAuthenticationEnabled: found.IAMDatabaseAuthenticationEnabled ?? false,
      kmsKeyId: found.KmsKeyId,
      manageMasterUserPassword: found.MasterUserSecret !== undefined,
      masterUserSecretKmsKeyId: found.MasterUserSecret?.KmsKeyId,
      masterUsername: found.MasterUsername,
      serverlessv2ScalingConfiguration: scaling(known, found),
      storageEncrypted: found.StorageEncrypted,
      tags,
      vpcSecurityGroupIds: (found.VpcSecurityGroups ?? []).flatMap((one) => one.VpcSecurityGroupId ?? []),
    },
    outputs: {
      arn: found.DBClusterArn,
      availabilityZones: found.AvailabilityZones,
      clusterMembers: (found.DBClusterMembers ?? []).flatMap((one) => one.DBInstanceIdentifier ?? []),
      clusterResourceId: found.DbClusterResourceId,
      endpoint: found.Endpoint,
      engineVersionActual: found.EngineVersion,
      hostedZoneId: found.HostedZoneId,
      masterUserSecrets: secrets(found),
      networkType: found.NetworkType,
      port: found.Port,
      readerEndpoint: found.ReaderEndpoint,
      region: aws.region,
      tagsAll: tags,
    },
  };
}

/** The capacity; the emulator drops the seconds until a pause, and RDS adds them where none were declared. */
function scaling(known: Properties, found: DBCluster): Properties | undefined {
  if (!found.ServerlessV2ScalingConfiguration) return undefined;
  const { maxCapacity, minCapacity } = fromAws(found.ServerlessV2ScalingConfiguration) as Properties;
  const declared = optionalObject(known, "serverlessv2ScalingConfiguration") ?? {};
  return { maxCapacity, minCapacity, ...pick(declared, ["secondsUntilAutoPause"]) };
}

function secrets({ MasterUserSecret: secret }: DBCluster): Properties[] {
  if (!secret) return [];
  return [{ kmsKeyId: secret.KmsKeyId, secretArn: secret.SecretArn, secretStatus: secret.SecretStatus }];
}
