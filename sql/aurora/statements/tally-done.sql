-- Which of some of a run's sources are done.
-- $1 run, $2 their ids, separated by commas
SELECT CAST(source AS text)
FROM load_source
WHERE run = $1 AND done AND source = ANY (CAST(string_to_array($2, ',') AS uuid[]))
ORDER BY source
