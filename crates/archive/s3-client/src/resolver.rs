//! S3's addresses, asked for once for hundreds of connections.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use std::{io, vec};

use hyper_util::client::legacy::connect::dns::Name;
use tokio::sync::Mutex;
use tower_service::Service;

/// S3's names are valid for a few seconds; connections last longer.
const FRESH: Duration = Duration::from_secs(10);

/// Resolves one host's name.
#[derive(Clone, Default)]
pub struct Resolver(Arc<Mutex<Option<Known>>>);

struct Known {
    since: Instant,
    addresses: Vec<SocketAddr>,
}

impl Resolver {
    async fn addresses(self, name: Name) -> io::Result<vec::IntoIter<SocketAddr>> {
        let mut known = self.0.lock().await;
        if known.as_ref().is_none_or(|known| known.since.elapsed() > FRESH) {
            // The port is set by whoever connects.
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            *known = Some(Known { since: Instant::now(), addresses });
        }
        let mut addresses = known.as_ref().map(|known| known.addresses.clone()).unwrap_or_default();
        // Spreads connections over all of them.
        fastrand::shuffle(&mut addresses);
        Ok(addresses.into_iter())
    }
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.clone().addresses(name))
    }
}
