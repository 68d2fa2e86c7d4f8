//! What was asked of the server: by operation and access key, and how many connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// The operation of requests that were refused before it was known: a wrong signature, no such operation.
pub const REJECTED: &str = "Rejected";

/// Counters since the start or the last reset.
#[derive(Default)]
pub struct Counters {
    /// By access key, then by operation.
    rows: Mutex<BTreeMap<String, BTreeMap<String, Arc<Row>>>>,
    connections: AtomicU64,
    peak: AtomicU64,
}

/// One operation of one access key.
pub struct Row {
    /// S3's name of the operation.
    pub operation: String,
    /// Requests, whatever became of them.
    pub requests: AtomicU64,
    /// Request bodies as they came, bytes.
    pub bytes_in: AtomicU64,
    /// Response bodies as they went, bytes.
    pub bytes_out: AtomicU64,
    /// Requests answered 503 because their partition had too many.
    pub slow_downs: AtomicU64,
    /// Requests answered 5xx, which S3 doesn't charge for (S3 user guide, "Billing for Amazon S3 error responses").
    pub server_errors: AtomicU64,
    /// Faults injected.
    pub faults: AtomicU64,
}

/// What [`Counters`] say at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// By access key and operation.
    pub requests: Vec<RowCounts>,
    /// Of clients to S3.
    pub connections: Connections,
}

/// What a [`Row`] says at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// S3's name, or [`REJECTED`].
    pub operation: String,
    /// Empty for what was refused before it was verified.
    pub access_key: String,
    /// Requests, whatever became of them.
    pub requests: u64,
    /// Request bodies as they came, bytes.
    pub bytes_in: u64,
    /// Response bodies as they went, bytes.
    pub bytes_out: u64,
    /// Requests answered 503 because their partition had too many.
    pub slow_downs: u64,
    /// Requests answered 5xx, which S3 doesn't charge for.
    pub server_errors: u64,
    /// Faults injected.
    pub faults: u64,
}

/// How many connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Connections {
    /// Open now.
    pub current: u64,
    /// The most that were open at the same time since the start or the last reset.
    pub peak: u64,
}

/// A connection, counted as long as this lives.
pub struct Connected(Arc<Counters>);

impl Counters {
    /// The row of an operation and an access key.
    pub fn row(&self, operation: &str, access_key: &str) -> Arc<Row> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = rows.get(access_key).and_then(|rows| rows.get(operation)) {
            return Arc::clone(row);
        }
        let row = Arc::new(Row::new(operation));
        rows.entry(access_key.to_owned()).or_default().insert(operation.to_owned(), Arc::clone(&row));
        row
    }

    /// Counts a connection.
    #[must_use]
    pub fn connect(self: &Arc<Self>) -> Connected {
        let current = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(current, Ordering::Relaxed);
        Connected(Arc::clone(self))
    }

    /// Everything from zero, but for the connections that are open. What requests under way do from now on is not counted.
    pub fn reset(&self) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.peak.store(self.connections.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// What they say now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let of_key = |(key, rows): (&String, &BTreeMap<String, Arc<Row>>)| {
            rows.values().map(|row| row.counts(key)).collect::<Vec<_>>()
        };
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            requests: rows.iter().flat_map(of_key).collect(),
            connections: Connections { current: get(&self.connections), peak: get(&self.peak) },
        }
    }
}

impl Row {
    fn new(operation: &str) -> Self {
        let zero = AtomicU64::default;
        Self {
            operation: operation.to_owned(),
            requests: zero(),
            bytes_in: zero(),
            bytes_out: zero(),
            slow_downs: zero(),
            server_errors: zero(),
            faults: zero(),
        }
    }

    fn counts(&self, access_key: &str) -> RowCounts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RowCounts {
            operation: self.operation.clone(),
            access_key: access_key.to_owned(),
            requests: get(&self.requests),
            bytes_in: get(&self.bytes_in),
            bytes_out: get(&self.bytes_out),
            slow_downs: get(&self.slow_downs),
            server_errors: get(&self.server_errors),
            faults: get(&self.faults),
        }
    }
}

/// Counts something.
pub fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_of_each_key_has_its_row() {
        let counters = Counters::default();
        add(&counters.row("GetObject", "a").requests, 1);
        add(&counters.row("GetObject", "a").requests, 1);
        add(&counters.row("PutObject", "a").bytes_in, 7);
        add(&counters.row("GetObject", "b").bytes_out, 9);
        let rows: Vec<_> = counters.counts().requests;
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                (row.access_key.as_str(), row.operation.as_str(), row.requests, row.bytes_in, row.bytes_out)
            })
            .collect();
        assert_eq!(
            rows,
            [("a", "GetObject", 2, 0, 0), ("a", "PutObject", 0, 7, 0), ("b", "GetObject", 0, 0, 9)]
        );
    }

    #[test]
    fn a_reset_keeps_open_connections_only() {
        let counters = Arc::new(Counters::default());
        let kept = counters.connect();
        drop((counters.connect(), counters.connect()));
        add(&counters.row("GetObject", "a").requests, 1);
        assert_eq!(counters.counts().connections, Connections { current: 1, peak: 3 });
        counters.reset();
        let connections = Connections { current: 1, peak: 1 };
        assert_eq!(counters.counts(), Counts { requests: Vec::new(), connections });
        drop(kept);
        assert_eq!(counters.counts().connections.current, 0);
    }
}
