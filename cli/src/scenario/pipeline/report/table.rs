//! A load test of the pipeline as people read it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use protocol::histogram::Latency;
use protocol::pipeline::{Arrivals, Hop};
use results::billing_log::FunctionUse;
use results::cost::Cost;
use results::scenario::pipeline::{Delivery, Messages, Offered, Profile, Requests, Search};

use super::profile;
use crate::layout::Table;
use crate::scenario::shared::cost;
use crate::scenario::shared::tables::{self, LATENCIES, ms, per_second, table};

/// Reasons for dead letters that people get to see.
const MAX_REASONS: usize = 5;

/// The figures, and what stands out in them.
pub fn render(delivery: &Delivery, costs: &[Cost]) -> String {
    let mut text = format!("\n{}\n", heading(&delivery.offered));
    text.push_str(&profile::render(delivery));
    if let Some(trial) = delivery.search.as_ref().and_then(Search::measured) {
        let _ = writeln!(text, "\nthe trial at {} requests/s:", trial.stage.rate);
    }
    let _ = writeln!(text, "{}", hops(delivery));
    let unreported = delivery.generator.workers.map_or(0, |workers| workers.unreported);
    text.push_str(&answers(&delivery.requests, unreported));
    text.push_str(&arrivals(delivery.requests.accepted, &delivery.messages));
    if !delivery.functions.is_empty() {
        let _ = writeln!(text, "\n{}", functions(&delivery.functions));
    }
    text.push_str(&price(costs));
    text
}

fn heading(offered: &Offered) -> String {
    let ramp = match offered.ramp_seconds {
        0.0 => String::new(),
        seconds => format!(" after a ramp of {seconds} s"),
    };
    let arrivals = match offered.arrivals {
        Arrivals::Constant => "",
        Arrivals::Poisson => " (Poisson)",
    };
    let seconds = offered.seconds;
    let time = match offered.profile {
        None => format!("for {seconds} s"),
        Some(Profile::Steps { .. } | Profile::Spike { .. }) => format!("for {seconds} s in all"),
        Some(Profile::FindLimit { .. }) => format!("in trials of {seconds} s"),
    };
    let connections = tables::count(offered.connections, "connection");
    let sender = match offered.workers {
        _ if matches!(offered.profile, Some(Profile::FindLimit { .. })) => format!("{connections} or more"),
        Some(workers) => format!("{} with {connections} each", tables::count(workers, "function")),
        None => connections,
    };
    format!(
        "open loop, {}{arrivals} {time}{ramp}, {sender}, messages of {} bytes",
        profile::rates(offered),
        offered.message_bytes
    )
}

/// Where the time goes.
pub fn hops(delivery: &Delivery) -> Table {
    let requests = &delivery.requests;
    let http = [("HTTP".to_owned(), "due → answered", requests.latency_ms.as_ref())];
    let cold = requests
        .cold_latency_ms
        .as_ref()
        .map(|cold| ("HTTP, cold starts".to_owned(), "due → answered", Some(cold)));
    let hops = Hop::ALL.map(|hop| (hop.to_string(), from_to(hop), delivery.hops.get(&hop)));
    let rows = http.into_iter().chain(cold).chain(hops);
    let row = |(name, from_to, latency): (String, &str, Option<&Latency>)| {
        vec![name, from_to.to_owned(), tables::latency(latency)]
    };
    table(&["hop", "from → to", LATENCIES].map(ToOwned::to_owned), rows.map(row), &[0, 1])
}

fn from_to(hop: Hop) -> &'static str {
    match hop {
        Hop::Api => "due → upstream",
        Hop::Stream => "→ Kinesis → midstream",
        Hop::Table => "→ DynamoDB → downstream",
        Hop::Row => "→ PostgreSQL has committed",
        Hop::EndToEnd => "due → PostgreSQL has committed",
    }
}

/// What the API answered.
fn answers(requests: &Requests, unreported: u64) -> String {
    let [refused, unknown] = [&requests.refused, &requests.unknown].map(|kinds| kinds.values().sum::<u64>());
    let mut text = format!(
        "{} requests sent = {} accepted + {refused} refused{} + {unknown} without an answer{}\n",
        requests.sent,
        requests.accepted,
        kinds(&requests.refused),
        kinds(&requests.unknown),
    );
    let unsent = requests.unsent - unreported;
    if unsent > 0 {
        let _ = writeln!(text, "{unsent} more were never sent: no connection was free for them");
    }
    if unreported > 0 {
        let _ = writeln!(text, "{unreported} more count as not sent: their functions ended without a report");
    }
    let _ = writeln!(
        text,
        "accepted: {} requests/s over {:.1} s",
        per_second(requests.accepted_per_second),
        requests.seconds
    );
    text
}

/// Such as ` (429×3, 503×1)`.
fn kinds(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let all: Vec<String> = counts.iter().map(|(kind, count)| format!("{kind}×{count}")).collect();
    format!(" ({})", all.join(", "))
}

