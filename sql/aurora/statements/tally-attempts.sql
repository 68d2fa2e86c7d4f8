-- What the attempts of a run have recorded.
-- $1 run
SELECT load_source.action, load_source.driver, CAST(load_attempt.outcome AS text)
FROM load_source
JOIN load_attempt ON load_attempt.source = load_source.source
WHERE load_source.run = $1
