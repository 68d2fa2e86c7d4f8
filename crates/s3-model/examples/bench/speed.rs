//! Requests and bytes per second with timing off, the client on the same cores; what a copy costs.

use std::sync::Arc;
use std::time::Instant;

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use crate::http::{Connection, head};
use crate::model::{Address, BUCKET, Model};
use crate::{Limit, Measured, real};

const CONNECTIONS: usize = 16;
const SMALL: usize = 1_000;
const LARGE: usize = 64 << 20;

pub async fn measure() -> Vec<Measured> {
    let model = Model::start(&["--instant"]).await;
    let mut rows = Vec::new();
    for (address, names) in [(model.plain(), PLAIN), (model.address.clone(), TLS)] {
        rows.extend(speed(&model, &address, names).await);
    }
    let copies = copies(&model).await;
    let row = |what, value, unit, limit| Measured { what, value, unit, limit };
    rows.extend([
        row("copy of 5 GiB in parts, whole request", copies[0], "ms of CPU", Limit::AtMost(1.0)),
        row("part copied from 5 GiB, whole request", copies[1], "ms of CPU", Limit::AtMost(1.0)),
        row("part copied from a range, with CRC32", copies[2], "ms of CPU", Limit::AtMost(1.0)),
    ]);
    rows
}

/// What [`speed`] measures, in its order.
type Names = [&'static str; 9];

const PLAIN: Names = [
    "puts of 1 KB",
    "gets of 1 KB",
    "put of 1 KB",
    "get of 1 KB",
    "head",
    "part copy",
    "gigabyte down",
    "gigabyte up",
    "gigabyte up, ten side by side",
];
const TLS: Names = [
    "puts of 1 KB, TLS",
    "gets of 1 KB, TLS",
    "put of 1 KB, TLS",
    "get of 1 KB, TLS",
    "head, TLS",
    "part copy, TLS",
    "gigabyte down, TLS",
    "gigabyte up, TLS",
    "gigabyte up, ten side by side, TLS",
];

/// Rates, and the model's CPU for each request and gigabyte.
async fn speed(model: &Model, address: &Address, names: Names) -> Vec<Measured> {
    let upload = model.client.create_multipart_upload().bucket(BUCKET).key("parts").send().await.unwrap();
    let upload = upload.upload_id().unwrap();
    let (mut puts, mut gets, mut heads, mut parts) = (vec![], vec![], vec![], vec![]);
    for number in 0..CONNECTIONS * 16 {
        let key = format!("small/{number}");
        puts.push(head(&model.put(&key).await, SMALL));
        gets.push(head(&model.get(&key).await, 0));
        heads.push(head(&model.head(&key).await, 0));
        parts.push(head(&model.part_copy(&key, "parts", upload).await, 0));
    }
    let puts = small(model, address, puts, 40_000).await;
    let gets = small(model, address, gets, 60_000).await;
    let heads = small(model, address, heads, 60_000).await;
    let parts = small(model, address, parts, 60_000).await;
    let (down, up, together) =
        (down(model, address).await, up(model, address, 1).await, up(model, address, 10).await);
    let row = |name: usize, value, unit, limit| Measured { what: names[name], value, unit, limit };
    let cpu = |name, each: Each| row(name, each.cpu * 1e6, "µs of CPU", Limit::AtMost(60.0));
    vec![
        row(0, puts.rate, "requests/s", Limit::AtLeast(10_000.0)),
        row(1, gets.rate, "requests/s", Limit::AtLeast(10_000.0)),
        // It has an MD5 and two CRCs, and is written.
        row(2, puts.cpu * 1e6, "µs of CPU", Limit::AtMost(120.0)),
        cpu(3, gets),
        cpu(4, heads),
        cpu(5, parts),
        row(6, down, "s of CPU", Limit::AtMost(0.5)),
        // The MD5 that is its ETag alone takes 1.5 s.
        row(7, up, "s of CPU", Limit::AtMost(3.5)),
        // As functions send their parts: the MD5s are computed together.
        row(8, together, "s of CPU", Limit::AtMost(2.5)),
    ]
}

/// What one of many requests took.
struct Each {
    /// Requests per second.
    rate: f64,
    /// The model's CPU for each, seconds.
    cpu: f64,
}

/// Small requests, each signed; those that put have a body.
async fn small(model: &Model, address: &Address, heads: Vec<Vec<u8>>, count: usize) -> Each {
    let is_put = heads[0].starts_with(b"PUT") && !heads[0].windows(11).any(|bytes| bytes == b"copy-source");
    let (heads, body) = (Arc::new(heads), Arc::new(vec![7; if is_put { SMALL } else { 0 }]));
    let (start, cpu) = (Instant::now(), model.cpu());
    let mut tasks = Vec::new();
    for first in 0..CONNECTIONS {
        let (heads, body, address) = (Arc::clone(&heads), Arc::clone(&body), address.clone());
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(&address).await;
            for number in 0..count / CONNECTIONS {
                let head = &heads[(first + number * CONNECTIONS) % heads.len()];
                connection.exchange(head, &body).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let count = real(count);
    Each { rate: count / start.elapsed().as_secs_f64(), cpu: (model.cpu() - cpu) / count }
}

/// The CPU seconds that a gigabyte costs the model that is sent on so many connections.
async fn up(model: &Model, address: &Address, connections: usize) -> f64 {
    let rounds = 8_usize.div_ceil(connections);
    let mut heads = Vec::new();
    for number in 0..connections {
        heads.push(head(&model.put(&format!("large/{number}")).await, LARGE));
    }
    let (cpu, body) = (model.cpu(), Arc::new(vec![7; LARGE]));
    let exchanges = heads.into_iter().map(|head| exchange(address, head, &body, rounds));
    futures::future::join_all(exchanges).await;
    (model.cpu() - cpu) / (real(LARGE * rounds * connections) / 1e9)
}

/// The same of a gigabyte that is read on four connections.
async fn down(model: &Model, address: &Address) -> f64 {
    let (rounds, connections) = (16, 4);
    let mut connection = Connection::open(address).await;
    connection.exchange(&head(&model.put("large").await, LARGE), &vec![7; LARGE]).await;
    let head = head(&model.get("large").await, 0);
    let (cpu, body) = (model.cpu(), Arc::default());
    let exchanges = (0..connections).map(|_| exchange(address, head.clone(), &body, rounds));
    let lengths = futures::future::join_all(exchanges).await;
    assert_eq!(lengths, vec![LARGE; connections]);
    (model.cpu() - cpu) / (real(LARGE * rounds * connections) / 1e9)
}

/// Sends a request so many times, on a connection and a task of its own; returns the length of the last answer's body.
async fn exchange(address: &Address, head: Vec<u8>, body: &Arc<Vec<u8>>, rounds: usize) -> usize {
    let (address, body) = (address.clone(), Arc::clone(body));
    let sent = tokio::spawn(async move {
        let (mut connection, mut length) = (Connection::open(&address).await, 0);
        for _ in 0..rounds {
            length = connection.exchange(&head, &body).await;
        }
        length
    });
    sent.await.unwrap()
}

/// The CPU of a copy of 5 GiB: as an object, as a part, and of a range in a part with a CRC32.
async fn copies(model: &Model) -> [f64; 3] {
    make_huge(model).await;
    let client = &model.client;
    let source = format!("{BUCKET}/huge");
    let object =
        cpu_of_each(model, || client.copy_object().bucket(BUCKET).key("copy").copy_source(&source).send())
            .await;
    let upload = client.create_multipart_upload().bucket(BUCKET).key("parts").send().await.unwrap();
    let id = upload.upload_id().unwrap();
    let part = || client.upload_part_copy().bucket(BUCKET).key("parts").copy_source(&source);
    let whole = cpu_of_each(model, || part().upload_id(id).part_number(1).send()).await;
    let checked = client.create_multipart_upload().bucket(BUCKET).key("parts");
    let checked =
        checked.checksum_algorithm(aws_sdk_s3::types::ChecksumAlgorithm::Crc32).send().await.unwrap();
    let id = checked.upload_id().unwrap();
    let range = || part().upload_id(id).part_number(1).copy_source_range("bytes=1000-5368709000").send();
    [object, whole, cpu_of_each(model, range).await]
}

/// The model's CPU for each of many requests, in milliseconds.
async fn cpu_of_each<T, E: std::fmt::Debug>(model: &Model, request: impl AsyncFn() -> Result<T, E>) -> f64 {
    let (start, count) = (model.cpu(), 500);
    for _ in 0..count {
        request().await.unwrap();
    }
    (model.cpu() - start) * 1e3 / f64::from(count)
}

/// 5 GiB out of 80 copies of the same 64 MiB.
async fn make_huge(model: &Model) {
    let client = &model.client;
    let upload = client.create_multipart_upload().bucket(BUCKET).key("huge").send().await.unwrap();
    let id = upload.upload_id().unwrap();
    let mut parts = Vec::new();
    for number in 1..=80 {
        let copy = client.upload_part_copy().bucket(BUCKET).key("huge").upload_id(id).part_number(number);
        let copied = copy.copy_source(format!("{BUCKET}/large")).send().await.unwrap();
        let etag = copied.copy_part_result().unwrap().e_tag().unwrap().to_owned();
        parts.push(CompletedPart::builder().part_number(number).e_tag(etag).build());
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = client.complete_multipart_upload().bucket(BUCKET).key("huge").upload_id(id);
    complete.multipart_upload(parts).send().await.unwrap();
}
