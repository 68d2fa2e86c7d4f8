-- The messages that have come all the way, each once. Times are µs since 1970, of the clocks of the functions.
CREATE TABLE messages (
    -- In the order of its bytes, so that the messages of a run, whose ids begin alike, lie side by side.
    id text COLLATE "C" PRIMARY KEY,
    message text NOT NULL,
    -- The sender's time, as it was given.
    sent double precision NOT NULL,
    arrived_us bigint NOT NULL,
    midstream_us bigint NOT NULL,
    downstream_us bigint NOT NULL,
    -- When the commit of the row was confirmed; none until then.
    stored_us bigint,
    -- How often the message was delivered to this table.
    deliveries integer NOT NULL
)
-- Each row is changed once, as soon as it is committed: there is room for its second version in its page.
WITH (fillfactor = 50);
