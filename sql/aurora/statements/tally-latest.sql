-- The run that started last.
SELECT run FROM load_source ORDER BY begun_at DESC LIMIT 1
