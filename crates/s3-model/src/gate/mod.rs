//! Where time, limits, faults and counters meet the requests.
//!
//! Decision: the gate is a hyper service around s3s' own, plus s3s' access check.
//! - Around the service it sees bytes and time: it paces the request body, holds the answer until its latency is over,
//!   paces the response body and spoils what a fault is to spoil; so the operations know nothing of it.
//! - s3s routes a request itself and doesn't export how. Its access check is the one place that is told the operation's
//!   name, bucket, key and the *verified* access key before the operation runs: there request rates and refusing faults
//!   decide, and there counters find their row. Both halves share one ticket in the request's extensions.
//!
//! Whoever starts the server: `builder.set_access(gate.access(store))`, then [`Gate::serve`] for each accepted connection, and
//! [`crate::admin::router`] on the admin port.

mod access;
mod request_body;
mod response_body;
mod service;
mod ticket;
mod wire;

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::Context;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::access::S3Access;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::counters::Counters;
use crate::faults::Faults;
use crate::http_service::HttpService;
use crate::limits::Limits;
use crate::profile::Profile;
use crate::store::Store;
use crate::time::clock::Clock;
use crate::time::latency::Latencies;
use crate::time::link::Link;
use crate::tls;
use ticket::Transport;
use wire::{Socket, Wire};

/// Time, limits, faults and counters of one server; clones are the same gate.
#[derive(Clone)]
pub struct Gate(Arc<Shared>);

struct Shared {
    profile: Profile,
    seed: u64,
    clock: Clock,
    /// None if the server is instant.
    timing: Option<Timing>,
    faults: Faults,
    counters: Arc<Counters>,
    /// Responses so far, for their ids.
    answers: AtomicU64,
}

/// What `--instant` leaves out.
struct Timing {
    latencies: Latencies,
    limits: Limits,
    /// By access key.
    links: Mutex<HashMap<String, Arc<Link>>>,
}

impl Gate {
    /// A gate with the constants of `profile`; `instant` leaves latency, links and request rates out, and `seed` decides
    /// latencies and faults.
    ///
    /// # Errors
    /// When the operating system has no thread left for the clock.
    pub fn new(profile: Profile, instant: bool, seed: u64) -> anyhow::Result<Self> {
        let clock = Clock::start().context("cannot start the clock's thread")?;
        Ok(Self::with_clock(profile, instant, seed, clock))
    }

    fn with_clock(profile: Profile, instant: bool, seed: u64, clock: Clock) -> Self {
        let timing = (!instant).then(|| Timing {
            latencies: Latencies::new(&profile, seed),
            limits: Limits::new(profile.rate),
            links: Mutex::default(),
        });
        let (faults, counters) = (Faults::new(seed), Arc::default());
        Self(Arc::new(Shared { profile, seed, clock, timing, faults, counters, answers: AtomicU64::new(0) }))
    }

    /// For `S3ServiceBuilder::set_access`; it refuses anonymous requests as s3s' own does, and what neither the caller's policies
    /// nor the bucket's in `store` allow.
    #[must_use]
    pub fn access(&self, store: Arc<Store>) -> impl S3Access + use<> {
        access::Access { gate: self.clone(), store, read: RwLock::default() }
    }

    /// Answers a connection's requests until it ends, over TLS if it begins so and there is a certificate for it.
    pub async fn serve(&self, stream: TcpStream, service: HttpService, tls: Option<TlsAcceptor>) {
        let _connected = self.0.counters.connect();
        // Answers are written whole: waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let speaks_tls = tls.is_some() && tls::is_spoken(&stream).await;
        let wire = Arc::new(Wire::default());
        let socket = Socket::new(stream, Arc::clone(&wire));
        match tls {
            None => self.converse(socket, &service, &wire, Transport::Only).await,
            Some(_) if !speaks_tls => self.converse(socket, &service, &wire, Transport::Plain).await,
            Some(acceptor) => {
                // A client that doesn't trust the certificate breaks off, and says so itself.
                if let Ok(stream) = tls::accept(&acceptor, socket).await {
                    self.converse(stream, &service, &wire, Transport::Tls).await;
                }
            }
        }
    }

    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        service: &HttpService,
        wire: &Arc<Wire>,
        transport: Transport,
    ) {
        let answer = service_fn(|request: Request<Incoming>| {
            self.answer(request.map(s3s::Body::from), service, wire, transport)
        });
        // Whoever breaks a connection off knows it.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
    }

    /// The rules in force.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// What was asked of the server.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// The constants.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.0.profile
    }

    /// What decides latencies and faults.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// Whether latency, links and request rates are left out.
    #[must_use]
    pub fn instant(&self) -> bool {
        self.0.timing.is_none()
    }

    /// A client's link; none if the server is instant.
    fn link(&self, access_key: &str) -> Option<Arc<Link>> {
        let timing = self.0.timing.as_ref()?;
        let mut links = timing.links.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = links.get(access_key) {
            return Some(Arc::clone(link));
        }
        let link = Arc::new(Link::new(&self.0.profile.link, &self.0.clock));
        links.insert(access_key.to_owned(), Arc::clone(&link));
        Some(link)
    }
}

#[cfg(test)]
mod tests;
