"""The PostgreSQL of the local environment: where it is, and its superuser's connection."""

import os
from dataclasses import dataclass

import psycopg2

VARIABLES = {
    "port": "LAMBENCH_POSTGRES_PORT",
    "user": "LAMBENCH_POSTGRES_USER",
    "password_file": "LAMBENCH_POSTGRES_PASSWORD_FILE",
    "ca_file": "LAMBENCH_POSTGRES_CA_FILE",
}
# The names in the server's certificate: one server is writer and reader, under two names.
WRITER = "localhost"
READER = "127.0.0.1"

server = None


@dataclass(frozen=True)
class Server:
    """A running server that takes TLS only."""

    port: int
    user: str
    password_file: str
    ca_file: str

    def connect(self, user, password, database, **more):
        """A session that commits each statement by itself; the server's certificate is verified."""
        connection = psycopg2.connect(
            host=READER,
            port=self.port,
            user=user,
            password=password,
            dbname=database,
            sslmode="verify-full",
            sslrootcert=self.ca_file,
            connect_timeout=5,
            **more,
        )
        connection.autocommit = True
        return connection

    def administrate(self):
        """A session of the superuser."""
        with open(self.password_file) as file:
            password = file.read().strip()
        return self.connect(self.user, password, "postgres", application_name="lambench emulator")


def configure(environment=os.environ):
    """Read where the server is, and leave only what functions may know in the environment."""
    global server
    settings = {field: environment.pop(name, None) for field, name in VARIABLES.items()}
    if settings["port"] is None:
        return
    server = Server(**{**settings, "port": int(settings["port"])})
    # libpq's variable for the trusted authority. Functions inherit it.
    environment["PGSSLROOTCERT"] = server.ca_file
