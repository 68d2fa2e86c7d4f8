"""Aurora PostgreSQL clusters are real: each is a role and a database in the PostgreSQL server beside the emulator.

MiniStack starts containers. Here the writer and the reader endpoint are two names of one server, and an
instance is available immediately.
"""

import logging
from xml.sax.saxutils import escape

import psycopg2
from ministack.core.responses import error_response_json, json_response
from ministack.services import rds, secretsmanager

import aurora_databases as databases
import postgres
from upstream_checks import require

ENGINE = "aurora-postgresql"
_BACKED = "_lambench_postgres"

logger = logging.getLogger("lambench")


def apply():
    """Replace containers by the running server, if there is one."""
    if postgres.server is None:
        return
    for name in ("_p", "_xml", "_error", "_cluster_xml", "_resolve_cluster_in_request_region", "_get_docker"):
        require(rds, name)
    for name in ("_shared_container_lock", "_clusters", "_instances"):
        require(rds, name)
    rds._get_docker = lambda: None
    rds._create_db_cluster_impl = _creating(require(rds, "_create_db_cluster_impl", ["p"]))
    rds._modify_db_cluster_impl = _modifying(require(rds, "_modify_db_cluster_impl", ["p"]))
    actions = require(rds, "_ACTION_MAP")
    require(rds, "_delete_db_cluster", ["p"])
    actions["DeleteDBCluster"] = _deleting(rds._delete_db_cluster)
    start = require(rds, "_start_cluster_shared_container", ["cluster_id", "cluster", "remove_stale"])
    rds._start_cluster_shared_container = _starting(start)
    rds.load_persisted_state = _loading(require(rds, "load_persisted_state", ["data"]))
    change = require(rds, "_apply_cluster_master_password_change", ["cluster", "new_pass"])
    rds._apply_cluster_master_password_change = _changing_password(change)
    require(secretsmanager, "_resolve", ["secret_id"])
    require(secretsmanager, "_find_stage_version", ["secret", "stage"])
    rotate = require(secretsmanager, "_rotate_secret", ["data"])
    secretsmanager._rotate_secret = _rotating(rotate)


def is_backed(cluster):
    """Whether the cluster's database is in the running server."""
    return bool(cluster and cluster.get(_BACKED))


def _creating(original):
    def create(p):
        if (rds._p(p, "Engine") or ENGINE) != ENGINE or rds._p(p, "DBClusterIdentifier") in rds._clusters:
            return original(p)
        try:
            with _Administrator() as admin:
                user, database = rds._p(p, "MasterUsername") or "admin", rds._p(p, "DatabaseName") or None
                if taken := databases.conflict(admin, user, database, _living()):
                    return rds._error("InvalidParameterValue", escape(taken), 400)
                response = original(p)
                if response[0] != 200:
                    return response
                cluster = rds._clusters[rds._p(p, "DBClusterIdentifier")]
                cluster[_BACKED] = True
                return _provide(admin, cluster)
        except psycopg2.Error as error:
            return _no_database(error)

    return create


def _provide(admin, cluster):
    try:
        databases.ensure(admin, cluster)
    except psycopg2.Error:
        cluster["DeletionProtection"] = False
        rds._delete_db_cluster({"DBClusterIdentifier": cluster["DBClusterIdentifier"]})
        raise
    _set_endpoints(cluster)
    body = f"<CreateDBClusterResult><DBCluster>{rds._cluster_xml(cluster)}</DBCluster></CreateDBClusterResult>"
    return rds._xml(200, "CreateDBClusterResponse", body)


def _modifying(original):
    def modify(p):
        cluster = rds._resolve_cluster_in_request_region(rds._p(p, "DBClusterIdentifier"))
        changes_password = rds._p(p, "MasterUserPassword") or rds._p(p, "RotateMasterUserPassword") == "true"
        if not is_backed(cluster) or not changes_password:
            return original(p)
        try:
            # Checked first: a secret must not change without the role.
            with _Administrator():
                pass
            return original(p)
        except psycopg2.Error as error:
            return _no_database(error)

    return modify


