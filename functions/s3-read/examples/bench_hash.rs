//! What reading costs beside hashing: the reader's own way from sockets to hashes, ten objects at once, by both variants, against
//! a bare loop that hashes as many bytes of memory, one after the other, by the CPU time of the one thread that does it.
//!
//! `bench_hash [md5|crc32|sha256] [MB] [ROUNDS]` prints JSON. The objects come from threads of this process over the loopback
//! interface, without TLS; rounds of the loop and of both variants alternate, and the fastest of each counts.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use futures::future::try_join_all;
use md5::Digest;
use protocol::s3_read::{HashAlgorithm, Variant, signed_body};
use rustix::time::{ClockId, clock_gettime};
use s3_read::hash::Hashing;
use s3_read::object;
use s3_read::object_client::ObjectClient;
use serde_json::json;

type AnyError = Box<dyn Error + Send + Sync>;

const CHUNK: usize = 64 * 1024;
/// Objects of a batch.
const BATCH: usize = 10;
const PATIENCE: Duration = Duration::from_mins(5);

fn main() -> Result<(), AnyError> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "md5".to_owned());
    let algorithm: HashAlgorithm = name.parse().map_err(|_| "the hash is to be md5, crc32 or sha256")?;
    let mb = arguments.next().map_or(Ok(256), |mb| mb.parse::<usize>())?;
    let size = 1_000_000 * mb / BATCH;
    let rounds: u32 = arguments.next().map_or(Ok(5), |rounds| rounds.parse())?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || serve(&listener, size));
    let runtime = s3_read::runtime::runtime(NonZeroUsize::MIN);
    let config = config(&url);
    let signed = runtime
        .block_on(ObjectClient::new(&config, Variant::Signed, "b"))
        .map_err(|error| error.to_string())?;
    let sdk =
        runtime.block_on(ObjectClient::new(&config, Variant::Sdk, "b")).map_err(|error| error.to_string())?;
    let clients = [(signed, signed_body(&format!("{url}/b/k"))), (sdk, "k".to_owned())];

    let hashing = Hashing::new(algorithm);
    let (mut bare, mut best_of) = (f64::MAX, [f64::MAX; 2]);
    for _ in 0..rounds {
        let (seconds, expected) = loop_alone(algorithm, size);
        bare = bare.min(seconds * f64::from(u32::try_from(BATCH)?));
        for ((client, body), best) in clients.iter().zip(&mut best_of) {
            let target = client.target(body)?;
            let start = cpu();
            let end = Instant::now() + PATIENCE;
            let all = (0..BATCH).map(|_| object::read(client, &target, &hashing, end));
            let readings = runtime.block_on(try_join_all(all))?;
            *best = best.min(cpu().saturating_sub(start).as_secs_f64());
            let same = readings.iter().all(|reading| reading.hash == expected);
            assert!(same, "the loop and the client hash the same bytes");
        }
    }
    let gb = f64::from(u32::try_from(mb)?) / 1000.0;
    let shown = |seconds: f64| json!({ "cpu_s_per_gb": seconds / gb, "ratio_to_bare": bare / seconds });
    let result = json!({
        "hash": name, "mb": mb, "rounds": rounds, "bare_cpu_s_per_gb": bare / gb,
        "signed": shown(best_of[0]), "sdk": shown(best_of[1]), "peak_rss_mb": peak_mb()?,
    });
    println!("{result}");
    Ok(())
}

fn config(url: &str) -> SdkConfig {
    let credentials = Credentials::new("id", "key", None, None, "bench");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(url)
        .build()
}

/// CPU seconds, and the hash: by the crates' own loops, without what the reader has around them.
fn loop_alone(algorithm: HashAlgorithm, size: usize) -> (f64, String) {
    let (chunk, start) = (chunk(), cpu());
    let hash = match algorithm {
        HashAlgorithm::Md5 => hex(&digest::<md5::Md5>(&chunk, size)),
        HashAlgorithm::Sha256 => hex(&digest::<sha2::Sha256>(&chunk, size)),
        HashAlgorithm::Crc32 => {
            let mut hasher = crc32fast::Hasher::new();
            pieces(&chunk, size).for_each(|piece| hasher.update(piece));
            hex(&hasher.finalize().to_be_bytes())
        }
    };
    (cpu().saturating_sub(start).as_secs_f64(), hash)
}

fn digest<D: Digest>(chunk: &[u8], size: usize) -> Vec<u8> {
    let mut hasher = D::new();
    pieces(chunk, size).for_each(|piece| hasher.update(piece));
    hasher.finalize().to_vec()
}

/// A chunk again and again, up to a size.
fn pieces(chunk: &[u8], size: usize) -> impl Iterator<Item = &[u8]> {
    (0..size).step_by(CHUNK).map(move |start| &chunk[..CHUNK.min(size - start)])
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// CPU time of this thread.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn chunk() -> Vec<u8> {
    (0..CHUNK).map(|index| u8::try_from(index * 31 % 251).unwrap_or_default()).collect()
}

/// Every GET gets the same object.
fn serve(listener: &TcpListener, size: usize) {
    for stream in listener.incoming().flatten() {
        thread::spawn(move || answer(stream, size));
    }
}

fn answer(mut stream: TcpStream, size: usize) -> io::Result<()> {
    let chunk = chunk();
    let mut request = vec![0; CHUNK];
    while stream.read(&mut request)? > 0 {
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n")?;
        let mut left = size;
        while left > 0 {
            let now = left.min(CHUNK);
            stream.write_all(&chunk[..now])?;
            left -= now;
        }
    }
    Ok(())
}

/// The most memory that this process has had, the server and the AWS clients included, MB.
fn peak_mb() -> Result<f64, AnyError> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1.024e-3)
}
