-- All messages.
SELECT id, sent, arrived_us, midstream_us, downstream_us, stored_us, deliveries, midstream_request, downstream_request FROM messages
