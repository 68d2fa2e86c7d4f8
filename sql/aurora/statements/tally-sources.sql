-- A run's sources by action and driver: done, unfinished, and their rows in the tables.
-- $1 run
SELECT action, driver, count(*) FILTER (WHERE done), count(*) FILTER (WHERE NOT done),
       CAST(sum((SELECT count(*) FROM load_unit WHERE load_unit.source = load_source.source)) AS bigint)
FROM load_source
WHERE run = $1
GROUP BY action, driver
ORDER BY action, driver
