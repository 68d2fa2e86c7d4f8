//! What is asked for, and what is refused.

use super::*;
use crate::exit::Usage;
use crate::scenario::shared::testing::parsed;

fn options(line: &str) -> Options {
    let options = parsed::<Options>(line).unwrap();
    options.check().unwrap();
    options
}

fn offered(line: &str) -> Offered {
    let options = options(line);
    options.offered(&options.schedule())
}

fn refused(line: &str) -> String {
    match parsed::<Options>(line) {
        Err(error) => error.to_string(),
        Ok(options) => {
            let error = options.check().unwrap_err();
            assert!(error.is::<Usage>(), "'{line}' is a wrong command line, exit code 2");
            error.to_string()
        }
    }
}

#[test]
fn without_options_it_sends_fifty_per_second_for_half_a_minute() {
    let duration = Duration::from_secs(30);
    let expected = Options {
        rate: 50,
        duration,
        ramp: Duration::ZERO,
        steps: vec![],
        step_duration: None,
        spike: None,
        spike_duration: None,
        find_limit: false,
        slo: None,
        from: Origin::Here,
        workers: None,
        arrivals: Spacing::Constant,
        seed: None,
        connections: 50,
        size: 100,
    };
    assert_eq!(options(""), expected);
    assert_eq!(expected.workers(), None);
}

#[test]
fn of_random_arrivals_a_result_says_how_many_they_came_to() {
    assert_eq!(offered("--rate 100").due_per_second, None);
    let random = options("--rate 100 --duration 10s --arrivals poisson --seed 3");
    let due = real(random.schedule().total());
    assert!((random.offered(&random.schedule()).per_second() - due / 10.0).abs() < 1e-9);
    assert!((due - 1000.0).abs() > 0.0 && (due - 1000.0).abs() < 160.0, "{due}: by chance, not far off");
}

#[test]
fn functions_are_as_many_as_the_rate_needs_or_as_asked_for() {
    let workers = |line: &str| options(line).workers();
    assert_eq!(workers("--from functions --rate 5000 --duration 120s"), Some(20));
    assert_eq!(workers("--from functions --rate 251"), Some(2));
    assert_eq!(workers("--from functions --rate 1000 --workers 40"), Some(40));
    assert_eq!(options("--from functions --rate 1000 --workers 40").schedule().workers, 40);
}

#[test]
fn a_spike_is_in_the_middle_and_what_is_behind_it_is_cut_into_seconds() {
    let stages = |line: &str| options(line).schedule().stages;
    let of = |stages: &[Stage]| -> Vec<_> {
        stages.iter().map(|stage| (stage.rate, stage.duration.as_millis())).collect()
    };
    let all = stages("--rate 20 --duration 25s --spike 200 --spike-duration 5s");
    assert_eq!(of(&all[..3]), [(20, 10_000), (200, 5000), (20, 1000)]);
    assert_eq!((all.len(), of(&all[11..])), (12, vec![(20, 1000)]));
    let long = stages("--duration 190s --spike 100");
    assert_eq!((long.len(), of(&long[..3])), (32, vec![(50, 90_000), (100, 10_000), (50, 3000)]));
    let total: Duration = stages("--duration 31s --spike 100").iter().map(|stage| stage.duration).sum();
    assert_eq!(total, Duration::from_secs(31), "not a nanosecond is lost");
}

#[test]
fn steps_and_the_trials_of_a_search_have_their_own_rates_and_functions() {
    let steps = options("--steps 100,1000 --step-duration 5s --from functions");
    assert_eq!((steps.highest_rate(), steps.workers(), steps.schedule().total()), (1000, Some(4), 5500));
    let search = options("--find-limit --slo p99<100ms --rate 100 --from functions --workers 8");
    let trial = search.trial(4);
    assert_eq!((trial.workers(), trial.schedule().total()), (Some(4), 120), "one request per second each");
    // 1,000/s with 100 ms: 125 under way, by eight functions.
    assert_eq!(Options { connections: 5, ..search }.trial(1000).connections, 16);
    let from_here = options("--find-limit --slo p99<1s");
    assert_eq!(from_here.trial(10_000).connections, 1000, "no more than a sender may have");
    assert_eq!((from_here.highest_rate(), from_here.offered(&from_here.schedule()).rate), (10_000, 50));
}

#[test]
fn what_cannot_be_run_is_refused_with_what_to_write_instead() {
    for (line, expected) in [
        ("--duration 30", "write 30s for seconds"),
        ("--duration soon", "write it like 30s"),
        ("--ramp=-5s", "cannot be negative"),
        ("--duration 100ms", "from 1s to 1h"),
        ("--duration 2h", "from 1s to 1h"),
        ("--ramp 11m", "10m at most"),
        ("--rate 1000 --duration 1h", "3600000 messages in that time, more than the 1000000"),
        (
            "--rate 10000 --duration 10m --from functions",
            "6000000 messages in that time, more than the 2000000",
        ),
        ("--duration 14m --from functions", "13m together at most"),
        ("--workers 3", "add --from functions"),
        ("--rate 5 --workers 6 --from functions", "more than --rate 5"),
        ("--seed 3", "add --arrivals poisson"),
        ("--steps 100,500 --rate 50", "cannot be used with"),
        ("--steps 100,500 --ramp 5s", "cannot be used with"),
        ("--steps 100,500 --duration 5s", "cannot be used with"),
        ("--steps 100,500 --spike 1000", "cannot be used with"),
        ("--steps 100", "2 to 10 rates"),
        ("--steps 500,100", "each higher than the one before it"),
        ("--steps 1,2,3,4,5,6,7,8,9,10,11", "2 to 10 rates"),
        ("--steps 10,20 --step-duration 100ms", "1s at least"),
        ("--steps 10,20 --step-duration 31m", "1h at most"),
        ("--steps 1000,10000 --step-duration 2m", "1320000 messages in that time, more than the 1000000"),
        ("--steps 10,20 --step-duration 7m --from functions", "13m together at most"),
        ("--step-duration 5s", "add one of them"),
        ("--spike 50", "higher than --rate 50"),
        ("--spike 500 --duration 15s", "raise --duration"),
        ("--spike-duration 5s", "add --spike"),
        ("--find-limit", "add --slo"),
        ("--slo p99<500ms", "add --find-limit"),
        ("--find-limit --slo p99", "has no '<'"),
        ("--find-limit --slo p99<500ms --duration 5s", "cannot be used with"),
        ("--find-limit --slo p99<500ms --spike 100", "cannot be used with"),
        ("--find-limit --slo p99<500ms --step-duration 2m", "1200000 messages in that time"),
        ("--rate 0", "1..=10000"),
        ("--connections 0", "1..=1000"),
        ("--size 300000", "0..=261000"),
    ] {
        let said = refused(line);
        assert!(said.contains(expected), "'{line}': {said}");
    }
}
