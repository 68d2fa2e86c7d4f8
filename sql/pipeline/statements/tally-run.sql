-- The messages of a run, whose ids start with its name and a hyphen.
-- $1 the run's name and a hyphen, $2 the run's name and the character after the hyphen
SELECT id, sent, arrived_us, midstream_us, downstream_us, stored_us, deliveries, midstream_request, downstream_request FROM messages WHERE id >= $1 AND id < $2
