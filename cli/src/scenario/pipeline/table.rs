//! A load test of the pipeline as people read it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use protocol::histogram::Latency;
use protocol::pipeline::Hop;
use results::billing_log::FunctionUse;
use results::scenario::pipeline::{Delivery, DeliveryPrice, Messages, Offered, Requests};

use crate::scenario::shared::tables::{self, LATENCIES, ms, per_second, table, usd};

/// Reasons for dead letters that people get to see.
const MAX_REASONS: usize = 5;

/// The figures, and what stands out in them.
pub fn render(delivery: &Delivery) -> String {
    let mut text = format!("\n{}\n{}\n", heading(&delivery.offered), way(delivery));
    text.push_str(&answers(&delivery.requests));
    text.push_str(&arrivals(delivery.requests.accepted, &delivery.messages));
    if !delivery.functions.is_empty() {
        let _ = writeln!(text, "\n{}", functions(&delivery.functions));
    }
    let _ = writeln!(text, "{}", price(&delivery.price));
    text
}

fn heading(offered: &Offered) -> String {
    let ramp = match offered.ramp_seconds {
        0.0 => String::new(),
        seconds => format!(" after a ramp of {seconds} s"),
    };
    format!(
        "open loop, {} requests/s for {} s{ramp}, {}, messages of {} bytes",
        offered.rate,
        offered.seconds,
        tables::count(offered.connections, "connection"),
        offered.message_bytes
    )
}

/// Where the time goes.
fn way(delivery: &Delivery) -> comfy_table::Table {
    let requests = &delivery.requests;
    let http = [("HTTP", "due → answered", requests.latency_ms.as_ref())];
    let cold =
        requests.cold_latency_ms.as_ref().map(|cold| ("HTTP, cold starts", "due → answered", Some(cold)));
    let hops = Hop::ALL.map(|hop| (name(hop), from_to(hop), delivery.hops.get(&hop)));
    let rows = http.into_iter().chain(cold).chain(hops);
    let row = |(name, from_to, latency): (&str, &str, Option<&Latency>)| {
        vec![name.to_owned(), from_to.to_owned(), tables::latency(latency)]
    };
    table(&["hop", "from → to", LATENCIES].map(ToOwned::to_owned), rows.map(row), &[0, 1])
}

fn name(hop: Hop) -> &'static str {
    match hop {
        Hop::Api => "api",
        Hop::Stream => "stream",
        Hop::Table => "table",
        Hop::Row => "row",
        Hop::EndToEnd => "end-to-end",
    }
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

/// What the API said.
fn answers(requests: &Requests) -> String {
    let [refused, unknown] = [&requests.refused, &requests.unknown].map(|kinds| kinds.values().sum::<u64>());
    let mut text = format!(
        "{} requests sent = {} accepted + {refused} refused{} + {unknown} without an answer{}\n",
        requests.sent,
        requests.accepted,
        kinds(&requests.refused),
        kinds(&requests.unknown),
    );
    if requests.unsent > 0 {
        let _ = writeln!(text, "{} more were never sent: no connection was free for them", requests.unsent);
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
            "not accepted, but arrived all the same: {} stored, {} dead-lettered",
            messages.unaccepted_stored, messages.unaccepted_dead_lettered
        );
    }
    if messages.dead_lettered_stored > 0 {
        let _ = writeln!(
            text,
            "{} of those with a row are in a dead-letter queue all the same: another attempt at them had worked",
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

fn functions(functions: &[FunctionUse]) -> comfy_table::Table {
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

fn price(price: &DeliveryPrice) -> String {
    let Some(without) = price.per_million_usd else {
        return "no price: nothing was stored, or the billed time is unknown".to_owned();
    };
    let lambda = price.compute_usd.zip(price.lambda_requests_usd).map(|(time, requests)| time + requests);
    let kinesis = price.stream_time_usd.zip(price.stream_data_usd).map(|(time, data)| time + data);
    let parts = [
        ("HTTP API", price.api_usd),
        ("Lambda", lambda),
        ("Kinesis", kinesis),
        ("DynamoDB", price.table_usd),
        ("Data API", price.data_api_usd),
        ("Aurora", price.aurora_usd),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter_map(|(name, part)| Some(format!("{name} {:.3}", part?))).collect();
    let total = match price.per_million_with_aurora_usd {
        Some(with) => format!("{} a million messages", usd(with)),
        None => {
            format!("{} a million messages, without Aurora's capacity, which wasn't measured", usd(without))
        }
    };
    format!("{total}: {}", parts.join(" + "))
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
