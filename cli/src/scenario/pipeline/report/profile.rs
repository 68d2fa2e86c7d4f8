//! A load whose rate was not the same throughout, as people read it.

use std::fmt::Write as _;

use results::scenario::pipeline::{
    Delivery, KneeKind, Offered, Outcome, Profile, Search, SearchEnd, Spike, Stage, Trial,
};

use crate::layout::Table;
use crate::scenario::pipeline::options::MAX_RATE;
use crate::scenario::shared::tables::{count, ms, none, per_second, table};

/// The load's rates, such as `50 requests/s`.
pub fn rates(offered: &Offered) -> String {
    let rate = offered.rate;
    match &offered.profile {
        None => format!("{rate} requests/s"),
        Some(Profile::Steps { rates, seconds }) => {
            let rates: Vec<_> = rates.iter().map(u64::to_string).collect();
            format!("steps of {seconds} s at {} requests/s", rates.join(", "))
        }
        Some(Profile::Spike { usual_rate, seconds }) => {
            format!("{usual_rate} requests/s with a spike of {rate} requests/s for {seconds} s")
        }
        Some(Profile::FindLimit { slo, .. }) => {
            format!("the highest rate with {slo}, looked for from {rate} requests/s on")
        }
    }
}

/// The parts of the load, and what stands out in them; nothing of one with one rate.
pub fn render(delivery: &Delivery) -> String {
    let mut text = String::new();
    if !delivery.stages.is_empty() {
        let _ = writeln!(text, "\n{}", stages(&delivery.stages));
    }
    if let Some(knee) = knee(delivery) {
        let _ = writeln!(text, "{knee}");
    }
    if let Some(spike) = &delivery.spike {
        let _ = writeln!(text, "{}", after_spike(spike));
    }
    if let Some(search) = &delivery.search {
        let _ = writeln!(text, "\n{}\n{}", trials(&search.trials), found(search));
    }
    text
}

/// A row for each part.
pub fn stages(stages: &[Stage]) -> Table {
    let header = ["part"].into_iter().chain(FIGURES).map(ToOwned::to_owned).collect::<Vec<_>>();
    let row = |stage: &Stage| std::iter::once(stage.name.clone()).chain(figures(stage)).collect();
    table(&header, stages.iter().map(row), &[0])
}

/// A row for each trial.
pub fn trials(trials: &[Trial]) -> Table {
    let header = ["requests/s"].into_iter().chain(FIGURES).chain(["held"]).map(ToOwned::to_owned);
    let row = |trial: &Trial| {
        let rate = std::iter::once(trial.stage.rate.to_string());
        rate.chain(figures(&trial.stage)).chain([outcome(&trial.outcome)]).collect()
    };
    table(&header.collect::<Vec<_>>(), trials.iter().map(row), &[1 + FIGURES.len()])
}

const FIGURES: [&str; 7] = [
    "sent",
    "HTTP p50 / p99 ms",
    "end-to-end p50 / p99 ms",
    "errors (throttled)",
    "accepted/s",
    "stored/s",
    "last row after s",
];

fn figures(stage: &Stage) -> [String; 7] {
    let latency = |latency: &Option<protocol::histogram::Latency>| {
        latency.map_or_else(none, |one| [one.p50, one.p99].map(ms).join(" / "))
    };
    [
        stage.sent().to_string(),
        latency(&stage.latency_ms),
        latency(&stage.end_to_end_ms),
        match stage.throttled {
            0 => stage.errors().to_string(),
            throttled => format!("{} ({throttled})", stage.errors()),
        },
        per_second(stage.accepted_per_second),
        per_second(stage.stored_per_second),
        stage.drain_seconds.map_or_else(none, |seconds| format!("{seconds:.1}")),
    ]
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Held => "yes".to_owned(),
        Outcome::Broke(conditions) => format!("no: {}", conditions.join(", ")),
        Outcome::Generator(why) => format!("unknown, the generator was the limit: {why}"),
    }
}

/// Where rising steps are too much; none of other loads.
pub fn knee(delivery: &Delivery) -> Option<String> {
    let Some(Profile::Steps { .. }) = delivery.offered.profile else { return None };
    let last = delivery.stages.last()?;
    let Some(knee) = delivery.knee else {
        return Some(format!("no knee: up to {} requests/s, the pipeline kept up", last.rate));
    };
    let falls_behind = match knee.kind {
        KneeKind::Requests => "fewer requests were accepted than offered",
        KneeKind::Rows => "messages became rows more slowly than they were accepted",
        KneeKind::Generator => {
            return Some(format!(
                "no knee: at {} requests/s the generator itself was the limit, so nobody can tell what the pipeline would have done",
                knee.rate
            ));
        }
    };
    Some(format!("knee: at {} requests/s, {falls_behind}", knee.rate))
}

