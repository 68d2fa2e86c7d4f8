-- All units of a source that are in the tables.
-- $1 source
SELECT count(*) FROM load_unit WHERE source = CAST($1 AS uuid)
