-- INSERT: one row, unless an earlier attempt at the same unit has put it there.
-- $1 type, $2 quantity, $3 amount, $4 source, $5 number of the unit
INSERT INTO transactions (type_id, date, quantity, amount, source, seq)
VALUES ($1, CURRENT_DATE, $2, $3, CAST($4 AS uuid), $5)
ON CONFLICT (source, seq) WHERE source IS NOT NULL DO NOTHING
