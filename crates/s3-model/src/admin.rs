//! The admin endpoint: counters, faults, profile.
//!
//! | request | answer |
//! |---|---|
//! | `GET /health` | 200 |
//! | `GET /counters` | requests by operation and access key, connections, what the store holds |
//! | `POST /reset` | 204; the counters start again |
//! | `GET /faults` | the rules in force, each with how often it has struck |
//! | `PUT /faults` | a list of rules: 204, they are in force and no others; 400 if one could never strike |
//! | `DELETE /faults` | 204; nothing goes wrong any more |
//! | `GET /profile` | the constants, the seed, and whether the server is instant |

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Serialize;

use crate::counters::Counts;
use crate::faults::{Injected, Rule};
use crate::gate::Gate;
use crate::profile::Profile;

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

#[derive(Clone)]
struct Admin {
    gate: Gate,
    store: Arc<dyn Holds>,
}

/// The routes of the admin endpoint; for `axum::serve`.
pub fn router(gate: &Gate, store: Arc<dyn Holds>) -> Router {
    let faults = get(faults).put(set_faults).delete(clear_faults);
    Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/counters", get(counters))
        .route("/reset", post(reset))
        .route("/faults", faults)
        .route("/profile", get(profile))
        .with_state(Admin { gate: gate.clone(), store })
}

#[derive(Serialize)]
struct All {
    #[serde(flatten)]
    counts: Counts,
    store: Contents,
}

async fn counters(State(admin): State<Admin>) -> Json<All> {
    Json(All { counts: admin.gate.counters().counts(), store: admin.store.contents() })
}

async fn reset(State(admin): State<Admin>) -> StatusCode {
    admin.gate.counters().reset();
    StatusCode::NO_CONTENT
}

async fn faults(State(admin): State<Admin>) -> Json<Vec<Injected>> {
    Json(admin.gate.faults().list())
}

async fn set_faults(State(admin): State<Admin>, body: Bytes) -> Response {
    let rules: Result<Vec<Rule>, _> = serde_json::from_slice(&body);
    let set = match rules {
        Ok(rules) => admin.gate.faults().set(rules).map_err(|invalid| invalid.to_string()),
        Err(error) => Err(format!("not a JSON list of rules: {error}")),
    };
    match set {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(message) => (StatusCode::BAD_REQUEST, format!("{message}\n")).into_response(),
    }
}

async fn clear_faults(State(admin): State<Admin>) -> StatusCode {
    admin.gate.faults().clear();
    StatusCode::NO_CONTENT
}

#[derive(Serialize)]
struct Constants {
    #[serde(flatten)]
    profile: Profile,
    seed: u64,
    instant: bool,
}

async fn profile(State(admin): State<Admin>) -> Json<Constants> {
    let gate = &admin.gate;
    Json(Constants { profile: gate.profile().clone(), seed: gate.seed(), instant: gate.instant() })
}
