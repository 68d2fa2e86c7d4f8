//! The half of the gate that knows what is asked for.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use s3s::access::{S3Access, S3AccessContext};
use s3s::path::S3Path;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use serde_json::Value;
use tokio::time::Instant;

use super::Gate;
use super::ticket::{Admitted, Ticket, Transport};
use crate::counters::add;
use crate::credentials::Signer;
use crate::faults::Kind;
use crate::limits::Class;
use crate::ops::POLICY;
use crate::policy::{self, Caller, Statement};
use crate::store::Store;

/// Asked by s3s when a request's signature is right and its operation known.
pub struct Access {
    pub gate: Gate,
    /// Where the buckets' policies are.
    pub store: Arc<Store>,
    /// Buckets' policies as they were read, by their texts.
    pub read: RwLock<HashMap<String, Arc<Vec<Statement>>>>,
}

/// Policies that are kept as they were read.
const MOST_READ: usize = 1_000;

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
        let policies = context.extensions_mut().remove::<Signer>().and_then(|signer| signer.0);
        let bucket_policy = self.bucket_policy(context.s3_path());
        // A server without TLS is asked as if it had it.
        let caller = Caller { policies, bucket_policy, is_secure: transport != Some(Transport::Plain) };
        let result = permitted(&caller, operation, context)
            .map_err(AccessError::Denied)
            .and_then(|()| self.admit(operation, Class::of(context.method()), context.s3_path()));
        context.extensions_mut().insert(caller);
        match result {
            Err(AccessError::TooMany) => add(&row.slow_downs, 1),
            Err(AccessError::Fault(_)) => add(&row.faults, 1),
            Err(AccessError::Denied(_)) | Ok(()) => {}
        }
        // An error takes as long as an answer.
        let latency = shared.timing.as_ref().map(|timing| timing.latencies.next(operation));
        let key = place(context.s3_path()).map(|(_, key)| key.into());
        if let Some(ticket) = context.extensions_mut().get::<Arc<Ticket>>() {
            ticket.admit(Admitted { row, key, latency, refused: result.is_err() });
        }
        result.map_err(Into::into)
    }
}

enum AccessError {
    /// A policy denies it, or none allows it.
    Denied(S3Error),
    TooMany,
    Fault(Kind),
}

impl Access {
    fn bucket_policy(&self, path: &S3Path) -> Option<Arc<Vec<Statement>>> {
        let state = self.store.state();
        let text = state.buckets.get(path.get_bucket_name()?)?.settings.get(POLICY)?.as_str()?;
        let known = self.read.read().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
        known.or_else(|| {
            let policy = Arc::new(Statement::all(&serde_json::from_str::<Value>(text).ok()?));
            let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
            if read.len() >= MOST_READ {
                read.clear();
            }
            read.insert(text.to_owned(), Arc::clone(&policy));
            Some(policy)
        })
    }

    fn admit(&self, operation: &str, class: Class, path: &S3Path) -> Result<(), AccessError> {
        let shared = &self.gate.0;
        let place = place(path);
        if let (Some(timing), Some((bucket, key))) = (&shared.timing, place)
            && !timing.limits.admit(class, bucket, key, Instant::now())
        {
            return Err(AccessError::TooMany);
        }
        let key = place.map(|(_, key)| key);
        shared.faults.refuse(operation, key).map_or(Ok(()), |fault| Err(AccessError::Fault(fault.kind)))
    }
}

/// Refuses what the caller may not do.
fn permitted(caller: &Caller, operation: &str, context: &S3AccessContext<'_>) -> S3Result<()> {
    let query = context.uri().query().filter(|_| operation.starts_with("List")).unwrap_or_default();
    let prefix = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "prefix");
    let prefix = prefix.as_ref().map(|(_, prefix)| &**prefix);
    let needed = policy::of_request(operation, context.s3_path(), context.headers());
    needed.iter().try_for_each(|access| caller.check(&access.action, &access.resource, prefix))
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

impl From<AccessError> for S3Error {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Fault(Kind::InternalError) => S3Error::with_message(
                S3ErrorCode::InternalError,
                "We encountered an internal error. Please try again.",
            ),
            AccessError::Denied(denied) => denied,
            AccessError::TooMany | AccessError::Fault(_) => {
                S3Error::with_message(S3ErrorCode::SlowDown, "Please reduce your request rate.")
            }
        }
    }
}
