//! What to know about the figures, each with advice.

use std::collections::BTreeMap;

use protocol::s3_read::{FailureKind, kind_name};
use protocol::stats::real;
use results::scenario::s3_read::{Division, ReadRun};

use super::{Aggregate, title};
use crate::scenario::s3_read::execute::Handled;
use crate::scenario::s3_read::{Run, functions};
use crate::scenario::shared::load_generator;
use crate::scenario::shared::tables::count;
use crate::scenario::shared::warnings;

/// Below this number of objects, p99.9 is just the slowest one.
const FEW: u64 = 1000;
/// A load that is over before the queue's pollers are at work says more of them than of S3, s.
const SHORT_SECONDS: f64 = 10.0;
/// Several requests for more objects than this share are worth a word.
const REPEATED: f64 = 0.01;

/// The warnings about runs.
pub fn warnings(run: &Run, all: &[Aggregate]) -> Vec<String> {
    let mut warnings: Vec<String> = all.iter().flat_map(|one| in_run(run, one)).collect();
    let runs = || all.iter().map(|one| &one.run);
    if runs().any(|read| read.objects.read < FEW) {
        warnings.push(warnings::few(FEW, "objects in a run", &run.context().set_command("objectCount", FEW)));
    }
    if runs().any(|read| read.seconds.is_some_and(|seconds| seconds < SHORT_SECONDS)) {
        warnings.push(format!(
            "a run shorter than {SHORT_SECONDS:.0} s: the MB/s of all functions together are those of the \
             queue's pollers, of which Lambda adds more each minute; compare the MB/s per function, or read \
             more objects"
        ));
    }
    let caveats = "the functions, S3 and the queue share this machine's processors";
    warnings.extend(warnings::local(run.deployment(), caveats, "the variants"));
    warnings
}

fn in_run(run: &Run, aggregate: &Aggregate) -> Vec<String> {
    let (read, title) = (&aggregate.run, title(&aggregate.run));
    let examples = examples(&aggregate.observation.handled);
    let example = |(object, reason): &(&String, &String)| {
        let kind = kind_name(reason);
        let count = read.objects.failures.get(kind).copied().unwrap_or_default();
        format!("{title}: {count} × {kind}, such as {object} ({reason}): {}", advice(run, kind))
    };
    let mut warnings: Vec<_> = examples.iter().map(example).collect();
    if !examples.is_empty()
        && let Ok(functions) = functions(run, read.variant)
    {
        let what = format!("{title}: {}", count(read.objects.dead_lettered, "message"));
        warnings.push(warnings::in_dead_letter_queue(
            run.deployment(),
            &what,
            &functions.queue.dead_letter_url,
        ));
    }
    if read.listing.unsendable > 0 {
        warnings.push(format!(
            "{title}: {} left out, as SQS takes no control characters: read them with the variant signed",
            count(read.listing.unsendable, "object")
        ));
    }
    warnings.extend(repeated(read));
    if let Some(Division { parts, senders, .. }) = read.listing.division {
        warnings.extend(load_generator::late(&senders).map(|late| format!("{title}: {late}")));
        if parts == 1 {
            warnings.push(format!(
                "{title}: all objects are in one folder, so they were listed one page after the other before functions could start to \
                 send them"
            ));
        }
    }
    warnings
}

/// An object that was given up for each kind of failure, with the reason.
fn examples(handled: &Handled) -> Vec<(&String, &String)> {
    let mut by_kind = BTreeMap::new();
    for (object, reason) in handled.failed() {
        by_kind.entry(kind_name(reason)).or_insert((object, reason));
    }
    by_kind.into_values().collect()
}

/// Objects that took several requests have the failed ones in their latencies.
fn repeated(run: &ReadRun) -> Option<String> {
    let repeated = run.objects.read - run.objects.first_try;
    (real(repeated) > REPEATED * real(run.objects.read)).then(|| {
        format!(
            "{}: {repeated} of {} objects took more than one request, and their latencies include all of \
             them: the reader's log says why (SlowDown: lower concurrency, or give S3 a few minutes to scale)",
            title(run),
            run.objects.read
        )
    })
}

