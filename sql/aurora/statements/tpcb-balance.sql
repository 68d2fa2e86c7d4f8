-- TPCB, second: the new balance.
-- $1 account
SELECT abalance FROM pgbench_accounts WHERE aid = $1
