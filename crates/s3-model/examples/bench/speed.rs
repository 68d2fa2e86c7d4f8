//! Requests and bytes per second with timing off, the client on the same cores; what a copy costs.

use std::sync::Arc;
use std::time::Instant;

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use crate::http::{Connection, head};
use crate::model::{BUCKET, Model};
use crate::{Limit, Measured, real};

const CONNECTIONS: usize = 16;
const SMALL: usize = 1_000;
const LARGE: usize = 64 << 20;

pub async fn measure() -> Vec<Measured> {
    let model = Model::start(&["--instant"]).await;
    let puts = small(&model, true, 40_000).await;
    let gets = small(&model, false, 100_000).await;
    let (reads, read_cpu) = large(&model).await;
    println!("(a gigabyte read costs the model {read_cpu:.2} s of CPU)");
    let copies = copies(&model).await;
    let row = |what, value, unit, limit| Measured { what, value, unit, limit };
    vec![
        row("gets of 1 KB, instant", gets, "requests/s", Limit::AtLeast(10_000.0)),
        row("puts of 1 KB, instant", puts, "requests/s", Limit::AtLeast(10_000.0)),
        row("reads of 64 MiB, instant", reads, "GB/s", Limit::AtLeast(1.0)),
        row("copy of 5 GiB in parts, whole request", copies[0], "ms of CPU", Limit::AtMost(1.0)),
        row("part copied from 5 GiB, whole request", copies[1], "ms of CPU", Limit::AtMost(1.0)),
        row("part copied from a range, with CRC32", copies[2], "ms of CPU", Limit::AtMost(1.0)),
    ]
}

/// Small requests per second, each signed.
async fn small(model: &Model, is_put: bool, count: usize) -> f64 {
    let mut heads = Vec::new();
    for number in 0..CONNECTIONS * 16 {
        let key = format!("small/{number}");
        let request = if is_put { model.put(&key).await } else { model.get(&key).await };
        heads.push(head(&request, if is_put { SMALL } else { 0 }));
    }
    let (heads, body) = (Arc::new(heads), Arc::new(vec![7; if is_put { SMALL } else { 0 }]));
    let start = Instant::now();
    let mut tasks = Vec::new();
    for first in 0..CONNECTIONS {
        let (heads, body, address) = (Arc::clone(&heads), Arc::clone(&body), model.address.clone());
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
    real(count) / start.elapsed().as_secs_f64()
}

/// Gigabytes read per second, and the CPU seconds that one costs the model.
async fn large(model: &Model) -> (f64, f64) {
    let mut connection = Connection::open(&model.address).await;
    connection.exchange(&head(&model.put("large").await, LARGE), &vec![7; LARGE]).await;
    let head = head(&model.get("large").await, 0);
    let (start, cpu, rounds, connections) = (Instant::now(), model.cpu(), 32, 4);
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (head, address) = (head.clone(), model.address.clone());
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(&address).await;
            for _ in 0..rounds {
                assert_eq!(connection.exchange(&head, &[]).await, LARGE);
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let gigabytes = real(LARGE * rounds * connections) / 1e9;
    (gigabytes / start.elapsed().as_secs_f64(), (model.cpu() - cpu) / gigabytes)
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
