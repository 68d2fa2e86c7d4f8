use super::*;

const RULES: Rules = Rules { min_part: 1_000, max_sent: 10, pack: 1_000, max_borrowed: 500 };

/// Entries with headers of 40 bytes.
fn entries(sizes: &[u64]) -> Vec<Entry> {
    let entry = |(n, &size): (usize, &u64)| {
        let name = format!("{n:010}");
        Entry { key: format!("files/{name}"), name, size }
    };
    sizes.iter().enumerate().map(entry).collect()
}

fn units(sizes: &[u64], rules: &Rules) -> (Vec<Unit>, Vec<usize>) {
    pack(&entries(sizes), rules)
}

#[test]
fn a_small_object_goes_with_a_large_one() {
    let (units, rest) = units(&[2_000, 300], &RULES);
    assert_eq!(units, [Unit::Pair { large: 0, small: 1 }]);
    assert_eq!(rest, []);
}

#[test]
fn two_large_objects_need_one_temporary_object() {
    let (units, _) = units(&[1_000, 2_000, 3_000], &RULES);
    assert_eq!(units, [Unit::Twins(0, 1), Unit::Alone(2)]);
}

#[test]
fn a_header_can_make_an_object_large_enough() {
    assert_eq!(units(&[960], &RULES).0, [Unit::Alone(0)]);
    assert_eq!(units(&[959], &RULES), (vec![], vec![0]), "alone it rides in the last part");
}

#[test]
fn an_object_that_lacks_little_borrows_it_from_the_entry_before() {
    let (units, rest) = units(&[2_000, 300, 900], &RULES);
    let guest = Unit::Guest { entry: 2, host: 1, borrowed: 60 };
    assert_eq!(units, [Unit::Pair { large: 0, small: 1 }, guest]);
    assert_eq!(rest, []);
}

#[test]
fn no_more_is_borrowed_than_the_rules_allow() {
    let rules = Rules { max_borrowed: 59, ..RULES };
    let (units, rest) = units(&[2_000, 300, 900], &rules);
    assert_eq!(units, [Unit::Pair { large: 0, small: 1 }]);
    assert_eq!(rest, [2]);
}

#[test]
fn small_objects_are_joined_until_they_are_large_enough() {
    assert_eq!(units(&[500, 600], &RULES).0, [Unit::Chain(vec![1, 0])]);
    let rules = Rules { max_borrowed: 0, ..RULES };
    assert_eq!(units(&[300, 300, 300, 300], &rules).0, [Unit::Chain(vec![3, 0, 1])]);
}

#[test]
fn objects_that_would_make_a_long_chain_are_sent_in_packs() {
    let (units, rest) = units(&[100; 20], &RULES);
    assert!(
        matches!(&units[..], [Unit::Pack(first), Unit::Pack(second)] if first.len() == 8 && second.len() == 8)
    );
    assert_eq!(rest.len(), 4);
}

#[test]
fn tiny_objects_are_sent_and_ride_in_the_last_part() {
    assert_eq!(units(&[2_000, 10, 0], &RULES), (vec![Unit::Alone(0)], vec![1, 2]));
}
