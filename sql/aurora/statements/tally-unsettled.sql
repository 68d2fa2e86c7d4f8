-- Sources of a run whose units are not all counted: their worker was killed, or still works.
-- $1 run
SELECT CAST(source AS text), action
FROM load_source
WHERE run = $1
  AND action IN ('INSERT', 'TPCB')
  AND completions <> (SELECT count(*) FROM load_unit WHERE load_unit.source = load_source.source)
