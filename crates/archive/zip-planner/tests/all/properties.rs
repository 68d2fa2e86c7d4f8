//! Any list of objects becomes the archive that its layout describes, by requests that S3 takes.

use crate::support::{S3, entries, laid_out, machine};
use proptest::collection::vec;
use proptest::prelude::*;
use zip_planner::packing::Rules;
use zip_planner::{Limits, Objective, Plan, PlanError};

/// Small enough for thousands of archives, with room for a header in a part.
const LIMITS: Limits = Limits { min_part: 400, max_part: 20_000, max_parts: 40, max_object: 8 << 20 };

fn objective() -> impl Strategy<Value = Objective> {
    prop_oneof![Just(Objective::Duration), Just(Objective::LambdaPrice), Just(Objective::TotalPrice)]
}

fn size() -> impl Strategy<Value = u64> {
    prop_oneof![
        1 => Just(0_u64),
        2 => 1_u64..40,
        4 => 40_u64..400,
        4 => 200_u64..600,
        1 => prop_oneof![Just(359_u64), Just(399), Just(400), Just(401)],
        2 => 600_u64..6_000,
        1 => 6_000_u64..60_000,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_objects_become_the_archive_that_the_layout_describes(
        sizes in vec(size(), 0..120),
        objective in objective(),
    ) {
        let plan = Plan::new(&entries(&sizes), objective, &machine(&LIMITS), &LIMITS);
        match plan {
            Ok(plan) => prop_assert!(S3::archive(&plan, &LIMITS) == laid_out(&plan.layout)),
            Err(PlanError::TooManyParts { .. }) => prop_assert!(sizes.iter().sum::<u64>() > 35 * 2_000, "{sizes:?}"),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn objects_of_one_kind_too(size in size(), count in 1_usize..100, objective in objective()) {
        let plan = Plan::new(&entries(&vec![size; count]), objective, &machine(&LIMITS), &LIMITS);
        match plan {
            Ok(plan) => prop_assert!(S3::archive(&plan, &LIMITS) == laid_out(&plan.layout)),
            Err(PlanError::TooManyParts { .. }) => prop_assert!(size * count as u64 > 35 * 2_000),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Also by rules whose plan nobody would choose for so few objects.
    #[test]
    fn objects_in_rows_become_it_too(
        sizes in vec(size(), 0..120),
        max_sent in prop_oneof![Just(0_u64), Just(40), Just(399)],
        max_borrowed in prop_oneof![Just(0_u64), Just(2_000), Just(100_000)],
    ) {
        let rules = Rules { min_part: LIMITS.min_part, max_sent, pack: 400, max_borrowed, rows: true };
        match Plan::by_rules(&entries(&sizes), &rules, &machine(&LIMITS), &LIMITS) {
            Ok(plan) => prop_assert!(S3::archive(&plan, &LIMITS) == laid_out(&plan.layout)),
            Err(PlanError::TooManyParts { .. }) => prop_assert!(sizes.iter().sum::<u64>() > 35 * 400, "{sizes:?}"),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_number_of_pairs_takes_seven_requests_a_pair(count in 1_usize..600) {
        let limits = Limits { max_part: 1 << 20, max_parts: 10_000, max_object: 1 << 40, ..LIMITS };
        let rules = Rules { min_part: limits.min_part, max_sent: 0, pack: 400, max_borrowed: 0, rows: true };
        let sizes: Vec<_> = (0..count).flat_map(|n| [401 + n as u64 % 50, 200 + n as u64 % 50]).collect();
        let plan = Plan::by_rules(&entries(&sizes), &rules, &machine(&limits), &limits).unwrap();
        prop_assert!(S3::archive(&plan, &limits) == laid_out(&plan.layout));
        // The first row has 64 pairs, each next one twice as many, up to 256.
        let rows = 1 + [64, 192, 448].iter().filter(|full| count > **full).count();
        prop_assert_eq!(plan.temporaries.len(), count + 2 * rows, "a row has padded headers of its own");
        let hedged: usize = plan.stages().iter().map(|stage| stage.hedged).sum();
        // Of each row: creation, padded headers, the last header, completion. Around all: the same of the archive, a deletion.
        let around = 4 * rows + 5;
        let writes = usize::try_from(plan.estimate.requests.writes()).unwrap();
        prop_assert_eq!(writes - hedged, 7 * count + around);
    }
}

/// Sizes of the contest: N(5 MB, 1 MB), as the sum of twelve uniform values.
fn contest(count: usize) -> Vec<u64> {
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) * 1_000_000 / (1 << 31)
    };
    (0..count)
        .map(|_| ((0..12).map(|_| uniform()).sum::<u64>() - 1_000_000).clamp(2_000_000, 8_000_000))
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "there are few requests")]
fn writes_an_object(objective: Objective, count: usize) -> f64 {
    let machine = zip_planner::Machine { pack_bytes: 16 << 20, ..machine(&Limits::S3) };
    let plan = Plan::new(&entries(&contest(count)), objective, &machine, &Limits::S3).unwrap();
    plan.estimate.requests.writes() as f64 / count as f64
}

#[test]
fn the_contest_s_archive_takes_few_requests() {
    for (count, most) in [(200, 5.4), (3_000, 4.1)] {
        let writes = writes_an_object(Objective::Duration, count);
        assert!(writes <= most, "{writes} writes an object for {count} objects");
    }
}

#[test]
fn whoever_pays_for_requests_gets_fewer_of_them() {
    let writes = writes_an_object(Objective::TotalPrice, 3_000);
    assert!(writes < 1.0, "{writes} writes an object");
}

#[test]
fn more_objects_than_parts_are_joined_in_temporary_objects() {
    let plan = Plan::new(&entries(&contest(25_000)), Objective::Duration, &machine(&Limits::S3), &Limits::S3)
        .unwrap();
    let zip_planner::Object::Parts(parts) = &plan.archive else { panic!("it has parts") };
    assert!((5_000..=10_000).contains(&parts.len()), "{}", parts.len());
}

#[test]
fn nothing_becomes_an_empty_archive() {
    let plan = Plan::new(&[], Objective::Duration, &machine(&Limits::S3), &Limits::S3).unwrap();
    assert_eq!(S3::archive(&plan, &Limits::S3).len(), 22);
    assert_eq!(plan.estimate.requests.writes(), 1);
}
