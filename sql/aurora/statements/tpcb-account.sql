-- TPCB, first of five between BEGIN and END: pgbench's "TPC-B (sort of)" script, statement by statement.
-- $1 delta, $2 account
UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2
