-- The ledger: what was asked for and what was counted, so that every unit counts once, whoever was killed.

-- A source of units: a message of the queue, or a worker of the ramp.
CREATE TABLE load_source (
    source uuid PRIMARY KEY,
    run text NOT NULL,
    driver text NOT NULL,
    action text NOT NULL,
    -- Units that a message wants; a worker of the ramp works until its time is up.
    wanted integer,
    begun_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 1,
    done boolean NOT NULL DEFAULT false,
    -- Units counted so far: the sum over its attempts.
    completions bigint NOT NULL DEFAULT 0
);

CREATE INDEX load_source_run ON load_source (run);
CREATE INDEX load_source_begun_at ON load_source (begun_at);

-- An attempt at a source that has come to its end and been counted.
CREATE TABLE load_attempt (
    attempt uuid PRIMARY KEY,
    source uuid NOT NULL REFERENCES load_source,
    outcome json NOT NULL
);

CREATE INDEX load_attempt_source ON load_attempt (source);

-- The units that are in the tables, of both.
CREATE VIEW load_unit AS
SELECT source, seq FROM transactions WHERE source IS NOT NULL
UNION ALL
SELECT source, seq FROM pgbench_history WHERE source IS NOT NULL;
