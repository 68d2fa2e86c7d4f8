-- Stores the messages of a batch, each once: text and times of the first arrival stay, in whatever order they come and however
-- often. A row that gets an earlier arrival is unconfirmed again, since its times are another delivery's now. Tells how many
-- of the messages are new.
-- $1 the messages, as a JSON array
WITH delivered AS (
    SELECT id, message, sent, arrived_us, midstream_us, downstream_us, copies
    FROM json_to_recordset(CAST($1 AS json)) AS delivered (
        id text, message text, sent double precision, arrived_us bigint, midstream_us bigint, downstream_us bigint, copies integer
    )
), stored AS (
    INSERT INTO messages AS known (id, message, sent, arrived_us, midstream_us, downstream_us, deliveries)
    SELECT id, message, sent, arrived_us, midstream_us, downstream_us, copies FROM delivered
    ON CONFLICT (id) DO UPDATE SET
        deliveries = known.deliveries + excluded.deliveries,
        message = CASE WHEN excluded.arrived_us < known.arrived_us THEN excluded.message ELSE known.message END,
        sent = CASE WHEN excluded.arrived_us < known.arrived_us THEN excluded.sent ELSE known.sent END,
        midstream_us = CASE WHEN excluded.arrived_us < known.arrived_us THEN excluded.midstream_us ELSE known.midstream_us END,
        downstream_us = CASE WHEN excluded.arrived_us < known.arrived_us THEN excluded.downstream_us ELSE known.downstream_us END,
        stored_us = CASE WHEN excluded.arrived_us < known.arrived_us THEN NULL ELSE known.stored_us END,
        arrived_us = least(excluded.arrived_us, known.arrived_us)
    RETURNING id, deliveries
)
SELECT count(*)
FROM stored
JOIN delivered ON delivered.id = stored.id
-- A row that was there before has more.
WHERE stored.deliveries = delivered.copies
