//! What the two halves of the gate know of one request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::request_body::Rest;
use crate::counters::{Row, add};

/// How a request has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// By HTTP, to a server that has nothing else.
    #[default]
    Only,
    /// By HTTP, though the server speaks TLS.
    Plain,
    /// By TLS.
    Tls,
}

/// One request's notes.
#[derive(Default)]
pub struct Ticket {
    /// How it has come.
    pub transport: Transport,
    notes: Mutex<Notes>,
}

/// What is known of a request so far.
#[derive(Default)]
pub struct Notes {
    /// From the access check on.
    pub admitted: Option<Admitted>,
    /// Bytes of the body before that.
    pub early_bytes: u64,
    /// When the body's last byte came over the link.
    pub uploaded: Option<Instant>,
    /// What s3s didn't read of the body.
    pub rest: Option<Rest>,
}

/// What the access check finds out.
pub struct Admitted {
    /// The request's counters.
    pub row: Arc<Row>,
    /// The object's key; none for requests about buckets.
    pub key: Option<Box<str>>,
    /// None if the server is instant.
    pub latency: Option<Duration>,
    /// The operation isn't done.
    pub refused: bool,
}

impl Ticket {
    /// Of a request that nothing else is known of.
    pub fn of(transport: Transport) -> Self {
        Self { transport, notes: Mutex::default() }
    }

    /// The notes, to read and write.
    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        // No code that holds it panics half way.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts bytes of the request's body.
    pub fn count_in(&self, bytes: u64) {
        let mut notes = self.notes();
        match &notes.admitted {
            Some(admitted) => add(&admitted.row.bytes_in, bytes),
            None => notes.early_bytes += bytes,
        }
    }

    /// The access check has found out who asks for what.
    pub fn admit(&self, admitted: Admitted) {
        let mut notes = self.notes();
        add(&admitted.row.bytes_in, std::mem::take(&mut notes.early_bytes));
        notes.admitted = Some(admitted);
    }
}