/// What to do about a kind of failure.
fn advice(run: &Run, kind: &str) -> String {
    use FailureKind as Kind;
    let advice = match kind.parse() {
        Ok(Kind::Expired) => {
            "a URL expires with the credentials of the generator's role, after some hours: read the queued \
             objects sooner, with a higher concurrency"
        }
        Ok(Kind::Foreign | Kind::Unreadable) => "somebody else is sending messages to the queue",
        Ok(Kind::Missing) => "objects were removed during the run",
        Ok(Kind::Denied) => {
            "the bucket's own policy or key refuses the stack's role, or the object is archived"
        }
        Ok(Kind::Throttled) => "lower concurrency, or spread the keys over more prefixes",
        Ok(Kind::Timeout | Kind::Unanswered) => {
            return format!(
                "the reader has too little time: {}",
                run.context().set_command("timeoutSeconds", 300)
            );
        }
        Ok(Kind::Unstored) => {
            return format!(
                "the table throttled the reader or didn't answer in time: lower concurrency, or {}",
                see_logs(run)
            );
        }
        Ok(Kind::Unstorable) => return format!("the table refuses such items: {}", see_logs(run)),
        Ok(Kind::Truncated | Kind::Corrupt | Kind::Reset | Kind::Server) | Err(_) => return see_logs(run),
    };
    advice.to_owned()
}

fn see_logs(run: &Run) -> String {
    format!("see what the readers logged with: {}", run.logs_command("s3-read"))
}

#[cfg(test)]
mod tests {
    use protocol::s3_read::{Variant, reason};

    use super::*;
    use crate::scenario::s3_read::testing::{aggregate, dead_letters, observation_of_functions, run};

    fn said(change: impl FnOnce(&mut Aggregate)) -> String {
        let mut aggregate = aggregate(Variant::Signed, 512);
        change(&mut aggregate);
        warnings(&run(), &[aggregate]).join("\n")
    }

    #[test]
    fn a_failure_comes_with_an_example_and_what_to_do() {
        let said = said(|aggregate| {
            aggregate.run.objects.dead_lettered = 2;
            aggregate.run.objects.failures = [("expired".to_owned(), 2)].into();
            let expired = reason(FailureKind::Expired, "Request has expired");
            aggregate.observation.handled.dead_letters.add("files/a", Some(&expired));
        });
        assert!(
            said.contains("2 × expired, such as files/a (expired: Request has expired): a URL expires with"),
            "{said}"
        );
        assert!(said.contains("2 messages in the dead-letter queue: aws sqs receive-message"), "{said}");
    }

    #[test]
    fn each_kind_of_failure_has_one_example() {
        let handled = Handled { dead_letters: dead_letters(&["files/8", "files/9"]), ..Handled::default() };
        assert_eq!(examples(&handled).len(), 1, "both are missing");
    }

    #[test]
    fn few_objects_a_short_run_and_a_local_one_are_told() {
        let said = said(|_| {});
        for part in ["s3-read.objectCount 1000 --stack dev", "a run shorter than 10 s", "local: "] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn functions_that_waited_for_a_long_listing_or_came_late_are_told() {
        let mut aggregate = Aggregate::of(observation_of_functions(Variant::Sdk));
        let of = |aggregate| warnings(&run(), &[aggregate]).join("\n");
        let division = aggregate.run.listing.division.as_mut().unwrap();
        (division.parts, division.senders.late, division.senders.latest_ms) = (1, 1, 20.0);
        let said = of(aggregate);
        assert!(said.contains("sdk, 512 MB: all objects are in one folder"), "{said}");
        assert!(said.contains("sdk, 512 MB: 1 of 2 functions that send weren't ready"), "{said}");
        let said = of(Aggregate::of(observation_of_functions(Variant::Sdk)));
        assert!(!said.contains("folder") && !said.contains("ready"), "{said}");
    }

    #[test]
    fn objects_that_took_several_requests_are_told() {
        assert!(said(|_| {}).contains("1 of 4 objects took more than one request"));
        assert!(!said(|one| one.run.objects.first_try = 4).contains("more than one request"));
    }
}
