-- The units of a source that are not in the tables yet.
-- $1 source, $2 units wanted
SELECT wanted.seq
FROM generate_series(1, CAST($2 AS integer)) AS wanted (seq)
WHERE NOT EXISTS (SELECT FROM load_unit WHERE load_unit.source = CAST($1 AS uuid) AND load_unit.seq = wanted.seq)
ORDER BY wanted.seq
