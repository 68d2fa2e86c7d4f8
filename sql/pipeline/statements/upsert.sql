-- Stores the messages of a batch, each once: text and times of the first arrival stay, in whatever order they come and however
-- often. A row that gets an earlier arrival is unconfirmed again, since its times are another delivery's now. Tells how many
-- of the messages are new.
-- $1 the messages, as a JSON array
WITH delivered AS (
    SELECT id, message, sent, arrived_us, midstream_us, downstream_us, copies, midstream_request, downstream_request
    FROM json_to_recordset(CAST($1 AS json)) AS delivered (
        id text, message text, sent double precision, arrived_us bigint, midstream_us bigint, downstream_us bigint, copies integer,
        midstream_request text, downstream_request text
    )
), stored AS (
    INSERT INTO messages AS known (
        id, message, sent, arrived_us, midstream_us, downstream_us, deliveries, midstream_request, downstream_request
    )
    SELECT id, message, sent, arrived_us, midstream_us, downstream_us, copies, midstream_request, downstream_request FROM delivered
    ON CONFLICT (id) DO UPDATE SET
        deliveries = known.deliveries + excluded.deliveries,
        message = CASE WHEN excluded.arrived_us < known.arrived_us THEN excluded.message ELSE known.message END,
        sent = CASE WHEN excluded.arrived_us < known.arrived_us THEN excluded.sent ELSE known.sent END,
        midstream_us = CASE WHEN excluded.arrived_us < known.arrived_us THEN excluded.midstream_us ELSE known.midstream_us END,
        downstream_us = CASE WHEN excluded.arrived_us < known.arrived_us THEN excluded.downstream_us ELSE known.downstream_us END,
        stored_us = CASE WHEN excluded.arrived_us < known.arrived_us THEN NULL ELSE known.stored_us END,
        midstream_request =
            CASE WHEN excluded.arrived_us < known.arrived_us THEN excluded.midstream_request ELSE known.midstream_request END,
        downstream_request =
            CASE WHEN excluded.arrived_us < known.arrived_us THEN excluded.downstream_request ELSE known.downstream_request END,
        arrived_us = least(excluded.arrived_us, known.arrived_us)
    RETURNING id, deliveries
)
SELECT count(*)
FROM stored
JOIN delivered ON delivered.id = stored.id
-- A row that was there before has more.
WHERE stored.deliveries = delivered.copies
