-- An attempt at a source starts: what has been recorded of the source so far?
-- $1 source, $2 run, $3 driver, $4 action, $5 units wanted, 0 for as many as time allows
INSERT INTO load_source (source, run, driver, action, wanted)
VALUES (CAST($1 AS uuid), $2, $3, $4, nullif(CAST($5 AS integer), 0))
ON CONFLICT (source) DO UPDATE SET attempts = load_source.attempts + 1
RETURNING attempts, done, completions