/// How soon a spike was over.
pub fn after_spike(spike: &Spike) -> String {
    let back = |what: &str, seconds: Option<f64>| match seconds {
        Some(seconds) => format!("{what} {seconds:.1} s after the spike"),
        None => format!("{what} not until the end of the load"),
    };
    format!(
        "latencies were what they had been before: {}, {} (looked at every {:.1} s)",
        back("HTTP", spike.http_back_seconds),
        back("end-to-end", spike.end_to_end_back_seconds),
        spike.interval_seconds
    )
}

/// What a search has found.
pub fn found(search: &Search) -> String {
    let trials = count(search.trials.len() as u64, "trial");
    let Some(held) = search.held else {
        return match search.end {
            SearchEnd::None => format!("no rate held, not even 1 request/s ({trials})"),
            SearchEnd::Generator => {
                format!("no rate is known to hold: the generator itself was the limit ({trials})")
            }
            SearchEnd::Interrupted | SearchEnd::Failed | SearchEnd::Found | SearchEnd::Maximum => {
                format!("no rate is known to hold: the search did not go to its end ({trials})")
            }
        };
    };
    let why = match search.end {
        SearchEnd::Found => "one that is at most a tenth higher did not".to_owned(),
        SearchEnd::Maximum => format!("{MAX_RATE} is the most that --rate takes, so the limit is higher"),
        SearchEnd::Generator => {
            "the limit may be higher: beyond it, the generator itself was the limit".to_owned()
        }
        SearchEnd::Interrupted | SearchEnd::Failed | SearchEnd::None => {
            "the limit may be higher: the search did not go to its end".to_owned()
        }
    };
    format!("{held} requests/s held; {why} ({trials})")
}

#[cfg(test)]
mod tests {
    use results::scenario::pipeline::Knee;

    use super::*;
    use crate::scenario::pipeline::report::aggregate;
    use crate::scenario::pipeline::testing::{observation_of_steps, run};

    fn trial(rate: u64, outcome: Outcome) -> Trial {
        let steps = aggregate::delivery(&run(), &observation_of_steps()).stages;
        Trial { run: format!("run-{rate}"), stage: Stage { rate, ..steps[0].clone() }, outcome }
    }

    fn search(held: Option<u64>, end: SearchEnd) -> Search {
        let broke = Outcome::Broke(vec!["p99 812 ms".to_owned(), "errors 3.20 % (80 throttled)".to_owned()]);
        let generator =
            Outcome::Generator("900 of 1000 requests were due while all 50 connections were busy".to_owned());
        let trials = vec![trial(50, Outcome::Held), trial(100, broke), trial(75, generator)];
        Search { held, end, trials }
    }

    #[test]
    fn steps_have_a_row_each_and_the_knee_below() {
        insta::assert_snapshot!(render(&aggregate::delivery(&run(), &observation_of_steps())));
    }

    #[test]
    fn trials_have_a_row_each_and_what_is_known_below() {
        let mut delivery = aggregate::delivery(&run(), &observation_of_steps());
        (delivery.stages, delivery.knee, delivery.offered.profile) = (vec![], None, None);
        delivery.search = Some(search(Some(50), SearchEnd::Generator));
        insta::assert_snapshot!(render(&delivery));
    }

    #[test]
    fn what_is_not_known_is_never_told_as_a_limit() {
        let said = |held, end| found(&search(held, end));
        assert_eq!(said(None, SearchEnd::None), "no rate held, not even 1 request/s (3 trials)");
        assert_eq!(
            said(Some(10_000), SearchEnd::Maximum),
            "10000 requests/s held; 10000 is the most that --rate takes, so the limit is higher (3 trials)"
        );
        assert_eq!(
            said(Some(400), SearchEnd::Found),
            "400 requests/s held; one that is at most a tenth higher did not (3 trials)"
        );
        assert!(said(Some(400), SearchEnd::Generator).contains("the limit may be higher"));
        assert!(said(Some(400), SearchEnd::Interrupted).contains("the limit may be higher"));
        assert!(
            said(None, SearchEnd::Generator).starts_with("no rate is known to hold: the generator itself")
        );
    }

    #[test]
    fn a_generator_that_was_the_limit_is_no_knee() {
        let mut delivery = aggregate::delivery(&run(), &observation_of_steps());
        delivery.knee = delivery.knee.map(|knee| Knee { kind: KneeKind::Generator, ..knee });
        assert!(knee(&delivery).unwrap().starts_with("no knee: at 400 requests/s the generator itself"));
        delivery.knee = None;
        assert_eq!(knee(&delivery).unwrap(), "no knee: up to 400 requests/s, the pipeline kept up");
    }

    #[test]
    fn a_spike_that_is_not_over_says_so() {
        let spike =
            Spike { interval_seconds: 1.0, http_back_seconds: Some(2.0), end_to_end_back_seconds: None };
        assert_eq!(
            after_spike(&spike),
            "latencies were what they had been before: HTTP 2.0 s after the spike, end-to-end not until the end of the load \
             (looked at every 1.0 s)"
        );
    }
}
