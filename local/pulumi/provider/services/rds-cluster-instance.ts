import {
  CreateDBInstanceCommand,
  type CreateDBInstanceCommandInput,
  type DBInstance,
  DeleteDBInstanceCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
} from "@aws-sdk/client-rds";
import type { Clients } from "../clients";
import { orMissing } from "../errors";
import { type Names, toAws } from "../naming";
import type { Live, PropertyTable, ResourceType } from "../resource-type";
import { tagList, tagMap } from "../tags";
import { type Properties, boolean, pick, string, stringMap } from "../values";
import { until } from "../wait";
import { engineVersion, retagArn } from "./rds";

const MISSING = ["DBInstanceNotFound", "DBInstanceNotFoundFault"];

const NAMES: Names = {
  caCertIdentifier: "CACertificateIdentifier",
  clusterIdentifier: "DBClusterIdentifier",
  dbSubnetGroupName: "DBSubnetGroupName",
  identifier: "DBInstanceIdentifier",
  instanceClass: "DBInstanceClass",
  performanceInsightsEnabled: "EnablePerformanceInsights",
};

/** The inputs that ModifyDBInstance takes unchanged. */
const MODIFIABLE: PropertyTable = {
  // The emulator ignores modifications of it.
  autoMinorVersionUpgrade: { type: "boolean", default: true, unread: true },
  caCertIdentifier: { type: "string", computed: true },
  instanceClass: { type: "string", required: true },
  monitoringInterval: { type: "number", default: 0 },
  monitoringRoleArn: { type: "string", computed: true },
  performanceInsightsEnabled: { type: "boolean", default: false, unread: true },
  promotionTier: { type: "number", default: 0, unread: true },
  publiclyAccessible: { type: "boolean", computed: true },
};

const FIXED: PropertyTable = {
  availabilityZone: { type: "string", replaces: true, computed: true },
  clusterIdentifier: { type: "string", required: true, replaces: true },
  dbSubnetGroupName: { type: "string", replaces: true, computed: true },
  engine: { type: "string", required: true, replaces: true },
  identifier: { type: "string", replaces: true },
};

/** An instance of an Aurora cluster. */
export const clusterInstance: ResourceType = {
  inputs: {
    ...FIXED,
    ...MODIFIABLE,
    applyImmediately: { type: "boolean", default: false, unread: true },
    // It follows the cluster's.
    engineVersion: { type: "string", computed: true },
    identifierPrefix: { type: "string", replaces: true, unread: true },
    tags: { type: "map" },
  },
  outputs: [
    "arn",
    "dbiResourceId",
    "endpoint",
    "engineVersionActual",
    "kmsKeyId",
    "networkType",
    "port",
    "region",
    "storageEncrypted",
    "tagsAll",
    "writer",
  ],
  volatile: ["engineVersionActual", "tagsAll", "writer"],
  name: { property: "identifier", prefix: "identifierPrefix", isLowerCase: true },

  async create(aws, inputs) {
    const taken = [...Object.keys(FIXED), ...Object.keys(MODIFIABLE), "engineVersion"];
    const request = toAws(pick(inputs, taken), NAMES) as CreateDBInstanceCommandInput;
    await aws.rds.send(new CreateDBInstanceCommand({ ...request, Tags: tagList(stringMap(inputs, "tags")) }));
    return { id: string(inputs, "identifier") };
  },

  settle: untilAvailable,

  async read(aws, id, known) {
    const found = await find(aws, id);
    return found && live(aws, id, known, found);
  },

  async update(aws, id, change) {
    const names = [...Object.keys(MODIFIABLE)].filter((name) => change.changed.has(name));
    if (names.length > 0) {
      await aws.rds.send(
        new ModifyDBInstanceCommand({
          ...(toAws(pick(change.news, names), NAMES) as object),
          ApplyImmediately: boolean(change.news, "applyImmediately"),
          DBInstanceIdentifier: id,
        }),
      );
    }
    await retagArn(aws, (await find(aws, id))?.DBInstanceArn ?? "", change);
    await untilAvailable(aws, id);
  },

  async delete(aws, id) {
    const request = new DeleteDBInstanceCommand({ DBInstanceIdentifier: id, SkipFinalSnapshot: true });
    await orMissing(aws.rds.send(request), ...MISSING);
    await until(`deleting instance '${id}'`, aws.cancelled, async () => !(await find(aws, id)));
  },
};

async function find(aws: Clients, id: string): Promise<DBInstance | undefined> {
  const call = aws.rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
  return (await orMissing(call, ...MISSING))?.DBInstances?.[0];
}

async function untilAvailable(aws: Clients, id: string): Promise<void> {
  await until(`preparing instance '${id}'`, aws.cancelled, async () => {
    const status = (await find(aws, id))?.DBInstanceStatus;
    if (status === "failed") throw new Error(`RDS could not start instance '${id}'`);
    return status === "available";
  });
}

async function isWriter(aws: Clients, { DBClusterIdentifier, DBInstanceIdentifier }: DBInstance) {
  const { DBClusters } = await aws.rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier }));
  const members = DBClusters?.[0]?.DBClusterMembers ?? [];
  return members.some((one) => one.DBInstanceIdentifier === DBInstanceIdentifier && one.IsClusterWriter);
}

async function live(aws: Clients, id: string, known: Properties, found: DBInstance): Promise<Live> {
  const tags = tagMap(found.TagList);
  return {
    inputs: {
      availabilityZone: found.AvailabilityZone,
      caCertIdentifier: found.CACertificateIdentifier,
      clusterIdentifier: found.DBClusterIdentifier,
      dbSubnetGroupName: found.DBSubnetGroup?.DBSubnetGroupName,
      engine: found.Engine,
      engineVersion: engineVersion(known, found.EngineVersion),
      identifier: id,
      instanceClass: found.DBInstanceClass,
      monitoringInterval: found.MonitoringInterval ?? 0,
      monitoringRoleArn: found.MonitoringRoleArn,
      publiclyAccessible: found.PubliclyAccessible,
      tags,
    },
    outputs: {
      arn: found.DBInstanceArn,
      dbiResourceId: found.DbiResourceId,
      endpoint: found.Endpoint?.Address,
      engineVersionActual: found.EngineVersion,
      kmsKeyId: found.KmsKeyId,
      networkType: found.NetworkType,
      port: found.Endpoint?.Port,
      region: aws.region,
      storageEncrypted: found.StorageEncrypted,
      tagsAll: tags,
      writer: await isWriter(aws, found),
    },
  };
}