/// What became of the messages.
fn arrivals(accepted: u64, messages: &Messages) -> String {
    let all = messages.stored + messages.dead_lettered + messages.lost;
    let mut text = format!(
        "stored: {} messages/s over {:.1} s{}\n{accepted} accepted {} {} stored + {} dead-lettered + {} lost; {} absorbed\n",
        per_second(messages.per_second),
        messages.seconds,
        messages.drain_seconds.map_or_else(String::new, |seconds| format!(
            ", the last one {seconds:.1} s after the last answer"
        )),
        if accepted == all { "=" } else { "≠" },
        messages.stored,
        messages.dead_lettered,
        messages.lost,
        tables::count(messages.duplicates, "duplicate"),
    );
    if messages.unaccepted_stored + messages.unaccepted_dead_lettered > 0 {
        let _ = writeln!(
            text,
            "not accepted, but arrived anyway: {} stored, {} dead-lettered",
            messages.unaccepted_stored, messages.unaccepted_dead_lettered
        );
    }
    if messages.dead_lettered_stored > 0 {
        let _ = writeln!(
            text,
            "{} of those with a row are also in a dead-letter queue: another attempt succeeded",
            messages.dead_lettered_stored
        );
    }
    text.push_str(&reasons(&messages.reasons));
    text
}

/// Why messages are in a dead-letter queue, the most frequent reasons first.
fn reasons(reasons: &BTreeMap<String, u64>) -> String {
    let mut reasons: Vec<(&String, &u64)> = reasons.iter().collect();
    reasons.sort_by_key(|(_, count)| Reverse(**count));
    let mut text = String::new();
    for (reason, count) in reasons.iter().take(MAX_REASONS) {
        let _ = writeln!(text, "dead-lettered: {count} × {reason}");
    }
    let others: u64 = reasons.iter().skip(MAX_REASONS).map(|(_, count)| **count).sum();
    if others > 0 {
        let _ = writeln!(text, "dead-lettered: {others} for other reasons (--json has all)");
    }
    text
}

fn functions(functions: &[FunctionUse]) -> Table {
    let header =
        ["function", "invocations", "billed ms", "cold starts", "init ms (longest)", "max memory MB"];
    let rows = functions.iter().map(|one| {
        let init = one.init_ms.zip(one.max_init_ms);
        vec![
            one.function.clone(),
            one.invocations.to_string(),
            format!("{:.0}", one.billed_ms),
            one.cold_starts.to_string(),
            init.map_or_else(tables::none, |(mean, max)| format!("{} ({})", ms(mean), ms(max))),
            one.max_memory_mb.to_string(),
        ]
    });
    table(&header.map(ToOwned::to_owned), rows, &[0])
}

/// What a million messages cost.
fn price(costs: &[Cost]) -> String {
    if costs.iter().all(|cost| cost.usd.is_none()) {
        return "no price: nothing was stored, or the billed time is unknown\n".to_owned();
    }
    format!("\n{}", cost::render(costs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::pipeline::options::Spacing;
    use crate::scenario::pipeline::report::{aggregate, cost};
    use crate::scenario::pipeline::testing::{delivery, observation, observation_of_functions, run};

    #[test]
    fn a_run_shows_where_the_time_goes_and_what_became_of_each_message() {
        insta::assert_snapshot!(render(&delivery(), &cost::costs(&run(), &observation())));
    }

    #[test]
    fn errors_are_shown_where_they_belong() {
        let mut delivery = delivery();
        delivery.offered.ramp_seconds = 0.0;
        delivery.requests.unknown = BTreeMap::from([("timeout".to_owned(), 2)]);
        delivery.requests.unsent = 5;
        delivery.requests.cold_latency_ms = delivery.requests.latency_ms;
        delivery.messages.lost = 1;
        delivery.messages.stored -= 2;
        delivery.messages.dead_lettered_stored = 1;
        delivery.messages.unaccepted_stored = 1;
        delivery.messages.reasons = (1..=7).map(|count| (format!("reason {count}"), count)).collect();
        delivery.hops.remove(&Hop::Api);
        delivery.functions.clear();
        let mut observation = observation();
        // At 20.5 USD for a million of its messages.
        observation.acu_hours = Some(20.5 / 0.12 * 0.012_986);
        insta::assert_snapshot!(render(&delivery, &cost::costs(&run(), &observation)));
    }

    #[test]
    fn a_load_of_functions_shows_who_sent_it_what_is_unknown_and_what_that_cost_apart() {
        let (run, mut observation) = (run(), observation_of_functions());
        observation.options.arrivals = Spacing::Poisson;
        observation.schedule = observation.options.schedule();
        let delivery = aggregate::delivery(&run, &observation);
        insta::assert_snapshot!(render(&delivery, &cost::costs(&run, &observation)));
    }

    #[test]
    fn a_run_without_a_price_says_so() {
        assert!(render(&delivery(), &[]).contains("no price: "));
    }
}
