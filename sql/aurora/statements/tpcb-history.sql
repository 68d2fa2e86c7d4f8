-- TPCB, fifth: pgbench's row, and which unit it is. If it is there from an earlier attempt at the same unit, no row comes of it,
-- and the worker rolls the transaction back.
-- $1 teller, $2 branch, $3 account, $4 delta, $5 source, $6 number of the unit
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime, source, seq)
VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP, CAST($5 AS uuid), $6)
ON CONFLICT (source, seq) WHERE source IS NOT NULL DO NOTHING
