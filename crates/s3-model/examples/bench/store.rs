//! Memory with 15 GB written.

use std::time::Instant;

use crate::http::{Connection, head};
use crate::model::{BUCKET, Model};
use crate::{Limit, Measured};

const OBJECTS: usize = 3_000;
const SIZE: usize = 5_000_000;
/// Uploads at a time.
const AT_ONCE: usize = 16;

pub async fn measure() -> Vec<Measured> {
    let model = Model::start(&["--instant"]).await;
    let start = Instant::now();
    let mut tasks = Vec::new();
    for first in 0..AT_ONCE {
        let mut heads = Vec::new();
        for number in (first..OBJECTS).step_by(AT_ONCE) {
            heads.push(head(&model.put(&format!("objects/{number}")).await, SIZE));
        }
        let (address, body) = (model.address.clone(), vec![u8::try_from(first).unwrap(); SIZE]);
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(&address).await;
            for head in heads {
                connection.exchange(&head, &body).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("(15 GB were written in {seconds:.0} s, {:.1} s of the model's CPU)", model.cpu());
    parts(&model).await;
    let row = |what, value| Measured { what, value, unit: "MB", limit: Limit::AtMost(300.0) };
    vec![
        row("memory with 15 GB and an upload of 10,000 parts", model.memory("VmRSS")),
        row("its peak", model.memory("VmHWM")),
    ]
}

/// An upload of 10,000 parts.
async fn parts(model: &Model) {
    let client = &model.client;
    let upload = client.create_multipart_upload().bucket(BUCKET).key("parts").send().await.unwrap();
    for number in 1..=10_000 {
        let copy = client.upload_part_copy().bucket(BUCKET).key("parts").part_number(number);
        let copy = copy.upload_id(upload.upload_id().unwrap());
        copy.copy_source(format!("{BUCKET}/objects/{}", number % 3_000)).send().await.unwrap();
    }
}
