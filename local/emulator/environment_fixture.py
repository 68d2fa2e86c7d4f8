"""The whole local environment, PostgreSQL included, in a checkout of its own: started by the CLI as a user does."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import psycopg2

from emulator_fixture import HERE, Emulator, EmulatorTest, wait_for

ROOT = HERE.parent.parent
CLI = pathlib.Path(os.environ.get("LAMBENCH", ROOT / ".lambench/bin/lambench"))


class Environment(Emulator):
    """One environment; clients of the emulator are signed as root."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "Pulumi.yaml").write_text("name: lambench\n")
        for name in ("local", ".lambench"):
            (self.folder / name).mkdir()
        (self.folder / "local/emulator").symlink_to(HERE)
        (self.folder / ".lambench/venv").symlink_to(pathlib.Path(sys.executable).parent.parent)

    def start(self):
        """Start what does not run."""
        self._local("start", "--s3", "emulator")
        environment = json.loads(self._local("env", "--json"))
        self.endpoint = environment["set"]["AWS_ENDPOINT_URL"]
        self.postgres = environment["postgres"]

    def stop(self):
        """Stop everything."""
        self._local("stop")

    def kill(self, service):
        """End the emulator or PostgreSQL as a power cut would."""
        status = json.loads(self._local("status", "--json", codes=(0, 3)))
        os.kill(next(entry["pid"] for entry in status if entry["service"] == service), 9)
        wait_for(lambda: service not in self.running(), f"the end of {service}")

    def running(self):
        """The services that run."""
        status = json.loads(self._local("status", "--json", codes=(0, 3)))
        return [entry["service"] for entry in status if entry["running"]]

    def remove(self):
        """Stop, and remove what lies outside of the folder."""
        self.stop()
        data = (self.folder / ".lambench/postgres").resolve()
        shutil.rmtree(data, ignore_errors=True)

    def connect(self, user, password, database, host="localhost"):
        """A session of PostgreSQL, as a function has it: TLS, the server's certificate checked."""
        connection = psycopg2.connect(
            host=host, port=self.postgres["port"], user=user, password=password, dbname=database,
            sslmode="verify-full", sslrootcert=self.postgres["caFile"],
        )  # fmt: skip
        connection.autocommit = True
        return connection

    def read(self, file):
        """The content of a file that `lambench local env` names for PostgreSQL."""
        return pathlib.Path(self.postgres[file]).read_text()

    def administrate(self, statement, *values):
        """The rows of a statement of the superuser, None if it has none."""
        connection = self.connect(self.postgres["user"], self.read("passwordFile"), "postgres")
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def _local(self, *arguments, codes=(0,)):
        if not CLI.exists():
            raise AssertionError(f"no {CLI}: run `make cli`, or set LAMBENCH to the program")
        ended = subprocess.run([CLI, "local", *arguments], cwd=self.folder, capture_output=True, text=True)
        if ended.returncode not in codes:
            raise AssertionError(f"lambench local {' '.join(arguments)}: {ended.stderr}")
        return ended.stdout


class EnvironmentTest(EmulatorTest):
    """A test class with one environment for all its tests."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="lambench-environment-")
        cls.addClassCleanup(folder.cleanup)
        cls.emulator = Environment(folder.name)
        cls.addClassCleanup(cls.emulator.remove)
        cls.emulator.start()

    def create_cluster(self, name, **settings):
        """Create a cluster with a managed password and one instance; returns its description."""
        rds = self.emulator.client("rds")
        settings = {"MasterUsername": name, "DatabaseName": name, "ManageMasterUserPassword": True, **settings}
        rds.create_db_cluster(
            DBClusterIdentifier=name, Engine="aurora-postgresql", EnableHttpEndpoint=True, **settings
        )
        rds.create_db_instance(
            DBInstanceIdentifier=f"{name}-1",
            DBClusterIdentifier=name,
            Engine="aurora-postgresql",
            DBInstanceClass="db.serverless",
        )
        return self.cluster(name)

    def cluster(self, name):
        """The description of a cluster."""
        return self.emulator.client("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]

    def delete_cluster(self, name):
        """Delete a cluster with its instance."""
        rds = self.emulator.client("rds")
        rds.delete_db_instance(DBInstanceIdentifier=f"{name}-1", SkipFinalSnapshot=True)
        rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)

    def password(self, cluster):
        """What the managed secret has now."""
        arn = cluster["MasterUserSecret"]["SecretArn"]
        secret = self.emulator.client("secretsmanager").get_secret_value(SecretId=arn)
        return json.loads(secret["SecretString"])["password"]

    def connect(self, cluster, **more):
        """A session of the cluster's master user."""
        name = cluster["MasterUsername"]
        return self.emulator.connect(name, self.password(cluster), cluster.get("DatabaseName", name), **more)
