//! Where time, limits, faults and counters meet the requests.
//!
//! Decision: the gate is a hyper service around s3s' own, plus s3s' access check.
//! - Around the service it sees bytes and time: it paces the request body, holds the answer until its latency is over,
//!   paces the response body and spoils what a fault is to spoil; so the operations know nothing of it.
//! - s3s routes a request itself and doesn't export how. Its access check is the one place that is told the operation's
//!   name, bucket, key and the *verified* access key before the operation runs: there request rates and refusing faults
//!   decide, and there counters find their row. Both halves share one ticket in the request's extensions.
//!
//! Whoever starts the server: `builder.set_access(gate.access())`, then [`Gate::serve`] for each accepted connection, and
//! [`crate::admin::router`] on the admin port.

use std::sync::Arc;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::S3Result;
use s3s::access::{S3Access, S3AccessContext};
use s3s::service::S3Service;
use tokio::net::TcpStream;

use crate::profile::Profile;

/// Time, limits, faults and counters of one server; clones are the same gate.
#[derive(Clone)]
pub struct Gate {
    #[expect(dead_code, reason = "comes with the next commits")]
    shared: Arc<Shared>,
}

struct Shared {}

impl Gate {
    /// A gate with the constants of `profile`; `instant` leaves latency, links and request rates out, and `seed` decides
    /// latencies and faults.
    #[must_use]
    pub fn new(_profile: Profile, _instant: bool, _seed: u64) -> Self {
        Self { shared: Arc::new(Shared {}) }
    }

    /// For `S3ServiceBuilder::set_access`; it refuses anonymous requests as s3s' own does.
    #[must_use]
    pub fn access(&self) -> impl S3Access + use<> {
        Access
    }

    /// Answers a connection's requests until it ends.
    pub async fn serve(&self, stream: TcpStream, service: S3Service) {
        // Whoever breaks a connection off knows it.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }
}

struct Access;

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        match context.credentials() {
            Some(_) => Ok(()),
            None => Err(s3s::s3_error!(AccessDenied, "Access Denied")),
        }
    }
}
