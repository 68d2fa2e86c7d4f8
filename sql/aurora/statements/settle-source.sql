-- A source's completions, and whether it is done: a message with all its units, a worker of the ramp at its end.
-- $1 source, $2 completions, $3 1 at a ramp worker's end, else 0
UPDATE load_source
SET completions = $2, done = done OR CAST($3 AS integer) = 1 OR coalesce($2 >= wanted, false)
WHERE source = CAST($1 AS uuid)
