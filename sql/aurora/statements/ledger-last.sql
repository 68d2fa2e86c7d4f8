-- The last unit of a source that is in the tables; 0 for none.
-- $1 source
SELECT coalesce(max(seq), 0) FROM load_unit WHERE source = CAST($1 AS uuid)
