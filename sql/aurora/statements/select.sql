-- SELECT: one transaction by its key.
-- $1 id
SELECT type_id, date, quantity, amount FROM transactions WHERE id = $1
