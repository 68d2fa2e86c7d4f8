//! What sending costs: the generator from a listing to the queue, by both variants, against one message per call.
//!
//! `bench_send [OBJECTS] [LATENCY_MS]` prints JSON. S3's listing and SQS are a server in this process, which answers each request
//! after the latency; its threads' CPU time is not counted.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::{Builder, tls};
use protocol::s3_read::{GeneratorRequest, Variant};
use rustix::time::{ClockId, clock_gettime};
use s3_read::generator::Generator;
use s3_read::presign::Signer;
use s3_read::queue::Queue;
use serde_json::{Value, json};

type AnyError = Box<dyn Error + Send + Sync>;

/// Objects of a LIST request.
const PAGE: u64 = 1000;
/// Messages that are sent one by one: enough for a rate.
const SEQUENTIAL: u64 = 500;
const URLS: u32 = 20_000;
const VALID: Duration = Duration::from_hours(96);
const PATIENCE: Duration = Duration::from_mins(15);

fn main() -> Result<(), AnyError> {
    let mut arguments = std::env::args().skip(1);
    let objects: u64 = arguments.next().map_or(Ok(100_000), |objects| objects.parse())?;
    let latency: u64 = arguments.next().map_or(Ok(5), |ms| ms.parse())?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let latency = Duration::from_millis(latency);
    thread::spawn(move || serve(&listener, objects, latency));
    // One thread, as the function has.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let config = config(&url);
    let single = runtime.block_on(sequential(&config, &url))?;
    let mut result = json!({
        "objects": objects, "latency_ms": latency.as_millis(), "one_message_per_call_per_second": single,
        "sign_us_per_url": sign()?,
    });
    for variant in [Variant::Signed, Variant::Sdk] {
        let (start, start_cpu) = (Instant::now(), cpu());
        let sent = runtime.block_on(generate(&config, &url, variant))?;
        if sent != objects {
            return Err(format!("{sent} of {objects} messages were sent").into());
        }
        let (seconds, used) = (start.elapsed().as_secs_f64(), cpu().saturating_sub(start_cpu));
        let per_second = real(sent)? / seconds;
        result[variant.name()] = json!({
            "seconds": seconds, "per_second": per_second, "times_one_message_per_call": per_second / single,
            "cpu_us_per_message": used.as_secs_f64() * 1e6 / real(sent)?,
        });
    }
    println!("{result}");
    Ok(())
}

fn real(count: u64) -> Result<f64, AnyError> {
    Ok(f64::from(u32::try_from(count)?))
}

/// Credentials as long as those of a role.
fn credentials() -> Credentials {
    Credentials::new("ASIAIOSFODNN7EXAMPLE", "key", Some("t".repeat(900)), None, "bench")
}

fn config(url: &str) -> SdkConfig {
    let client = Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc));
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials()))
        .http_client(client.build_https())
        .endpoint_url(url)
        .build()
}

async fn generate(config: &SdkConfig, url: &str, variant: Variant) -> Result<u64, AnyError> {
    let queue = Queue::new(config, url.to_owned());
    let valid = (variant == Variant::Signed).then_some(VALID);
    let generator = Generator::new(config, variant, "bucket".to_owned(), queue, valid).await;
    let generator = generator.map_err(|failure| failure.to_string())?;
    let all = GeneratorRequest { modified_within_hours: 0.0, max_objects: 0, ..GeneratorRequest::default() };
    let report = generator.handle(all, PATIENCE).await.map_err(|failure| failure.to_string())?;
    Ok(report.sent)
}

/// Messages per second, one after the other.
async fn sequential(config: &SdkConfig, url: &str) -> Result<f64, AnyError> {
    let client = aws_sdk_sqs::Client::new(config);
    let start = Instant::now();
    for number in 0..SEQUENTIAL {
        client.send_message().queue_url(url).message_body(key(number)).send().await?;
    }
    Ok(real(SEQUENTIAL)? / start.elapsed().as_secs_f64())
}

/// CPU time of a signed URL, µs.
fn sign() -> Result<f64, AnyError> {
    let signer = Signer::new("https://bucket.s3.eu-west-1.amazonaws.com/", "eu-west-1", VALID);
    let start = cpu();
    for number in 0..URLS {
        signer.url(&key(number.into()), credentials(), SystemTime::now())?;
    }
    Ok(cpu().saturating_sub(start).as_secs_f64() * 1e6 / f64::from(URLS))
}

/// CPU time of this thread.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// As long as the keys of a filled bucket.
fn key(number: u64) -> String {
    format!("files/{number:064x}")
}

fn serve(listener: &TcpListener, objects: u64, latency: Duration) {
    for stream in listener.incoming().flatten() {
        thread::spawn(move || answer(stream, objects, latency));
    }
}

/// Answers what comes over one connection.
fn answer(mut stream: TcpStream, objects: u64, latency: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.to_ascii_lowercase();
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or_default();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        thread::sleep(latency);
        let text = if first.starts_with("GET") { page(&first, objects) } else { taken(&body) };
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len())?;
    }
}

/// The objects behind the one that a request names.
fn page(request: &str, objects: u64) -> String {
    let after = request.split_once("start-after=files%2F").and_then(|(_, rest)| rest.get(..64));
    let from = after.and_then(|hex| u64::from_str_radix(hex, 16).ok()).map_or(0, |last| last + 1);
    let to = (from + PAGE).min(objects);
    let contents = (from..to).map(|number| {
        let key = key(number);
        format!("<Contents><Key>{key}</Key><LastModified>2026-11-21T10:00:00.000Z</LastModified><Size>5</Size></Contents>")
    });
    format!(
        "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>{}</IsTruncated>{}</ListBucketResult>",
        to < objects,
        contents.collect::<String>()
    )
}

/// All messages of a request are in the queue.
fn taken(body: &[u8]) -> String {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let taken = |id: &Value| json!({ "Id": id, "MessageId": "m", "MD5OfMessageBody": "d" });
    match request["Entries"].as_array() {
        Some(entries) => {
            let all: Vec<_> = entries.iter().map(|entry| taken(&entry["Id"])).collect();
            json!({ "Successful": all, "Failed": [] }).to_string()
        }
        None => json!({ "MessageId": "m", "MD5OfMessageBody": "d" }).to_string(),
    }
}
