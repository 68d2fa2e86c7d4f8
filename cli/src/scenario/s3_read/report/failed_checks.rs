//! Counts and contents that have to be equal: where they are not, a run's figures cannot be trusted.

use std::collections::HashMap;

use super::{Aggregate, title};
use crate::scenario::shared::load_generator;
use crate::scenario::shared::tables::{count, first_ids};

/// Size and hash of each object, as it was read first.
pub type Contents = HashMap<String, (u64, String)>;

/// What doesn't add up in runs, each by itself and all together, and with those before.
pub fn failed_checks(all: &[Aggregate], contents: &mut Contents) -> Vec<String> {
    all.iter().flat_map(in_run).chain(differing(all, contents)).collect()
}

fn in_run(aggregate: &Aggregate) -> Vec<String> {
    let run = &aggregate.run;
    let (objects, sent, title) = (&run.objects, run.listing.sent, title(run));
    let mut failed = Vec::new();
    let division = run.listing.division.as_ref();
    let unsent = division.and_then(|division| load_generator::failed_check(&division.senders, "object"));
    failed.extend(unsent.map(|unsent| format!("{title}: {unsent}")));
    if objects.lost > 0 {
        failed.push(format!(
            "{title}: {} of {sent} lost: neither read nor dead-lettered",
            count(objects.lost, "object")
        ));
    }
    if objects.read + objects.dead_lettered > sent {
        failed.push(format!(
            "{title}: {} sent, but {} read and {} dead-lettered",
            count(sent, "object"),
            objects.read,
            objects.dead_lettered
        ));
    }
    let items = aggregate.observation.handled.items.iter();
    let others = items.filter(|item| item.memory_mb != run.memory_mb).count() as u64;
    if others > 0 {
        failed.push(format!("{title}: {} read with another memory size", count(others, "object")));
    }
    failed
}

/// Objects that not all runs have read alike.
fn differing(all: &[Aggregate], contents: &mut Contents) -> Option<String> {
    let mut differing = Vec::new();
    for item in all.iter().flat_map(|one| &one.observation.handled.items) {
        let object = item.object.as_str();
        match contents.get(object) {
            Some((bytes, hash)) if (*bytes, hash) == (item.bytes, &item.hash) => {}
            Some(_) if differing.contains(&object) => {}
            Some(_) => differing.push(object),
            None => {
                contents.insert(object.to_owned(), (item.bytes, item.hash.clone()));
            }
        }
    }
    (!differing.is_empty()).then(|| {
        format!(
            "{} with different content in two runs: {}; is somebody writing to the bucket?",
            count(differing.len() as u64, "object"),
            first_ids(differing)
        )
    })
}

#[cfg(test)]
mod tests {
    use protocol::s3_read::Variant;

    use super::*;
    use crate::scenario::s3_read::testing::{aggregate, observation_of_functions};

    fn both() -> Vec<Aggregate> {
        vec![aggregate(Variant::Signed, 512), aggregate(Variant::Sdk, 512)]
    }

    #[test]
    fn runs_that_add_up_have_no_failed_check() {
        assert_eq!(failed_checks(&both(), &mut Contents::new()), [""; 0]);
    }

    #[test]
    fn objects_that_functions_had_to_send_and_did_not_are_counted() {
        let mut aggregate = Aggregate::of(observation_of_functions(Variant::Sdk));
        assert_eq!(in_run(&aggregate), [""; 0]);
        let division = aggregate.run.listing.division.as_mut().unwrap();
        division.senders.lost = 1;
        division.senders.unsent = 3;
        assert_eq!(
            in_run(&aggregate),
            ["sdk, 512 MB: 3 objects not known to have been sent; 1 of 2 functions ended without a report"]
        );
    }

    #[test]
    fn lost_and_surplus_objects_are_counted() {
        let mut all = both();
        all[0].run.objects.lost = 1;
        all[1].run.objects.dead_lettered = 2;
        assert_eq!(
            failed_checks(&all, &mut Contents::new()),
            [
                "signed, 512 MB: 1 object of 4 lost: neither read nor dead-lettered",
                "sdk, 512 MB: 4 objects sent, but 4 read and 2 dead-lettered"
            ]
        );
    }

    #[test]
    fn an_object_that_the_variants_read_differently_is_named() {
        let mut all = both();
        all[1].observation.handled.items[2].hash = "another".to_owned();
        let said = failed_checks(&all, &mut Contents::new());
        assert!(said[0].starts_with("1 object with different content in two runs: files/0002;"), "{said:?}");
    }

    #[test]
    fn an_object_that_changed_between_two_memory_sizes_is_named() {
        let mut contents = Contents::new();
        assert_eq!(failed_checks(&both()[..1], &mut contents), [""; 0]);
        let mut later = both();
        later[0].observation.handled.items[3].bytes += 1;
        let said = failed_checks(&later[..1], &mut contents);
        assert!(said[0].starts_with("1 object with different content in two runs: files/0003;"), "{said:?}");
    }

    #[test]
    fn objects_that_another_memory_size_read_are_counted() {
        let mut all = both();
        all[0].observation.handled.items[0].memory_mb = 128;
        assert_eq!(
            failed_checks(&all, &mut Contents::new()),
            ["signed, 512 MB: 1 object read with another memory size"]
        );
    }
}
