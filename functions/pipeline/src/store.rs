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
const ROW_BYTES: usize = 450;

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
    midstream_request: &'a str,
    downstream_request: &'a str,
}

/// The invocation of `downstream` that has the batch.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// Its request id.
    pub request_id: &'a str,
    /// When it had the batch, µs since 1970.
    pub downstream_us: u64,
}

/// A batch on its way into the table.
pub struct Store<'a, D> {
    /// The driver of the database.
    pub driver: &'a mut D,
    /// Who stores it, and when.
    pub invocation: Invocation<'a>,
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
        let invocation = self.invocation;
        let rows: Vec<_> = part.iter().map(|entry| row(entry, invocation)).collect();
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

fn row<'a>(entry: &'a Entry, invocation: Invocation<'a>) -> Row<'a> {
    let delivery = &entry.delivery;
    Row {
        id: &delivery.id,
        message: &delivery.message,
        sent: delivery.timestamp,
        arrived_us: delivery.arrived_us,
        midstream_us: delivery.midstream_us,
        downstream_us: invocation.downstream_us,
        copies: delivery.copies,
        midstream_request: &delivery.midstream_request,
        downstream_request: invocation.request_id,
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
            let request_id = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
            let midstream_request = request_id.to_owned();
            let delivery = Delivery { id, message, timestamp, arrived_us, midstream_us, copies, midstream_request };
            let invocation = Invocation { request_id, downstream_us };
            let entry = Entry { delivery, positions: Vec::new() };
            let sent = json(&json(&row(&entry, invocation)));
            prop_assert!(sent.len() <= size(&entry.delivery), "{} of {}: {sent}", sent.len(), size(&entry.delivery));
        }
    }
}
