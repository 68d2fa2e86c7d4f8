-- One at a time settles a source; those who come later see in the next statement what this one has recorded.
-- $1 source
SELECT completions FROM load_source WHERE source = CAST($1 AS uuid) FOR UPDATE
