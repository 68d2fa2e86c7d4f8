//! What an archive may be made of to break whoever verifies it. `PROPTEST_CASES` tries more.

use std::sync::atomic::Ordering;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::testing::{Fake, Memory, archive, expected};

const CONTENTS: [&[u8]; 3] = [b"one", b"", b"three"];
/// What sizes, offsets and counts are written as to mislead.
const NUMBERS: [u64; 8] = [0, 1, 0xffff, 0xffff_ffff, 1 << 32, 1 << 63, u64::MAX - 1, u64::MAX];

/// A change of an archive's bytes.
#[derive(Debug, Clone)]
enum Change {
    Byte(Index, u8),
    Number(Index, usize, usize),
    Cut(Index, Index),
    Repeat(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        4 => (any::<Index>(), 1..=8_usize, 0..NUMBERS.len()).prop_map(|(at, width, number)| Change::Number(at, width, number)),
        1 => any::<(Index, Index)>().prop_map(|(from, to)| Change::Cut(from, to)),
        1 => any::<(Index, Index)>().prop_map(|(from, to)| Change::Repeat(from, to)),
    ]
}

impl Change {
    fn make(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let part = |from: &Index, to: &Index| {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            from.min(to)..from.max(to)
        };
        match self {
            Self::Byte(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Number(at, width, number) => {
                let at = at.index(bytes.len());
                let number = &NUMBERS[*number].to_le_bytes()[..*width];
                let end = bytes.len().min(at + width);
                bytes[at..end].copy_from_slice(&number[..end - at]);
            }
            Self::Cut(from, to) => drop(bytes.drain(part(from, to))),
            Self::Repeat(from, to) => {
                let part = part(from, to);
                let again = bytes[part.clone()].to_vec();
                bytes.splice(part.end..part.end, again);
            }
        }
    }
}

/// The verdict, and the requests that it took.
fn verdict(bytes: Vec<u8>) -> (Result<u64, VerifyError>, usize) {
    let (size, source) = (bytes.len() as u64, Arc::new(Memory::new(bytes)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let verdict = runtime.block_on(verify_archive(Arc::clone(&source), size, expected(&CONTENTS)));
    (verdict, source.requests.load(Ordering::Relaxed))
}

proptest! {
    /// The source itself fails if it is asked for what it does not have.
    #[test]
    fn a_broken_archive_is_an_invalid_one(
        changes in prop::collection::vec(change(), 1..6),
        zip64 in any::<bool>(),
        method in prop_oneof![Just(0_u16), Just(8)],
    ) {
        let mut fakes = CONTENTS.map(|content| Fake { zip64, ..Fake::new(content) });
        fakes[2].method = method;
        let mut bytes = archive(&fakes);
        for change in &changes {
            change.make(&mut bytes);
        }
        let (verdict, requests) = verdict(bytes);
        prop_assert!(!matches!(verdict, Err(VerifyError::Source(_))), "{verdict:?}");
        prop_assert!(requests <= 2 + CONTENTS.len(), "{requests} requests");
    }

    #[test]
    fn any_bytes_are_an_invalid_archive(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (verdict, requests) = verdict(bytes);
        prop_assert!(matches!(verdict, Err(VerifyError::Invalid(_))), "{verdict:?}");
        prop_assert!(requests <= 2, "{requests} requests");
    }
}
