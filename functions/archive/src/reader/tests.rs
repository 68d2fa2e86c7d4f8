use std::sync::Arc;
use std::sync::atomic::Ordering;

use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_oneof, proptest};
use tokio::io::AsyncReadExt;

use super::*;
use crate::testing::Memory;

const SIZE: usize = 1 << 20;

#[derive(Debug, Clone, Copy)]
enum Step {
    Seek(usize),
    Forward(usize),
    Read(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..=SIZE).prop_map(Step::Seek),
        (0..5_000_usize).prop_map(Step::Forward),
        (0..20_000_usize).prop_map(Step::Read),
    ];
    vec(step, 0..40)
}

fn content() -> Vec<u8> {
    (0..SIZE).map(|at| (at.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

async fn walk(content: &[u8], source: Memory, steps: &[Step]) {
    let mut reader = RangedReader::new(Arc::new(source), SIZE as u64);
    let mut at = 0;
    for step in steps {
        match *step {
            Step::Seek(position) => at = position,
            Step::Forward(distance) => at = (at + distance).min(SIZE),
            Step::Read(amount) => {
                let amount = amount.min(SIZE - at);
                let mut bytes = vec![0; amount];
                reader.read_exact(&mut bytes).await.unwrap();
                assert!(bytes == content[at..at + amount], "{amount} bytes at {at} differ");
                at += amount;
            }
        }
        reader.seek(at as u64);
        assert_eq!(reader.position(), at as u64);
    }
}

proptest! {
    #[test]
    fn any_walk_reads_what_a_slice_holds(steps in steps(), chunks_before_break in 1..50_usize) {
        let content = content();
        let source = Memory { chunks_before_break, ..Memory::new(content.clone()) };
        run(walk(&content, source, &steps));
    }
}

#[test]
fn short_steps_forward_stay_on_the_connection_and_others_reconnect() {
    run(async {
        let source = Arc::new(Memory::new(content()));
        let mut reader = RangedReader::new(Arc::clone(&source), SIZE as u64);
        for position in [0, 10, 5_000, 5_000 + READ_ON] {
            reader.seek(position);
            reader.read_u8().await.unwrap();
        }
        assert_eq!(source.requests.load(Ordering::Relaxed), 1);
        reader.seek(SIZE as u64 - 1);
        assert_eq!(source.requests.load(Ordering::Relaxed), 1, "a seek alone connects to nothing");
        reader.read_u8().await.unwrap();
        reader.seek(0);
        reader.read_u8().await.unwrap();
        assert_eq!(source.requests.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn the_end_is_the_end() {
    run(async {
        let mut reader = RangedReader::new(Arc::new(Memory::new(content())), SIZE as u64);
        reader.seek(SIZE as u64 - 3);
        let mut bytes = Vec::new();
        assert_eq!(reader.read_to_end(&mut bytes).await.unwrap(), 3);
        assert_eq!(reader.read(&mut [0; 8]).await.unwrap(), 0);
    });
}

#[test]
fn a_source_that_only_breaks_is_an_error_and_not_an_endless_loop() {
    run(async {
        let source = Memory { chunks_before_break: 0, ..Memory::new(content()) };
        let error = read_range(&Arc::new(source), 0..10).await.unwrap_err();
        assert_eq!(error, SourceError("connection reset".to_owned()));
    });
}
