//! Counts and contents that have to be equal: where they are not, a run's figures can't be trusted.

use std::collections::HashMap;

use super::find::Found;
use crate::scenario::shared::tables::count;

/// Objects that are named.
const NAMED: usize = 5;

/// What doesn't add up in runs, each by itself and all together.
pub fn of(found: &[Found]) -> Vec<String> {
    let mut violations: Vec<String> = found.iter().flat_map(in_run).collect();
    violations.extend(differing(found));
    violations
}

fn in_run(found: &Found) -> Vec<String> {
    let run = &found.run;
    let (objects, sent) = (&run.objects, run.listing.sent);
    let name = format!("{}, {} MB", run.variant, run.memory_mb);
    let mut violations = Vec::new();
    if objects.lost > 0 {
        violations.push(format!(
            "{name}: {} of {sent} got lost: neither read nor dead-lettered",
            count(objects.lost, "object")
        ));
    }
    if objects.read + objects.dead_lettered > sent {
        violations.push(format!(
            "{name}: {} sent, but {} read and {} dead-lettered",
            count(sent, "object"),
            objects.read,
            objects.dead_lettered
        ));
    }
    let others = found.items.iter().filter(|item| item.memory_mb != run.memory_mb).count() as u64;
    if others > 0 {
        violations.push(format!("{name}: {} read with another memory size", count(others, "object")));
    }
    violations
}

/// Objects that not all runs have read alike.
fn differing(found: &[Found]) -> Option<String> {
    let mut contents = HashMap::new();
    let mut differing = Vec::new();
    for item in found.iter().flat_map(|one| &one.items) {
        let content = (item.bytes, &item.hash);
        if *contents.entry(&item.object).or_insert(content) != content && !differing.contains(&&item.object) {
            differing.push(&item.object);
        }
    }
    if differing.is_empty() {
        return None;
    }
    let named: Vec<_> = differing.iter().take(NAMED).map(|object| object.as_str()).collect();
    let more = if differing.len() > NAMED { ", …" } else { "" };
    Some(format!(
        "{} with different content in two runs: {}{more}; does somebody write to the bucket?",
        count(differing.len() as u64, "object"),
        named.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use results::scenario::s3_read::Variant;

    use super::*;
    use crate::scenario::s3_read::testing::found;

    fn both() -> Vec<Found> {
        vec![found(Variant::Signed, 512), found(Variant::Sdk, 512)]
    }

    #[test]
    fn runs_that_add_up_have_no_violation() {
        assert_eq!(of(&both()), [""; 0]);
    }

    #[test]
    fn lost_and_surplus_objects_are_counted() {
        let mut found = both();
        found[0].run.objects.lost = 1;
        found[1].run.objects.dead_lettered = 2;
        assert_eq!(
            of(&found),
            [
                "signed, 512 MB: 1 object of 4 got lost: neither read nor dead-lettered",
                "sdk, 512 MB: 4 objects sent, but 4 read and 2 dead-lettered"
            ]
        );
    }

    #[test]
    fn an_object_that_the_variants_read_differently_is_named() {
        let mut found = both();
        found[1].items[2].hash = "another".to_owned();
        let said = of(&found);
        assert!(said[0].starts_with("1 object with different content in two runs: files/0002;"), "{said:?}");
    }

    #[test]
    fn objects_that_another_memory_size_read_are_counted() {
        let mut found = both();
        found[0].items[0].memory_mb = 128;
        assert_eq!(of(&found), ["signed, 512 MB: 1 object read with another memory size"]);
    }
}