def _changing_password(original):
    def change(cluster, new_pass):
        if not is_backed(cluster):
            return original(cluster, new_pass)
        cluster["_MasterUserPassword"] = new_pass
        with _Administrator() as admin:
            databases.set_password(admin, cluster)

    return change


def _deleting(original):
    def delete(p):
        with rds._shared_container_lock:
            cluster = rds._resolve_cluster_in_request_region(rds._p(p, "DBClusterIdentifier"))
            if not is_backed(cluster):
                return original(p)
            try:
                with _Administrator() as admin:
                    response = original(p)
                    if response[0] == 200:
                        databases.drop(admin, cluster)
                    return response
            except psycopg2.Error as error:
                return _no_database(error)

    return delete


def _starting(original):
    def start(cluster_id, cluster, remove_stale=False):
        if not is_backed(cluster):
            return original(cluster_id, cluster, remove_stale)
        _set_endpoints(cluster)
        return {"started": False, "failed": False, "readiness_host": None, "readiness_port": None}

    return start


def _loading(original):
    """After a restart of the emulator: what PostgreSQL has may be older or newer than the clusters it remembers."""

    def load(data):
        original(data)
        backed = {key: cluster for key, cluster in rds._clusters._data.items() if is_backed(cluster)}
        if not backed:
            return
        try:
            with _Administrator() as admin:
                for cluster in backed.values():
                    databases.ensure(admin, cluster)
        except (psycopg2.Error, OSError) as error:
            logger.error("the databases of %d clusters are not ready: %s", len(backed), error)
        for (account, region, _), instance in rds._instances._data.items():
            if (account, region, instance.get("DBClusterIdentifier")) in backed:
                instance["DBInstanceStatus"] = "available"

    return load


def _rotating(original):
    """RDS rotates the secrets it manages itself, without a function."""

    def rotate(data):
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        arn = secret and secret["ARN"]
        for cluster in rds._clusters.values():
            if is_backed(cluster) and (cluster.get("MasterUserSecret") or {}).get("SecretArn") == arn:
                request = {"RotateMasterUserPassword": "true", "ApplyImmediately": "true"}
                status, _, body = rds._modify_db_cluster(
                    {"DBClusterIdentifier": cluster["DBClusterIdentifier"], **request}
                )
                if status != 200:
                    return error_response_json("InternalServiceError", body.decode(), 500)
                version, _ = secretsmanager._find_stage_version(secret, "AWSCURRENT")
                return json_response({"ARN": arn, "Name": secret["Name"], "VersionId": version})
        return original(data)

    return rotate


def _set_endpoints(cluster):
    port = postgres.server.port
    endpoint = {"Address": postgres.WRITER, "Port": port, "HostedZoneId": cluster["HostedZoneId"]}
    cluster.update(
        Endpoint=postgres.WRITER,
        ReaderEndpoint=postgres.READER,
        Port=port,
        # MiniStack passes it to the instances, and derives both endpoints from it whenever they change.
        _shared_endpoint=endpoint,
        _shared_internal_address=postgres.READER,
        _shared_internal_port=port,
        _shared_container_ready=True,
    )


def _living():
    return {cluster["DbClusterResourceId"]: cluster["DBClusterIdentifier"] for cluster in rds._clusters._data.values()}


def _no_database(error):
    reason = " ".join(str(error).split())
    message = f"the local environment's PostgreSQL refused: {reason}. If it does not run: `lambench local start`"
    # Not a server error: clients would retry the call for minutes before they show this.
    return rds._error("InvalidDBClusterStateFault", escape(message), 400)


class _Administrator:
    """A session of the superuser, closed at the end; psycopg2's own context manager leaves it open."""

    def __enter__(self):
        self.connection = postgres.server.administrate()
        return self.connection

    def __exit__(self, *_):
        self.connection.close()
