//! Whatever a batch holds, each id is one entry, with its first arrival.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn delivery(id: u8, arrived_us: u64, copies: u64) -> Delivery {
    Delivery {
        id: id.to_string(),
        message: arrived_us.to_string(),
        timestamp: 0.0,
        arrived_us,
        midstream_us: arrived_us + 1,
        copies,
    }
}

proptest! {
    #[test]
    fn each_id_is_one_entry_with_the_earliest_arrivals_text_and_times(
        batch in proptest::collection::vec((0_u8..20, 0_u64..50, 1_u64..4), 0..100),
    ) {
        let deliveries: Vec<_> = batch.iter().map(|(id, at, copies)| delivery(*id, *at, *copies)).collect();
        let entries = merge(deliveries.iter().cloned().enumerate());

        let mut wanted: BTreeMap<String, Delivery> = BTreeMap::new();
        for one in &deliveries {
            wanted.entry(one.id.clone()).and_modify(|known| known.absorb(one.clone())).or_insert_with(|| one.clone());
        }
        let merged: Vec<_> = entries.iter().map(|entry| &entry.delivery).collect();
        prop_assert_eq!(&merged, &wanted.values().collect::<Vec<_>>());
        for entry in &entries {
            let own = || deliveries.iter().filter(|one| one.id == entry.delivery.id);
            let first = own().map(|one| one.arrived_us).min().unwrap();
            prop_assert_eq!(&entry.delivery.message, &first.to_string());
            prop_assert_eq!((entry.delivery.arrived_us, entry.delivery.midstream_us), (first, first + 1));
            prop_assert_eq!(entry.delivery.copies, own().map(|one| one.copies).sum::<u64>());
        }
        let positions: BTreeSet<_> = entries.iter().flat_map(|entry| &entry.positions).copied().collect();
        prop_assert_eq!(positions, (0..deliveries.len()).collect::<BTreeSet<_>>(), "no record is forgotten");
    }
}

#[test]
fn the_lowest_failed_record_is_where_the_batch_comes_again_from() {
    let entry = |positions: &[usize]| Entry { delivery: delivery(1, 0, 1), positions: positions.to_vec() };
    let mut outcome = Outcome::default();
    outcome.fail(&[]);
    assert_eq!(outcome.failed, None);
    outcome.fail(&[entry(&[9, 4]), entry(&[7])]);
    outcome.fail(&[entry(&[6])]);
    assert_eq!(outcome.failed, Some(4));
    outcome.refuse(&entry(&[2]), "bad");
    let entries = [&[0, 1][..], &[2], &[3, 5], &[8]].map(entry);
    let done: Vec<_> = outcome.done(&entries).collect();
    assert_eq!(done, [&entries[0]], "neither refused nor to come again, not even in part");
}

#[test]
fn what_cannot_be_read_is_put_aside_under_its_id_if_that_can() {
    let records: [&[u8]; 2] = [br#"{"id": "7", "message": "x", "timestamp": 1}"#, b"no JSON"];
    let mut outcome = Outcome::default();
    let deliveries = records.iter().enumerate().map(|(at, data)| (at, Delivery::from_record(data, 1)));
    assert_eq!(read(deliveries, &mut outcome).count(), 0);
    let ids: Vec<_> = outcome.refused.iter().map(|refused| refused.id.as_deref()).collect();
    assert_eq!(ids, [Some("7"), None]);
}
