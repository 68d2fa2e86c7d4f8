-- SELECT2: a day's transactions by type. The days are those of the generated rows, so that rows inserted by a load don't make
-- it slower and slower.
-- $1 number of the day, from 0
SELECT type.type, count(*) AS transactions, sum(transactions.quantity) AS quantity, sum(transactions.amount) AS amount
FROM transactions
JOIN type ON type.id = transactions.type_id
WHERE transactions.date = DATE '2019-01-01' + CAST($1 AS integer)
GROUP BY type.type
ORDER BY amount DESC
