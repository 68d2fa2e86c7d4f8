//! The half of the gate that knows what is asked for.

use std::sync::Arc;

use s3s::access::{S3Access, S3AccessContext};
use s3s::path::S3Path;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use tokio::time::Instant;

use super::Gate;
use super::ticket::{Admitted, Ticket, Transport};
use crate::counters::add;
use crate::faults::Kind;
use crate::limits::Class;
use crate::ops::POLICY;
use crate::policy;
use crate::store::Store;

/// Asked by s3s when a request's signature is right and its operation known.
pub struct Access {
    pub gate: Gate,
    /// Where the buckets' policies are.
    pub store: Arc<Store>,
}

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(credentials) = context.credentials() else {
            return Err(denied());
        };
        let shared = &self.gate.0;
        let operation = context.s3_op().name().to_owned();
        let operation = operation.as_str();
        let row = shared.counters.row(operation, &credentials.access_key);
        add(&row.requests, 1);
        let transport = context.extensions_mut().get::<Arc<Ticket>>().map(|ticket| ticket.transport);
        let refusal = if transport == Some(Transport::Plain) && self.requires_tls(context.s3_path()) {
            Some(Refusal::Policy)
        } else {
            self.refusal(operation, Class::of(context.method()), context.s3_path())
        };
        match refusal {
            Some(Refusal::TooMany) => add(&row.slow_downs, 1),
            Some(Refusal::Fault(_)) => add(&row.faults, 1),
            Some(Refusal::Policy) | None => {}
        }
        // A refusal takes as long as an answer.
        let latency = shared.timing.as_ref().map(|timing| timing.latencies.next(operation));
        let key = place(context.s3_path()).map(|(_, key)| key.into());
        if let Some(ticket) = context.extensions_mut().get::<Arc<Ticket>>() {
            ticket.admit(Admitted { row, key, latency, refused: refusal.is_some() });
        }
        refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
    }
}

enum Refusal {
    /// The bucket's policy requires TLS.
    Policy,
    TooMany,
    Fault(Kind),
}

impl Access {
    fn requires_tls(&self, path: &S3Path) -> bool {
        let (bucket, key) = match path {
            S3Path::Root => return false,
            S3Path::Bucket { bucket } => (bucket, None),
            S3Path::Object { bucket, key } => (bucket, Some(&**key)),
        };
        let state = self.store.state();
        let policy = state.buckets.get(&**bucket).and_then(|kept| kept.settings.get(POLICY)?.as_str());
        policy.is_some_and(|policy| policy::requires_tls(policy, bucket, key))
    }

    fn refusal(&self, operation: &str, class: Class, path: &S3Path) -> Option<Refusal> {
        let shared = &self.gate.0;
        let place = place(path);
        if let (Some(timing), Some((bucket, key))) = (&shared.timing, place)
            && !timing.limits.admit(class, bucket, key, Instant::now())
        {
            return Some(Refusal::TooMany);
        }
        let key = place.map(|(_, key)| key);
        shared.faults.refuse(operation, key).map(|fault| Refusal::Fault(fault.kind))
    }
}

/// Bucket and key, if the request is about an object.
fn place(path: &S3Path) -> Option<(&str, &str)> {
    match path {
        S3Path::Object { bucket, key } => Some((bucket, key)),
        S3Path::Root | S3Path::Bucket { .. } => None,
    }
}

fn denied() -> S3Error {
    s3_error!(AccessDenied, "Access Denied")
}

impl From<Refusal> for S3Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(Kind::InternalError) => S3Error::with_message(
                S3ErrorCode::InternalError,
                "We encountered an internal error. Please try again.",
            ),
            Refusal::Policy => denied(),
            Refusal::TooMany | Refusal::Fault(_) => {
                S3Error::with_message(S3ErrorCode::SlowDown, "Please reduce your request rate.")
            }
        }
    }
}
