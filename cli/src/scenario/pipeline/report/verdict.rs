//! What a load took on its way to its rows: one design, so nothing wins.

use std::fmt::Write as _;

use protocol::pipeline::{Arrivals, Hop};
use results::cost::Cost;
use results::scenario::pipeline::{COST, COST_WITH_AURORA, Delivery, Offered, Profile, Search};

use super::figures::has_arrived;
use super::profile;
use crate::scenario::shared::cost::usd_of;
use crate::scenario::shared::tables::ms;
use crate::scenario::shared::verdict::{Commands, Verdict, joined, quoted, usd};

/// Memory sizes that tell the design's choices apart.
const MEMORY: &str = " --memory 128,512,1769";

/// The verdict of a load.
pub fn verdict(delivery: &Delivery, costs: &[Cost], commands: &Commands<'_>) -> Verdict {
    let Some(whole) = delivery.hops.get(&Hop::EndToEnd).filter(|_| delivery.messages.stored > 0) else {
        return commands.nothing("nothing was stored: no latency, no price");
    };
    let due = delivery.requests.sent + delivery.requests.unsent;
    let rates = match delivery.search.as_ref().and_then(Search::measured) {
        Some(trial) => format!("{} requests/s", trial.stage.rate),
        None => profile::rates(&delivery.offered),
    };
    let mut told: Vec<String> = delivery.search.iter().map(profile::found).collect();
    told.extend(profile::knee(delivery));
    told.extend(delivery.spike.iter().map(profile::after_spike));
    told.push(format!(
        "{rates}: {} of {due} messages were stored, half of them within {} ms and 99 % within {} ms",
        delivery.messages.stored,
        ms(whole.p50),
        ms(whole.p99)
    ));
    if !has_arrived(delivery) {
        told.push(
            "more than 1 % of what was due did not arrive, so these are the latencies of the rest".to_owned(),
        );
    }
    told.extend(longest_hop(delivery));
    told.extend(price(costs));
    let basis = [
        vec![
            "n = 1 run of one design, so nothing wins, and another run may differ. To tell more, repeat it:"
                .to_owned(),
        ],
        commands.repeat(),
        // A search has a rate of its own with each size.
        if delivery.search.is_some() {
            vec![]
        } else {
            vec![format!("What memory buys: {}", commands.run_with(MEMORY))]
        },
    ];
    Verdict { told, basis: basis.concat() }
}

/// Where most of the median goes.
fn longest_hop(delivery: &Delivery) -> Option<String> {
    let hops = delivery.hops.iter().filter(|(hop, _)| **hop != Hop::EndToEnd);
    let (hop, latency) = hops.max_by(|(_, one), (_, other)| one.p50.total_cmp(&other.p50))?;
    Some(format!("the longest hop is {hop}, with {} ms at the median", ms(latency.p50)))
}

fn price(costs: &[Cost]) -> Option<String> {
    [COST_WITH_AURORA, COST]
        .into_iter()
        .find_map(|item| Some(format!("{item}: {}", usd(usd_of(costs, item)?))))
}

/// The options of a load.
pub fn options(offered: &Offered) -> String {
    let Offered { ramp_seconds, connections, message_bytes, arrivals, seed, .. } = offered;
    let mut options = rates(offered);
    if *ramp_seconds > 0.0 {
        let _ = write!(options, " --ramp {ramp_seconds}s");
    }
    let _ = write!(options, " --connections {connections} --size {message_bytes}");
    if offered.workers.is_some() {
        options.push_str(" --from functions");
    }
    // Those of a search differ from trial to trial, unless they were asked for.
    let workers = match &offered.profile {
        Some(Profile::FindLimit { workers, .. }) => *workers,
        _ => offered.workers,
    };
    if let Some(workers) = workers {
        let _ = write!(options, " --workers {workers}");
    }
    if let (Arrivals::Poisson, Some(seed)) = (arrivals, seed) {
        let _ = write!(options, " --arrivals poisson --seed {seed}");
    }
    options
}

fn rates(Offered { rate, seconds, profile, .. }: &Offered) -> String {
    match profile {
        None => format!(" --rate {rate} --duration {seconds}s"),
        Some(Profile::Steps { rates, seconds }) => {
            format!(" --steps {} --step-duration {seconds}s", joined(rates.iter().copied()))
        }
        Some(Profile::Spike { usual_rate, seconds: spike }) => {
            format!(" --rate {usual_rate} --duration {seconds}s --spike {rate} --spike-duration {spike}s")
        }
        Some(Profile::FindLimit { slo, .. }) => {
            format!(" --find-limit --slo {} --rate {rate} --step-duration {seconds}s", quoted(slo))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::result_file::read;
    use crate::scenario::pipeline::options::{Options, Origin, Spacing};
    use crate::scenario::pipeline::report::cost::costs;
    use crate::scenario::pipeline::testing;
    use crate::scenario::shared::testing::parsed;

    fn said(delivery: &Delivery, costs: &[Cost]) -> String {
        let result = read(Path::new("tests/v1/pipeline.json")).unwrap();
        verdict(delivery, costs, &Commands::of(&result, options(&delivery.offered))).block()
    }

    #[test]
    fn a_load_says_how_long_its_messages_took_and_what_they_cost() {
        let costs = costs(&testing::run(), &testing::observation());
        insta::assert_snapshot!(said(&testing::delivery(), &costs));
    }

    #[test]
    fn a_load_of_which_too_little_arrived_says_so() {
        let mut delivery = testing::delivery();
        delivery.messages.stored = 12_000;
        assert!(said(&delivery, &[]).contains("more than 1 % of what was due did not arrive"));
        delivery.messages.stored = 0;
        assert!(said(&delivery, &[]).starts_with("verdict: nothing was stored: no latency, no price.\n"));
    }

    #[test]
    fn the_options_are_those_of_the_run() {
        let here = testing::options();
        let (from, workers) = (Origin::Functions, Some(40));
        let (arrivals, seed) = (Spacing::Poisson, Some(7));
        let again = |asked: &Options| {
            let line = options(&asked.offered(&asked.schedule())).replace('\'', "");
            parsed::<Options>(&line).unwrap()
        };
        for asked in [here.clone(), Options { from, workers, arrivals, seed, ..here }] {
            assert_eq!(again(&asked), asked);
        }
        for line in [
            "--steps 100,500,1000 --step-duration 20s --size 10",
            "--rate 50 --duration 60s --ramp 5s --spike 500 --spike-duration 5s",
            "--find-limit --slo p99<500ms,errors<0.1% --rate 20 --step-duration 10s --connections 80",
            "--find-limit --slo p99<500ms --step-duration 30s --from functions --workers 7",
            "--find-limit --slo p99<500ms --step-duration 30s --from functions --arrivals poisson --seed 3",
        ] {
            let asked = parsed::<Options>(line).unwrap();
            assert_eq!(again(&asked), asked, "{line}");
        }
    }
}
