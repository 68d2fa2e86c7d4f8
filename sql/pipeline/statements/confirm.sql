-- Notes when the commit of messages was confirmed, once for each; tells the times of those that weren't confirmed before.
-- $1 their ids, as a JSON array, $2 the time, µs since 1970
UPDATE messages
SET stored_us = $2
WHERE stored_us IS NULL AND id IN (SELECT json_array_elements_text(CAST($1 AS json)))
RETURNING arrived_us, midstream_us, downstream_us
