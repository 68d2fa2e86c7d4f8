"""What a cluster has in PostgreSQL: a role with the master user's name, and the database that belongs to it.

Both carry the cluster's resource id as their comment, so that what a cluster has left behind that is gone, after a
crash of the emulator, is told apart from what belongs to another cluster or to the user.
"""

from psycopg2 import extensions, sql

_MARK = "lambench "


def conflict(admin, user, database, living):
    """Why a new cluster cannot have these names, or None; `living` maps resource ids to clusters' names."""
    for kind, name in (("MasterUsername", user), ("DatabaseName", database)):
        exists, owner = _find(admin, kind, name)
        if not exists or (owner and owner not in living):
            continue
        whose = f"belongs to the DB cluster {living[owner]}" if owner else "was not made by a DB cluster"
        return f"{kind} {name} is taken: in the PostgreSQL server that all local clusters share, it {whose}"
    return None


def ensure(admin, cluster):
    """Create role, password and database, unless they exist; remove what another cluster has left."""
    user, database, mark = cluster["MasterUsername"], cluster["DatabaseName"], cluster["DbClusterResourceId"]
    exists, owner = _find(admin, "DatabaseName", database)
    if exists and owner != mark:
        _drop_database(admin, database)
        exists = False
    role_exists, role_owner = _find(admin, "MasterUsername", user)
    if role_exists and role_owner != mark:
        _drop_role(admin, user)
        role_exists = False
    if not role_exists:
        _run(admin, "CREATE ROLE {} LOGIN", sql.Identifier(user))
        _comment(admin, "ROLE", user, mark)
    set_password(admin, cluster)
    if database and not exists:
        _run(admin, "CREATE DATABASE {} OWNER {} TEMPLATE template0", *map(sql.Identifier, (database, user)))
        _run(admin, "REVOKE ALL ON DATABASE {} FROM PUBLIC", sql.Identifier(database))
        _comment(admin, "DATABASE", database, mark)


def set_password(admin, cluster):
    """Give the role the cluster's password; only its hash is sent, so that no log can have it."""
    user, password = cluster["MasterUsername"], cluster["_MasterUserPassword"]
    hashed = extensions.encrypt_password(password, user, admin, "scram-sha-256")
    _run(admin, "ALTER ROLE {} PASSWORD {}", sql.Identifier(user), sql.Literal(hashed))


def drop(admin, cluster):
    """End the cluster's sessions and remove what is its own."""
    mark = cluster["DbClusterResourceId"]
    if _find(admin, "DatabaseName", cluster["DatabaseName"]) == (True, mark):
        _drop_database(admin, cluster["DatabaseName"])
    if _find(admin, "MasterUsername", cluster["MasterUsername"]) == (True, mark):
        _drop_role(admin, cluster["MasterUsername"])


def _find(admin, kind, name):
    """Whether it exists, and the resource id of the cluster that created it, if one did."""
    queries = {
        "MasterUsername": "SELECT shobj_description(oid, 'pg_authid') FROM pg_authid WHERE rolname = %s",
        "DatabaseName": "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
    }
    with admin.cursor() as cursor:
        cursor.execute(queries[kind], [name])
        row = cursor.fetchone()
    if row is None:
        return False, None
    comment = row[0] or ""
    return True, comment.removeprefix(_MARK) if comment.startswith(_MARK) else None


def _comment(admin, kind, name, mark):
    _run(admin, f"COMMENT ON {kind} {{}} IS {{}}", sql.Identifier(name), sql.Literal(_MARK + mark))


def _drop_database(admin, name):
    _run(admin, "DROP DATABASE {} WITH (FORCE)", sql.Identifier(name))


def _drop_role(admin, name):
    # First without a login: otherwise a client reconnects before the role is gone.
    _run(admin, "ALTER ROLE {} NOLOGIN", sql.Identifier(name))
    with admin.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [name])
        cursor.execute(
            "SELECT datname FROM pg_database JOIN pg_authid ON datdba = pg_authid.oid WHERE rolname = %s", [name]
        )
        databases = [row[0] for row in cursor]
    for database in databases:
        _drop_database(admin, database)
    _run(admin, "DROP OWNED BY {}", sql.Identifier(name))
    _run(admin, "DROP ROLE {}", sql.Identifier(name))


def _run(admin, statement, *parts):
    with admin.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*parts))
