-- INSERT with BATCH > 1: the same for many units of one source in one statement.
-- $1 types, $2 quantities, $3 amounts, $4 source, $5 numbers of the units
INSERT INTO transactions (type_id, date, quantity, amount, source, seq)
SELECT unit.type_id, CURRENT_DATE, unit.quantity, unit.amount, $4, unit.seq
FROM unnest($1, $2, $3, $5) AS unit (type_id, quantity, amount, seq)
ON CONFLICT (source, seq) WHERE source IS NOT NULL DO NOTHING
