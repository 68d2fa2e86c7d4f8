//! The rows in PostgreSQL.

use lambda_kit::sql::{Cell, DbError, Driver, Value};
use lambda_kit::{batch, now_us};
use serde::Serialize;

use crate::batch::{BatchResult, Entry};
use crate::delivery::Delivery;
use crate::metrics::micros;
use crate::retry::{Limits, retry};
use crate::statements::{CONFIRM, UPSERT};

/// Rows of a statement: the Data API answers with 1 MiB at most, and each row tells three times.
const MAX_ROWS: usize = 5000;
/// A statement's rows as JSON within JSON: the Data API takes requests of 4 MiB.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// What a row adds to its text: names, numbers, quotes.
const ROW_BYTES: usize = 300;

/// The latencies of a row, µs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latencies {
    /// From `upstream` to the commit.
    pub all: u64,
    /// From `midstream` to `downstream`.
    pub table: u64,
    /// From `downstream` to the commit.
    pub row: u64,
}

/// What became of a batch in the table.
#[derive(Debug, Default)]
pub struct Stored {
    /// Deliveries that are in the table.
    pub deliveries: u64,
    /// Rows that weren't there before.
    pub new: u64,
    /// The latencies of the rows that were confirmed now.
    pub confirmed: Vec<Latencies>,
}

/// A row, as the statement takes it.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    message: &'a str,
    sent: f64,
    arrived_us: u64,
    midstream_us: u64,
    downstream_us: u64,
    copies: u64,
}

/// A batch on its way into the table.
pub struct Store<'a, D> {
    /// The driver of the database.
    pub driver: &'a mut D,
    /// When `downstream` had the batch, µs since 1970.
    pub downstream_us: u64,
    /// How far the tries go.
    pub limits: Limits,
}

impl<D: Driver> Store<'_, D> {
    /// Stores entries; what the table refuses, and what isn't stored in time, goes into `result`.
    pub async fn store(&mut self, entries: &[Entry], result: &mut BatchResult) -> Stored {
        let mut stored = Stored::default();
        let mut todo = batch::split(entries, MAX_ROWS, MAX_BYTES, |entry| size(&entry.delivery));
        while let Some(part) = todo.pop() {
            match self.upsert(part).await {
                Ok(new) => {
                    stored.new += new;
                    stored.deliveries += part.iter().map(|entry| entry.delivery.copies).sum::<u64>();
                    match self.confirm(part).await {
                        Ok(latencies) => stored.confirmed.extend(latencies),
                        Err(error) => fail(part, &error, result),
                    }
                }
                Err(error) if is_about_data(&error) => match part {
                    [entry] => result.reject(entry, &error.to_string()),
                    // One of them is it: the halves, until it stands alone.
                    _ => todo.extend(<[_; 2]>::from(part.split_at(part.len() / 2))),
                },
                Err(error) => fail(part, &error, result),
            }
        }
        stored
    }

    /// Returns how many rows are new.
    async fn upsert(&mut self, part: &[Entry]) -> Result<u64, DbError> {
        let downstream_us = self.downstream_us;
        let rows: Vec<_> = part.iter().map(|entry| row(entry, downstream_us)).collect();
        let rows = json(&rows);
        let answer = retry(self.driver, self.limits, is_about_data, async |driver: &mut D| {
            driver.fetch(&UPSERT, &[Value::Text(&rows)]).await
        })
        .await?;
        Ok(answer.first().and_then(|row| row.first()).map_or(0, Cell::int).unsigned_abs())
    }

    async fn confirm(&mut self, part: &[Entry]) -> Result<Vec<Latencies>, DbError> {
        let ids: Vec<&str> = part.iter().map(|entry| entry.delivery.id.as_str()).collect();
        let ids = json(&ids);
        let stored_us = now_us();
        let values = [Value::Text(&ids), Value::Int(stored_us.cast_signed())];
        let answer = retry(self.driver, self.limits, is_about_data, async |driver: &mut D| {
            driver.fetch(&CONFIRM, &values).await
        })
        .await?;
        Ok(answer.iter().map(|row| latencies(row, stored_us)).collect())
    }
}

/// The size of a row as JSON within JSON, at most.
fn size(delivery: &Delivery) -> usize {
    let bytes = delivery.id.bytes().chain(delivery.message.bytes());
    let quoted = bytes.map(|byte| match byte {
        b'"' | b'\\' => 4,
        0..0x20 => 7,
        _ => 1,
    });
    ROW_BYTES + quoted.sum::<usize>()
}

fn fail(part: &[Entry], error: &DbError, result: &mut BatchResult) {
    tracing::error!(%error, rows = part.len(), "the rows were not stored in time: their records will be delivered again");
    result.fail(part);
}

/// Whether a statement failed for what it was given: data exceptions and violated constraints.
fn is_about_data(error: &DbError) -> bool {
    error.kind.len() == 5 && (error.kind.starts_with("22") || error.kind.starts_with("23"))
}

fn row(entry: &Entry, downstream_us: u64) -> Row<'_> {
    let delivery = &entry.delivery;
    Row {
        id: &delivery.id,
        message: &delivery.message,
        sent: delivery.timestamp,
        arrived_us: delivery.arrived_us,
        midstream_us: delivery.midstream_us,
        downstream_us,
        copies: delivery.copies,
    }
}

/// From what the statement tells of a row.
fn latencies(row: &[Cell], stored_us: u64) -> Latencies {
    let time = |index: usize| row.get(index).map_or(0, Cell::int).unsigned_abs();
    let [arrived_us, midstream_us, downstream_us] = [0, 1, 2].map(time);
    Latencies {
        all: micros(arrived_us, stored_us),
        table: micros(midstream_us, downstream_us),
        row: micros(downstream_us, stored_us),
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("texts and finite numbers are JSON")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_row_is_larger_than_it_is_taken_for(id in any::<String>(), message in "[\\x00-\\x7f\"]{0,200}", times in any::<[u64; 5]>()) {
            let [arrived_us, midstream_us, downstream_us, copies, sent] = times;
            let timestamp = f64::from_bits(sent % f64::INFINITY.to_bits());
            let delivery = Delivery { id, message, timestamp, arrived_us, midstream_us, copies };
            let entry = Entry { delivery, positions: Vec::new() };
            let sent = json(&json(&row(&entry, downstream_us)));
            prop_assert!(sent.len() <= size(&entry.delivery), "{} of {}: {sent}", sent.len(), size(&entry.delivery));
        }
    }
}
