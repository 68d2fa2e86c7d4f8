//! Reading a bucket as people read it.

use std::cmp::Reverse;
use std::fmt::Write as _;

use protocol::stats::real;
use results::cost::Cost;
use results::scenario::s3_read::{Division, Objects, ReadRun, Reading, Request};

use super::cost::{GB, THOUSAND_OBJECTS, of_run};
use super::title;
use crate::layout::Table;
use crate::scenario::shared::cost;
use crate::scenario::shared::load_generator::sent_line;
use crate::scenario::shared::tables::{self, LATENCIES, per_second, table};

/// The figures, and what stands out in them.
pub fn render(Reading { request, runs }: &Reading, costs: &[Cost]) -> String {
    let mut text = format!("\n{}\n{}\n", heading(request), throughput(costs, runs));
    let _ = writeln!(text, "\n{}", latencies(runs));
    text.extend(runs.iter().map(accounting));
    let costs = cost::render(costs);
    if costs.is_empty() { text } else { format!("{text}\n{costs}") }
}

fn heading(request: &Request) -> String {
    let limit = match request.max_objects {
        0 => "all objects".to_owned(),
        most => format!("{} at most", tables::count(most, "object")),
    };
    let age = match request.modified_within_hours {
        0.0 => String::new(),
        hours => format!(", modified within {hours} hours"),
    };
    format!("s3://{}/{}, {limit}{age}, hashed with {}", request.bucket, request.prefix, request.hash)
}

/// What was read how fast, and what it cost.
pub fn throughput(costs: &[Cost], runs: &[ReadRun]) -> Table {
    let header = [
        "variant",
        "memory MB",
        "objects",
        "GB",
        "seconds",
        "MB/s",
        "functions",
        "MB/s per function",
        "USD/1,000 objects",
        "USD/GB",
    ];
    let rows = runs.iter().map(|run| {
        vec![
            run.variant.to_string(),
            run.memory_mb.to_string(),
            run.objects.read.to_string(),
            format!("{:.3}", real(run.bytes) / 1e9),
            or_none(run.seconds, |seconds| {
                // Two digits of a short run, too.
                if seconds < 1.0 { format!("{seconds:.2}") } else { format!("{seconds:.1}") }
            }),
            or_none(run.mb_per_second, per_second),
            run.functions.to_string(),
            or_none(run.mb_per_second_per_function, per_second),
            or_none(of_run(costs, run, THOUSAND_OBJECTS), |usd| format!("{usd:.6}")),
            or_none(of_run(costs, run, GB), |usd| format!("{usd:.6}")),
        ]
    });
    table(&header.map(ToOwned::to_owned), rows, &[0])
}

fn or_none(value: Option<f64>, show: impl Fn(f64) -> String) -> String {
    value.map_or_else(tables::none, show)
}

fn latencies(runs: &[ReadRun]) -> Table {
    let header = ["variant", "memory MB", "from requesting an object to its", LATENCIES];
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
fn accounting(run: &ReadRun) -> String {
    let Objects { read, dead_lettered, lost, interrupted, dead_lettered_read, first_try, failures } =
        &run.objects;
    let sent = run.listing.sent;
    let mut kinds: Vec<_> = failures.iter().collect();
    kinds.sort_by_key(|(_, count)| Reverse(**count));
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind}×{count}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let mut text = format!(
        "{}: {sent} sent {} {read} read + {dead_lettered} dead-lettered{kinds} + {lost} lost",
        title(run),
        if sent == read + dead_lettered + lost + interrupted { "=" } else { "≠" },
    );
    if *interrupted > 0 {
        let _ = write!(text, " + {interrupted} interrupted");
    }
    if first_try < read {
        let _ = write!(text, "; {} took more than one request", read - first_try);
    }
    if *dead_lettered_read > 0 {
        let _ = write!(text, "; {dead_lettered_read} of those read are also in the dead-letter queue");
    }
    text.push('\n');
    text.extend(run.listing.division.map(|division| divided(run, &division)));
    text
}

/// How functions sent the listing together.
fn divided(run: &ReadRun, Division { parts, seconds, senders }: &Division) -> String {
    format!(
        "{}: {}; listed before that in {seconds:.2} s, {} side by side\n",
        title(run),
        sent_line(senders, run.listing.sent, "object"),
        tables::count(*parts, "part")
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use protocol::s3_read::Variant;

    use super::*;
    use crate::result_file;
    use crate::scenario::s3_read::report::Aggregate;
    use crate::scenario::s3_read::report::cost::costs;
    use crate::scenario::s3_read::testing::{aggregate, observation_of_functions, request, run};

    #[test]
    fn both_variants_stand_side_by_side_with_what_became_of_their_objects() {
        let all = Variant::ALL.map(|variant| aggregate(variant, 512));
        let costs: Vec<_> = all.iter().flat_map(|one| costs(&run(), one)).collect();
        let runs = all.map(|one| one.run).into();
        insta::assert_snapshot!(render(&Reading { request: request(), runs }, &costs));
    }

    #[test]
    fn functions_that_sent_together_are_shown_with_what_they_cost_apart() {
        let one = Aggregate::of(observation_of_functions(Variant::Sdk));
        let (costs, runs) = (costs(&run(), &one), vec![one.run]);
        let request = Request { workers: Some(2), ..request() };
        insta::assert_snapshot!(render(&Reading { request, runs }, &costs));
    }

    #[test]
    fn a_result_of_schema_version_1_is_shown_with_all_its_figures() {
        let result = result_file::read(Path::new("tests/v1/s3-read.json")).unwrap();
        insta::assert_snapshot!(crate::show::render(&result));
    }

    #[test]
    fn failures_are_shown_where_they_belong() {
        let mut run = aggregate(Variant::Signed, 128).run;
        run.listing.sent = 9;
        run.objects.lost = 1;
        run.objects.dead_lettered = 4;
        run.objects.dead_lettered_read = 1;
        run.objects.failures = [("missing", 3), ("expired", 1)].map(|(kind, n)| (kind.to_owned(), n)).into();
        run.first_byte_ms = None;
        run.total_ms = None;
        let request = Request { max_objects: 0, modified_within_hours: 24.0, ..request() };
        insta::assert_snapshot!(render(&Reading { request, runs: vec![run] }, &[]));
    }
}
