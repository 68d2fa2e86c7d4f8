-- TPCB, third.
-- $1 delta, $2 teller
UPDATE pgbench_tellers SET tbalance = tbalance + $1 WHERE tid = $2
