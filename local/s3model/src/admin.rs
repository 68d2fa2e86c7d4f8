//! The admin endpoint: counters, faults, profile.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde::Serialize;

use crate::gate::Gate;

/// What the store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Buckets.
    pub buckets: u64,
    /// Objects in all buckets.
    pub objects: u64,
    /// Their sizes added up, bytes.
    pub object_bytes: u64,
    /// Multipart uploads neither completed nor aborted.
    pub open_uploads: u64,
    /// Bytes on the disk; less than `object_bytes` where objects share references.
    pub stored_bytes: u64,
}

/// The store, as far as the admin endpoint needs it.
pub trait Holds: Send + Sync + 'static {
    /// What it holds now.
    fn contents(&self) -> Contents;
}

/// The routes of the admin endpoint; for `axum::serve`.
pub fn router(_gate: &Gate, _store: Arc<dyn Holds>) -> Router {
    Router::new().route("/health", get(|| async { "ok" }))
}
