-- The tables that INSERT, SELECT and SELECT2 work on: the seed's columns in its order and of its types, and on each row that a
-- load has inserted, which unit of which source it is.
CREATE TABLE type (
    id integer,
    type text
);

INSERT INTO type (id, type)
VALUES (1, 'purchase'), (2, 'refund'), (3, 'transfer'), (4, 'withdrawal'),
       (5, 'deposit'), (6, 'fee'), (7, 'interest'), (8, 'adjustment');

CREATE TABLE transactions (
    id serial PRIMARY KEY,
    type_id integer,
    date date,
    quantity integer,
    amount double precision,
    source uuid,
    seq integer
);

-- SELECT2 reads a day.
CREATE INDEX transactions_date ON transactions (date);

-- A repeated unit finds its row here. Generated rows have no source and cost nothing.
CREATE UNIQUE INDEX transactions_unit ON transactions (source, seq) WHERE source IS NOT NULL;
