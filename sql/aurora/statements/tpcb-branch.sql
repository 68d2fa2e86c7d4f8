-- TPCB, fourth.
-- $1 delta, $2 branch
UPDATE pgbench_branches SET bbalance = bbalance + $1 WHERE bid = $2
