-- What an attempt has recorded, if its transaction was committed though the answer got lost.
-- $1 attempt
SELECT CAST(outcome AS text) FROM load_attempt WHERE attempt = CAST($1 AS uuid)
