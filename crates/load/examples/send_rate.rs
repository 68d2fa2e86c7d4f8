//! How many requests one generator sends, and what each takes of a processor, against a server that answers at once:
//! `cargo run --release --package load --example send_rate -- 3000 5`, for 3,000 signed requests per second in 5 s.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use load::{Load, RequestStatus, Schedule, Signer, Stage};
use protocol::pipeline::Arrivals;
use protocol::stats::real;
use tokio::net::TcpListener;

const CONNECTIONS: u64 = 50;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (rate, seconds) = (next(3000)?, next(5)?);
    let (ready, address) = mpsc::channel();
    thread::spawn(move || serve(&ready));
    let address = address.recv().context("the server has crashed")??;
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("session".to_owned()), None, "example");
    let [ramp, duration] = [0, seconds].map(Duration::from_secs);
    let stages = vec![Stage { rate, duration }];
    let schedule = Schedule { ramp, stages, arrivals: Arrivals::Poisson, seed: 1, workers: 1 };
    let mut running = load::start(Load {
        url: format!("http://{address}/messages"),
        run: "lambench-20261121T100000000Z".to_owned(),
        plan: schedule.plan(0),
        start_at: None,
        connections: CONNECTIONS,
        message_bytes: 100,
        signer: Some(Signer::new(SharedCredentialsProvider::new(credentials), "us-east-1")),
    })?;
    let load = (&mut running.end).await??;
    let requests = &load.requests;
    let accepted = requests.count(RequestStatus::Accepted);
    let taken = requests.last_answer.as_secs_f64().max(real(seconds));
    println!(
        "{accepted} of {} requests accepted, {:.0} per second",
        schedule.total(),
        real(accepted) / taken
    );
    let cpu = load.cpu.as_secs_f64();
    println!("{:.0} % of a processor, {:.3} ms each", 100.0 * cpu / taken, 1000.0 * cpu / real(accepted));
    let late = requests.lateness.quantile_ms(0.99).unwrap_or_default();
    println!(
        "1 % sent {late:.2} ms or more after they were due; {} waited for a connection",
        requests.waited
    );
    Ok(())
}

/// Answers every request with 200, on a thread of its own.
fn serve(ready: &mpsc::Sender<Result<SocketAddr>>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let Ok(listener) = TcpListener::bind("127.0.0.1:0").await else { return };
        let _ = ready.send(listener.local_addr().map_err(anyhow::Error::from));
        while let Ok((stream, _)) = listener.accept().await {
            let service = service_fn(|request: Request<Incoming>| async {
                let _ = request.into_body().collect().await;
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(r#"{"message":"success"}"#))))
            });
            let _ = stream.set_nodelay(true);
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
}
