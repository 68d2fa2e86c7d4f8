//! S3 takes the parts of any division, and the functions have about the same to do.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::Entry;

const LIMITS: Limits = Limits { min_part: 500, max_part: 50_000, max_parts: 200, max_object: 1 << 40 };
const SIZES: ShareSizes = ShareSizes { least: 1_000, part: 4_000, whole: 300 };

fn layout(sizes: &[u64]) -> Layout {
    let entry = |(n, &size): (usize, &u64)| {
        let name = format!("{n:05}");
        Entry { key: name.clone(), name, size }
    };
    let entries = sizes.iter().enumerate().map(entry).collect();
    Layout::new(entries, (0..sizes.len()).collect(), &Limits::S3).unwrap()
}

fn bytes(layout: &Layout, share: &Share) -> u64 {
    share.parts.iter().map(|part| layout.pieces_bytes(part)).sum()
}

/// Every byte before the archive's end is in exactly one part, in order, and no header is torn from its content.
fn assert_complete(layout: &Layout, shares: &[Share]) {
    let mut at = 0;
    for piece in shares.iter().flat_map(|share| &share.parts).flatten() {
        let start = match piece {
            Piece::Header(entry) => layout.offset(*entry),
            Piece::Body { entry, range } => layout.offset(*entry) + layout.header_bytes(*entry) + range.start,
            _ => panic!("{piece:?} has no place in a share"),
        };
        assert_eq!(start, at, "{piece:?}");
        at += layout.piece_bytes(piece);
    }
    assert_eq!(at, layout.size() - layout.end_bytes());
    for part in shares.iter().flat_map(|share| &share.parts) {
        if let Some(Piece::Header(entry)) = part.last() {
            assert_eq!(layout.entries()[*entry].size, 0, "a header without its content");
        }
    }
}

fn size() -> impl Strategy<Value = u64> {
    prop_oneof![
        1 => Just(0_u64),
        4 => 0_u64..300,
        1 => Just(300_u64),
        1 => Just(301_u64),
        2 => 300_u64..3_000,
        1 => 3_000_u64..30_000,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_archive_is_divided_into_parts_that_s3_takes(sizes in vec(size(), 0..200), functions in 1_usize..40) {
        let layout = layout(&sizes);
        let shares = SIZES.divide(&layout, functions, &LIMITS);
        assert_complete(&layout, &shares);
        prop_assert!(shares.len() <= functions);
        let mut number = 1;
        for share in &shares {
            prop_assert_eq!(share.first_part, number);
            number += share.parts.len();
        }
        prop_assert!(number <= LIMITS.max_parts, "the archive's end is one more: {}", number);
        if shares.len() > 1 {
            for part in shares.iter().flat_map(|share| &share.parts) {
                let bytes = layout.pieces_bytes(part);
                prop_assert!((LIMITS.min_part..=LIMITS.max_part).contains(&bytes), "{}", bytes);
            }
        }
    }

    #[test]
    fn functions_have_about_the_same_to_do(sizes in vec(size(), 1..200), functions in 1_usize..40) {
        let layout = layout(&sizes);
        let shares = SIZES.divide(&layout, functions, &LIMITS);
        let mean = (layout.size() - layout.end_bytes()) / shares.len() as u64;
        for share in &shares {
            let bytes = bytes(&layout, share);
            prop_assert!(bytes.abs_diff(mean) <= SIZES.whole + 50, "{} of a mean {}", bytes, mean);
        }
        prop_assert!(shares.len() == functions || mean < 2 * SIZES.least + SIZES.least / shares.len() as u64);
    }

    #[test]
    fn no_object_up_to_whole_is_divided(sizes in vec(size(), 0..200), functions in 1_usize..40) {
        let layout = layout(&sizes);
        for piece in SIZES.divide(&layout, functions, &LIMITS).iter().flat_map(|share| &share.parts).flatten() {
            if let Piece::Body { entry, range } = piece {
                prop_assert!(sizes[*entry] > SIZES.whole || *range == (0..sizes[*entry]));
            }
        }
    }
}

#[test]
fn few_large_shares_have_more_parts_and_many_small_ones_one() {
    let parts = |bytes: u64, functions| -> Vec<usize> {
        let shares = SIZES.divide(&layout(&[bytes]), functions, &LIMITS);
        shares.iter().map(|share| share.parts.len()).collect()
    };
    assert_eq!(parts(900, 10), [1], "too little for two");
    assert_eq!(parts(5_000, 5), [1; 5]);
    assert_eq!(parts(20_000, 5), [2; 5]);
    assert_eq!(parts(100_000, 5), [6; 5], "a part has 4,000 bytes at most");
    assert_eq!(parts(2_000_000, 5), [39; 5], "S3 takes 200 parts");
}
