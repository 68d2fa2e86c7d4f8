//! How well the model keeps its own formula, with the built-in profile: latency of the operation and bytes over the link.

use std::time::{Duration, Instant};

use futures::future::join_all;
use s3_model::profile::Profile;
use s3_model::time::latency::Latencies;

use crate::http::{Connection, head};
use crate::model::Model;
use crate::{Limit, Measured, real};

const SEED: u64 = 7;
const GIGABYTE: usize = 1_000_000_000;
/// So that a put of a gigabyte takes one body.
const SMALL: usize = 1_000;
const COPIES: usize = 64;

pub async fn measure() -> Vec<Measured> {
    let model = Model::start(&["--seed", "7"]).await;
    let formula =
        Formula { latencies: Latencies::new(&Profile::default(), SEED), profile: Profile::default() };
    let mut connection = Connection::open(&model.address).await;

    let small = head(&model.put("small").await, SMALL);
    connection.exchange(&small, &vec![7; SMALL]).await;
    formula.latency("PutObject");

    let get = head(&model.get("small").await, 0);
    let gets = timed(async {
        for _ in 0..200 {
            connection.exchange(&get, &[]).await;
        }
    })
    .await;
    let expected: Duration = (0..200).map(|_| formula.latency("GetObject") + formula.link(SMALL)).sum();
    let gets = error(gets, expected);

    let copies = copies(&model, &formula, &get).await;

    let (put, body) = (head(&model.put("large").await, GIGABYTE), vec![7; GIGABYTE]);
    let up = timed(connection.exchange(&put, &body)).await;
    let up = error(up, formula.latency("PutObject") + formula.link(GIGABYTE));

    let get = head(&model.get("large").await, 0);
    let down = timed(connection.exchange(&get, &[])).await;
    let down = error(down, formula.latency("GetObject") + formula.link(GIGABYTE));

    let row = |what, value| Measured { what, value, unit: "% error", limit: Limit::AtMost(3.0) };
    vec![
        row("200 gets one after the other", gets),
        row("64 concurrent copies", copies),
        row("1 GB up", up),
        row("1 GB down", down),
    ]
}

/// Concurrent copies, each over a connection that is in use already: the error of the time until the last is done.
async fn copies(model: &Model, formula: &Formula, get: &[u8]) -> f64 {
    let mut open = Vec::new();
    for number in 0..COPIES {
        let mut connection = Connection::open(&model.address).await;
        connection.exchange(get, &[]).await;
        formula.latency("GetObject");
        open.push((connection, head(&model.copy("small", &format!("copy/{number}")).await, 0)));
    }
    let copies = open.iter_mut().map(|(connection, copy)| connection.exchange(copy, &[]));
    let copies = timed(join_all(copies)).await;
    error(copies, (0..COPIES).map(|_| formula.latency("CopyObject")).max().unwrap())
}

/// What the model promises.
struct Formula {
    latencies: Latencies,
    profile: Profile,
}

impl Formula {
    /// The next latency of an operation, drawn as the model draws it.
    fn latency(&self, operation: &str) -> Duration {
        self.latencies.next(operation)
    }

    fn link(&self, bytes: usize) -> Duration {
        Duration::from_secs_f64(real(bytes) / self.profile.link.bytes_per_second)
    }
}

async fn timed<T>(work: impl Future<Output = T>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

/// In percent of what is expected.
fn error(measured: Duration, expected: Duration) -> f64 {
    println!("({measured:.3?} where the formula says {expected:.3?})");
    (measured.as_secs_f64() / expected.as_secs_f64() - 1.0).abs() * 100.0
}
