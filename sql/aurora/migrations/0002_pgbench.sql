-- pgbench's own tables, with its names, types, keys and fill factor, so that pgbench itself runs on them (`pgbench -n`). Only
-- pgbench_history has more: which unit of which source a row is; pgbench leaves that empty.
CREATE TABLE pgbench_branches (
    bid integer NOT NULL PRIMARY KEY,
    bbalance integer,
    filler character(88)
) WITH (fillfactor = 100);

CREATE TABLE pgbench_tellers (
    tid integer NOT NULL PRIMARY KEY,
    bid integer,
    tbalance integer,
    filler character(84)
) WITH (fillfactor = 100);

CREATE TABLE pgbench_accounts (
    aid integer NOT NULL PRIMARY KEY,
    bid integer,
    abalance integer,
    filler character(84)
) WITH (fillfactor = 100);

CREATE TABLE pgbench_history (
    tid integer,
    bid integer,
    aid integer,
    delta integer,
    mtime timestamp,
    filler character(22),
    source uuid,
    seq integer
);

CREATE UNIQUE INDEX pgbench_history_unit ON pgbench_history (source, seq) WHERE source IS NOT NULL;
