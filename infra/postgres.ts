import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import type { Statement } from "./policy";
import type { PrivateNetwork } from "./private-network";
import { setCommand } from "./pulumi-command";
import { stop } from "./stop";

const ENGINE = "aurora-postgresql";
/** The long-term support release of major version 16 (Aurora User Guide, "Aurora PostgreSQL LTS"). */
const VERSION = "16.8";
const FAMILY = "aurora-postgresql16";
const PORT = 5432;
/** PostgreSQL's limit on a name, characters; RDS has the same for clusters. */
const MAX_NAME = 63;

/** Aurora capacity units, multiples of 0.5; a minimum of 0 pauses an idle cluster, which then takes about 15 s to resume. */
export interface Capacity {
  readonly minCapacity: number;
  readonly maxCapacity: number;
}

/** Stops the program if a scenario's settings ask for a minimum above the maximum; warns of a cluster that pauses. */
export function checkCapacity(scenario: string, { minCapacity, maxCapacity }: Capacity): void {
  if (minCapacity > maxCapacity) {
    const [raise, lower] = [
      setCommand([scenario, "maxCapacity"], Math.max(1, minCapacity)),
      setCommand([scenario, "minCapacity"], maxCapacity),
    ];
    stop(`minCapacity ${minCapacity} is more than maxCapacity ${maxCapacity}: ${raise}, or ${lower}`);
  }
  if (minCapacity === 0) {
    void pulumi.log.warn(
      `minCapacity 0 pauses ${scenario}'s cluster after five minutes without connections: lambench run wakes it ` +
        "before it measures, which takes about 15 s; any other first request waits for it",
    );
  }
}

/** Arguments of {@link Postgres}. */
export interface PostgresArgs extends Capacity {
  /** What the cluster and its database are called, as far as RDS and PostgreSQL allow it. */
  readonly name: string;
  readonly network: PrivateNetwork;
  /** Instances besides the writer, 0 or 1. */
  readonly readers: number;
}

/**
 * An Aurora PostgreSQL cluster, Serverless v2: in private subnets, TLS only, encrypted, with the Data API and a password
 * that RDS generates and keeps in Secrets Manager. `destroy` leaves no snapshot.
 */
export class Postgres extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  readonly identifier: string;
  /** Host names. */
  readonly writer: pulumi.Output<string>;
  readonly reader: pulumi.Output<string>;
  readonly port: pulumi.Output<number>;
  /** The database, and also the name of its owner. */
  readonly database: string;
  readonly secretArn: pulumi.Output<string>;
  /** What must exist before the database accepts connections. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: PostgresArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lambench:infra:Postgres", name, {}, opts);
    const child = { parent: this };
    this.identifier = clusterIdentifier(args.name);
    this.database = this.identifier.replaceAll("-", "_");
    const group = args.network.securityGroup("database", "Aurora PostgreSQL of lambench");
    const rules = args.network.allow("database", group, PORT);
    const subnets = new aws.rds.SubnetGroup(
      name,
      { name: this.identifier, subnetIds: args.network.subnetIds },
      child,
    );
    const parameters = new aws.rds.ClusterParameterGroup(
      name,
      { name: this.identifier, family: FAMILY, parameters: [{ name: "rds.force_ssl", value: "1" }] },
      child,
    );
    const cluster = new aws.rds.Cluster(
      name,
      {
        clusterIdentifier: this.identifier,
        engine: ENGINE,
        engineVersion: VERSION,
        databaseName: this.database,
        masterUsername: this.database,
        manageMasterUserPassword: true,
        dbSubnetGroupName: subnets.name,
        dbClusterParameterGroupName: parameters.name,
        vpcSecurityGroupIds: [group],
        enableHttpEndpoint: true,
        storageEncrypted: true,
        serverlessv2ScalingConfiguration: { minCapacity: args.minCapacity, maxCapacity: args.maxCapacity },
        skipFinalSnapshot: true,
      },
      child,
    );
    const instance = (
      role: "writer" | "reader",
      promotionTier: number,
      dependsOn: pulumi.Resource[] = [],
    ): aws.rds.ClusterInstance =>
      new aws.rds.ClusterInstance(
        role,
        {
          identifier: `${this.identifier}-${role}`,
          clusterIdentifier: cluster.clusterIdentifier,
          engine: ENGINE,
          engineVersion: VERSION,
          // A long-term support release stays one only with this (Aurora User Guide, "Aurora versions").
          autoMinorVersionUpgrade: false,
          instanceClass: "db.serverless",
          publiclyAccessible: false,
          promotionTier,
        },
        { parent: this, dependsOn },
      );
    // The first instance of a cluster becomes its writer. Tiers 0 and 1 keep a reader as large as the writer: what is
    // measured on it is not a smaller machine.
    const writer = instance("writer", 0);
    const instances = args.readers === 0 ? [writer] : [writer, instance("reader", 1, [writer])];
    this.arn = cluster.arn;
    this.writer = cluster.endpoint;
    this.reader = cluster.readerEndpoint;
    this.port = cluster.port;
    this.secretArn = cluster.masterUserSecrets.apply(
      ([secret]) => secret?.secretArn ?? stop(`RDS manages no secret for the cluster '${this.identifier}'`),
    );
    this.ready = [...instances, ...rules, ...args.network.endpoints];
    this.registerOutputs({ arn: this.arn });
  }

  /** The environment by which a function finds the database (`lambda_kit::postgres`). */
  environment(): Record<string, pulumi.Input<string>> {
    return {
      CLUSTER_ARN: this.arn,
      CLUSTER_WRITER: this.writer,
      CLUSTER_READER: this.reader,
      CLUSTER_PORT: this.port.apply(String),
      DATABASE: this.database,
      SECRET_ARN: this.secretArn,
    };
  }

  /** Where it is, for the output `environment`. */
  location(): Record<string, pulumi.Input<string | number>> {
    return {
      arn: this.arn,
      identifier: this.identifier,
      writer: this.writer,
      reader: this.reader,
      port: this.port,
      database: this.database,
    };
  }

  /** What a function needs to log in. */
  loginStatements(): Statement[] {
    return [{ actions: ["secretsmanager:GetSecretValue"], resources: [this.secretArn] }];
  }

  /** What a function needs to use the Data API, which reads the secret in its name. */
  dataApiStatements(): Statement[] {
    const actions = [
      "ExecuteStatement",
      "BatchExecuteStatement",
      "BeginTransaction",
      "CommitTransaction",
      "RollbackTransaction",
    ].map((action) => `rds-data:${action}`);
    return [{ actions, resources: [this.arn] }, ...this.loginStatements()];
  }
}

/** RDS accepts small letters, digits and single hyphens, a letter first and no hyphen last (API reference of CreateDBCluster). */
function clusterIdentifier(name: string): string {
  const identifier = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "");
  // Instances are named after their cluster: `-writer` has to fit as well.
  if (identifier === "" || identifier.length > MAX_NAME - "-writer".length) {
    stop(
      `'${name}' cannot be a database cluster's name: at most 56 letters, digits and hyphens: shorten the stack's name`,
    );
  }
  return identifier;
}
