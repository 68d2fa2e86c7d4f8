//! The half of the gate that knows what is asked for.

use std::sync::Arc;

use s3s::access::{S3Access, S3AccessContext};
use s3s::path::S3Path;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use tokio::time::Instant;

use super::Gate;
use super::ticket::{Admitted, Ticket};
use crate::counters::add;
use crate::faults::Kind;
use crate::limits::Class;

/// Asked by s3s when a request's signature is right and its operation known.
pub struct Access(pub Gate);

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(credentials) = context.credentials() else {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        };
        let shared = &self.0.0;
        let operation = context.s3_op().name().to_owned();
        let operation = operation.as_str();
        let row = shared.counters.row(operation, &credentials.access_key);
        add(&row.requests, 1);
        let place = match context.s3_path() {
            S3Path::Object { bucket, key } => Some((bucket.clone(), key.clone())),
            S3Path::Root | S3Path::Bucket { .. } => None,
        };
        let refusal = self.refusal(operation, Class::of(context.method()), place.as_ref());
        match refusal {
            Some(Refusal::TooMany) => add(&row.slow_downs, 1),
            Some(Refusal::Fault(_)) => add(&row.faults, 1),
            None => {}
        }
        // A refusal takes as long as an answer.
        let latency = shared.timing.as_ref().map(|timing| timing.latencies.next(operation));
        let key = place.map(|(_, key)| key);
        if let Some(ticket) = context.extensions_mut().get::<Arc<Ticket>>() {
            ticket.admit(Admitted { row, key, latency, refused: refusal.is_some() });
        }
        refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
    }
}

enum Refusal {
    TooMany,
    Fault(Kind),
}

impl Access {
    fn refusal(
        &self,
        operation: &str,
        class: Class,
        place: Option<&(Box<str>, Box<str>)>,
    ) -> Option<Refusal> {
        let shared = &self.0.0;
        if let (Some(timing), Some((bucket, key))) = (&shared.timing, place)
            && !timing.limits.admit(class, bucket, key, Instant::now())
        {
            return Some(Refusal::TooMany);
        }
        let key = place.map(|(_, key)| &**key);
        shared.faults.refuse(operation, key).map(|fault| Refusal::Fault(fault.kind))
    }
}

impl From<Refusal> for S3Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(Kind::InternalError) => S3Error::with_message(
                S3ErrorCode::InternalError,
                "We encountered an internal error. Please try again.",
            ),
            Refusal::TooMany | Refusal::Fault(_) => {
                S3Error::with_message(S3ErrorCode::SlowDown, "Please reduce your request rate.")
            }
        }
    }
}
