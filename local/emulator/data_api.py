"""Lets the RDS Data API reach the PostgreSQL that runs beside the emulator.

Stock only talks to databases it started in a container. Here a cluster whose `Port` is that of the running
server is as real.
"""

from ministack.services import rds_data

from stock import require


def apply():
    """Accept every instance with a port as a real database."""
    require(rds_data, "_has_real_endpoint", ["instance"])
    rds_data._has_real_endpoint = has_port


def has_port(instance):
    """Whether the instance names the port of a server."""
    endpoint = instance.get("Endpoint")
    return isinstance(endpoint, dict) and bool(endpoint.get("Port"))
