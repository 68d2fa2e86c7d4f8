-- An attempt's outcome.
-- $1 attempt, $2 source, $3 outcome as JSON
INSERT INTO load_attempt (attempt, source, outcome)
VALUES (CAST($1 AS uuid), CAST($2 AS uuid), CAST($3 AS json))
