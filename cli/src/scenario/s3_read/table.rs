//! Reading a bucket as people read it.

use std::cmp::Reverse;
use std::fmt::Write as _;

use protocol::stats::real;
use results::scenario::s3_read::{Asked, Objects, ReadPrice, ReadRun, Reading};

use crate::scenario::shared::tables::{self, LATENCIES, per_second, table, usd};

/// The figures, and what stands out in them.
pub fn render(reading: &Reading) -> String {
    let mut text = format!("\n{}\n{}\n", heading(&reading.asked), throughput(&reading.runs));
    let _ = writeln!(text, "\n{}", latencies(&reading.runs));
    for run in &reading.runs {
        text.push_str(&fate(run));
    }
    for run in &reading.runs {
        let _ = writeln!(text, "{}: {}", name(run), price(&run.price));
    }
    text.push_str(&best(&reading.runs));
    text
}

fn heading(asked: &Asked) -> String {
    let limit = match asked.max_objects {
        0 => "all objects".to_owned(),
        most => format!("{} at most", tables::count(most, "object")),
    };
    let age = match asked.modified_within_hours {
        0.0 => String::new(),
        hours => format!(", modified within {hours} hours"),
    };
    format!("s3://{}/{}, {limit}{age}, hashed with {}", asked.bucket, asked.prefix, asked.hash)
}

fn name(run: &ReadRun) -> String {
    format!("{}, {} MB", run.variant, run.memory_mb)
}

fn throughput(runs: &[ReadRun]) -> comfy_table::Table {
    let header = [
        "variant",
        "memory MB",
        "objects",
        "GB",
        "seconds",
        "MB/s",
        "functions",
        "MB/s a function",
        "USD/1,000 objects",
        "USD/GB",
    ];
    let rows = runs.iter().map(|run| {
        vec![
            run.variant.to_string(),
            run.memory_mb.to_string(),
            run.objects.read.to_string(),
            format!("{:.3}", real(run.bytes) / 1e9),
            or_none(run.seconds, |seconds| format!("{seconds:.1}")),
            or_none(run.mb_per_second, per_second),
            run.functions.to_string(),
            or_none(run.mb_per_second_a_function, per_second),
            or_none(run.price.per_thousand_usd, |usd| format!("{usd:.6}")),
            or_none(run.price.per_gb_usd, |usd| format!("{usd:.6}")),
        ]
    });
    table(&header.map(ToOwned::to_owned), rows, &[0])
}

fn or_none(value: Option<f64>, show: impl Fn(f64) -> String) -> String {
    value.map_or_else(tables::none, show)
}

fn latencies(runs: &[ReadRun]) -> comfy_table::Table {
    let header = ["variant", "memory MB", "from asking for an object to its", LATENCIES];
    let rows = runs.iter().flat_map(|run| {
        let all = [
            ("first byte", &run.first_byte_ms),
            ("last byte", &run.total_ms),
            ("first byte, cold start", &run.cold_first_byte_ms),
            ("last byte, cold start", &run.cold_total_ms),
        ];
        let measured = all.into_iter().filter(|(_, latency)| latency.is_some());
        measured.map(|(what, latency)| {
            let latency = tables::latency(latency.as_ref());
            vec![run.variant.to_string(), run.memory_mb.to_string(), what.to_owned(), latency]
        })
    });
    table(&header.map(ToOwned::to_owned), rows, &[0, 2])
}

/// What became of the objects.
fn fate(run: &ReadRun) -> String {
    let Objects { read, dead_lettered, lost, dead_lettered_read, at_once, failures } = &run.objects;
    let sent = run.listing.sent;
    let mut kinds: Vec<_> = failures.iter().collect();
    kinds.sort_by_key(|(_, count)| Reverse(**count));
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind}×{count}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let mut text = format!(
        "{}: {sent} sent {} {read} read + {dead_lettered} dead-lettered{kinds} + {lost} lost",
        name(run),
        if sent == read + dead_lettered + lost { "=" } else { "≠" },
    );
    if at_once < read {
        let _ = write!(text, "; {} took more than one request", read - at_once);
    }
    if *dead_lettered_read > 0 {
        let _ =
            write!(text, "; {dead_lettered_read} of those read are in the dead-letter queue all the same");
    }
    text + "\n"
}

fn price(price: &ReadPrice) -> String {
    let Some(all) = price.per_thousand_usd else {
        return "no price: nothing was read, or the billed time is unknown".to_owned();
    };
    let lambda = price.compute_usd.zip(price.lambda_requests_usd).map(|(time, requests)| time + requests);
    let parts = [
        ("readers", lambda),
        ("listing", price.generator_usd),
        ("queue", price.queue_usd),
        ("GET", price.gets_usd),
        ("table", price.table_usd),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter_map(|(name, part)| Some(format!("{name} {:.6}", part?))).collect();
    format!("{all:.6} USD for 1,000 objects: {}", parts.join(" + "))
}

/// Which is fastest, and which cheapest, where there is a choice.
fn best(runs: &[ReadRun]) -> String {
    if runs.len() < 2 {
        return String::new();
    }
    let rated = runs.iter().filter_map(|run| Some((run, run.mb_per_second_a_function?)));
    let fastest = rated.max_by(|one, other| one.1.total_cmp(&other.1));
    let priced = runs.iter().filter_map(|run| Some((run, run.price.per_gb_usd?)));
    let cheapest = priced.min_by(|one, other| one.1.total_cmp(&other.1));
    let mut text = String::new();
    if let Some((run, rate)) = fastest {
        let _ = writeln!(text, "fastest function: {} ({} MB/s)", name(run), per_second(rate));
    }
    if let Some((run, price)) = cheapest {
        let _ = writeln!(text, "cheapest: {} ({} a TB)", name(run), usd(price * 1000.0));
    }
    text
}

#[cfg(test)]
mod tests {
    use results::scenario::s3_read::Variant;

    use super::*;
    use crate::scenario::s3_read::testing::{reading, test};

    #[test]
    fn both_variants_stand_side_by_side_with_what_became_of_their_objects() {
        let asked = test().asked();
        insta::assert_snapshot!(render(&reading(asked, &[(Variant::Signed, 512), (Variant::Sdk, 512)])));
    }

    #[test]
    fn trouble_is_shown_where_it_belongs() {
        let mut reading = reading(test().asked(), &[(Variant::Signed, 128)]);
        reading.asked.max_objects = 0;
        reading.asked.modified_within_hours = 24.0;
        let run = &mut reading.runs[0];
        run.listing.sent = 9;
        run.objects.lost = 1;
        run.objects.dead_lettered = 4;
        run.objects.dead_lettered_read = 1;
        run.objects.failures = [("missing", 3), ("expired", 1)].map(|(kind, n)| (kind.to_owned(), n)).into();
        run.first_byte_ms = None;
        run.total_ms = None;
        run.price = ReadPrice::default();
        insta::assert_snapshot!(render(&reading));
    }
}
