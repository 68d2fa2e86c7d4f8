use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::io::AsyncWriteExt;
use tokio::sync::Semaphore;

use super::*;

/// Keeps parts in memory; each upload waits for a permit of `gate`.
#[derive(Clone)]
struct Memory {
    parts: Arc<Mutex<Vec<(i32, Bytes)>>>,
    gate: Arc<Semaphore>,
    started: Arc<AtomicUsize>,
    fail: Option<i32>,
}

impl Memory {
    fn new(permits: usize) -> Self {
        let (parts, started) = (Arc::default(), Arc::default());
        Self { parts, gate: Arc::new(Semaphore::new(permits)), started, fail: None }
    }

    fn content(&self) -> Vec<u8> {
        let mut parts = self.parts.lock().unwrap().clone();
        parts.sort_by_key(|(number, _)| *number);
        parts.into_iter().flat_map(|(_, bytes)| bytes).collect()
    }
}

impl PartStore for Memory {
    type Part = i32;

    fn upload(&self, number: i32, body: Bytes) -> impl Future<Output = io::Result<i32>> + Send + 'static {
        let store = self.clone();
        async move {
            store.started.fetch_add(1, Ordering::SeqCst);
            store.gate.acquire().await.map_err(io::Error::other)?.forget();
            if store.fail == Some(number) {
                return Err(io::Error::other("cannot upload part 2"));
            }
            store.parts.lock().unwrap().push((number, body));
            Ok(number)
        }
    }
}

fn content(size: usize) -> Vec<u8> {
    (0..=250).cycle().take(size).collect()
}

#[tokio::test]
async fn parts_are_equal_but_the_last_and_hold_everything_in_order() {
    for size in [1, 99, 100, 101, 1_000, 1_050] {
        let store = Memory::new(1_000);
        let mut sink = Sink::new(store.clone(), 100);
        for piece in content(size).chunks(37) {
            sink.write_all(piece).await.unwrap();
        }
        sink.close().await.unwrap();
        assert_eq!(sink.written(), size as u64);
        assert_eq!(sink.into_parts().len(), size.div_ceil(100));
        assert!(store.content() == content(size), "{size}");
        let parts = store.parts.lock().unwrap();
        assert!(parts.iter().all(
            |(number, part)| part.len() == 100 || usize::try_from(*number).unwrap() == size.div_ceil(100)
        ));
    }
}

#[tokio::test]
async fn no_more_than_three_parts_are_under_way_and_writing_waits_for_them() {
    let store = Memory::new(0);
    let mut sink = Sink::new(store.clone(), 100);
    sink.write_all(&content(400)).await.unwrap();
    let more = content(100);
    let mut waiting = Box::pin(sink.write_all(&more));
    for _ in 0..10 {
        assert!(futures::poll!(&mut waiting).is_pending());
        tokio::task::yield_now().await;
    }
    assert_eq!(store.started.load(Ordering::SeqCst), CONCURRENCY);
    store.gate.add_permits(1);
    waiting.await.unwrap();
    store.gate.add_permits(100);
    sink.close().await.unwrap();
    assert!(store.content() == [content(400), content(100)].concat());
}

#[tokio::test]
async fn a_failed_part_fails_the_archive() {
    let store = Memory { fail: Some(2), ..Memory::new(1_000) };
    let mut sink = Sink::new(store, 100);
    sink.write_all(&content(250)).await.unwrap();
    assert_eq!(sink.close().await.unwrap_err().to_string(), "cannot upload part 2");
}

#[tokio::test]
async fn an_upload_never_gets_more_parts_than_s3_takes() {
    let mut sink = Sink::new(Memory::new(1 << 20), 1);
    sink.write_all(&content(10_001)).await.unwrap();
    let error = sink.close().await.unwrap_err();
    assert_eq!(error.to_string(), "the archive needs more than 10000 parts of 1 bytes");
}
