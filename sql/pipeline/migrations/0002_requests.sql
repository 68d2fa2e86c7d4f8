-- The request ids of the invocations that a message went through, so that what they were charged for can be found in their logs.
-- None in rows of an earlier version.
ALTER TABLE messages
    ADD COLUMN midstream_request text,
    ADD COLUMN downstream_request text;
