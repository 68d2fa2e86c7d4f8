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

fn groups(sizes: &[u64], rules: &Rules) -> (Vec<Group>, Vec<usize>) {
    pack(&entries(sizes), rules)
}

#[test]
fn a_small_object_goes_with_a_large_one() {
    let (groups, rest) = groups(&[2_000, 300], &RULES);
    assert_eq!(groups, [Group::Pair { large: 0, small: 1 }]);
    assert_eq!(rest, []);
}

#[test]
fn two_large_objects_need_one_temporary_object() {
    let (groups, _) = groups(&[1_000, 2_000, 3_000], &RULES);
    assert_eq!(groups, [Group::Twins(0, 1), Group::Alone(2)]);
}

#[test]
fn a_header_can_make_an_object_large_enough() {
    assert_eq!(groups(&[960], &RULES).0, [Group::Alone(0)]);
    assert_eq!(groups(&[959], &RULES), (vec![], vec![0]), "alone it rides in the last part");
}

#[test]
fn an_object_that_lacks_little_borrows_it_from_the_entry_before() {
    let (groups, rest) = groups(&[2_000, 300, 900], &RULES);
    let borrower = Group::Borrower { entry: 2, lender: 1, borrowed: 60 };
    assert_eq!(groups, [Group::Pair { large: 0, small: 1 }, borrower]);
    assert_eq!(rest, []);
}

#[test]
fn no_more_is_borrowed_than_the_rules_allow() {
    let rules = Rules { max_borrowed: 59, ..RULES };
    let (groups, rest) = groups(&[2_000, 300, 900], &rules);
    assert_eq!(groups, [Group::Pair { large: 0, small: 1 }]);
    assert_eq!(rest, [2]);
}

#[test]
fn small_objects_are_joined_until_they_are_large_enough() {
    assert_eq!(groups(&[500, 600], &RULES).0, [Group::Chain(vec![1, 0])]);
    let rules = Rules { max_borrowed: 0, ..RULES };
    assert_eq!(groups(&[300, 300, 300, 300], &rules).0, [Group::Chain(vec![3, 0, 1])]);
}

#[test]
fn objects_that_would_make_a_long_chain_are_sent_in_packs() {
    let (groups, rest) = groups(&[100; 20], &RULES);
    assert!(
        matches!(&groups[..], [Group::Pack(first), Group::Pack(second)] if first.len() == 8 && second.len() == 8)
    );
    assert_eq!(rest.len(), 4);
}

#[test]
fn tiny_objects_are_sent_and_ride_in_the_last_part() {
    assert_eq!(groups(&[2_000, 10, 0], &RULES), (vec![Group::Alone(0)], vec![1, 2]));
}
