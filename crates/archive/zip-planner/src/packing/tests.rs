use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const RULES: Rules = Rules { min_part: 1_000, max_sent: 10, pack: 1_000, max_borrowed: 500, rows: false };

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

/// The middle one reaches the smallest part by its name; the larger one doesn't.
#[test]
fn a_long_name_makes_an_object_large_enough_but_not_a_larger_one() {
    let mut entries = entries(&[920, 930, 950]);
    entries[1].name = "n".repeat(100);
    let rules = Rules { max_borrowed: 0, ..RULES };
    assert_eq!(pack(&entries, &rules).0, [Group::Chain(vec![2, 0]), Group::Alone(1)]);
}

#[test]
fn an_object_that_lacks_little_borrows_it_from_the_entry_before() {
    let (groups, rest) = groups(&[2_000, 300, 900], &RULES);
    let borrower = Group::Borrower { entry: 2, lender: 1, borrowed: 60 };
    assert_eq!(groups, [Group::Pair { large: 0, small: 1 }, borrower]);
    assert_eq!(rest, []);
}

/// Its last bytes are sent with the borrower's header. All of it, sent as well as copied, would give two CRCs.
#[test]
fn an_object_never_lends_all_of_itself() {
    assert_eq!(groups(&[2_000, 60, 900], &RULES), (vec![Group::Pair { large: 0, small: 1 }], vec![2]));
    let borrower = Group::Borrower { entry: 2, lender: 1, borrowed: 60 };
    assert_eq!(groups(&[2_000, 61, 900], &RULES).0, [Group::Pair { large: 0, small: 1 }, borrower]);
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

/// Bytes that a group brings into the archive as parts of its own, less what it may lend.
fn part_bytes(group: &Group, sort: &Sort<'_>) -> u64 {
    match group {
        Group::Pair { large, small } | Group::Twins(large, small) => sort.bytes(*large) + sort.bytes(*small),
        Group::Alone(entry) => sort.bytes(*entry),
        Group::Chain(entries) | Group::Pack(entries) => entries.iter().map(|&entry| sort.bytes(entry)).sum(),
        Group::Borrower { entry, borrowed, .. } => borrowed + sort.bytes(*entry),
    }
}

proptest! {
    /// Whatever the sizes and the lengths of the names, also by rules whose plan wouldn't be chosen.
    #[test]
    fn every_group_is_large_enough_for_a_part(
        objects in vec((prop_oneof![0_u64..100, 700_u64..1_000, 1_000_u64..3_000], 1_usize..200), 0..60),
        max_sent in prop_oneof![Just(0_u64), Just(10), Just(500)],
        max_borrowed in prop_oneof![Just(0_u64), Just(500), Just(50_000)],
    ) {
        let entry = |(size, name): (u64, usize)| Entry { key: String::new(), name: "n".repeat(name), size };
        let entries: Vec<_> = objects.into_iter().map(entry).collect();
        let rules = Rules { max_sent, max_borrowed, ..RULES };
        let sort = Sort::new(&entries, &rules);
        let (groups, _) = pack(&entries, &rules);
        for (n, group) in groups.iter().enumerate() {
            let lent = match groups.get(n + 1) {
                Some(Group::Borrower { borrowed, .. }) => *borrowed,
                _ => 0,
            };
            prop_assert!(part_bytes(group, &sort) >= rules.min_part + lent, "{group:?}");
        }
    }
}
