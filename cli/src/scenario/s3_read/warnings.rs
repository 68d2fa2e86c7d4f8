//! What to know about the figures, each with advice.

use protocol::stats::real;
use results::scenario::s3_read::ReadRun;

use super::Test;
use super::find::Found;
use crate::scenario::shared::tables::count;

/// Below this number of objects, p99.9 is just the slowest one.
const FEW: u64 = 1000;
/// A load that is over before the queue's pollers are at work says more of them than of S3, s.
const SHORT_SECONDS: f64 = 10.0;
/// Several tries at more objects than this share are worth a word.
const REPEATED: f64 = 0.01;

/// The warnings about runs.
pub fn of(test: &Test, found: &[Found]) -> Vec<String> {
    let mut warnings: Vec<String> = found.iter().flat_map(|one| in_run(test, one)).collect();
    let runs = || found.iter().map(|one| &one.run);
    if runs().any(|run| run.objects.read < FEW) {
        warnings.push(format!(
            "fewer than {FEW} objects in a run, so p99.9 is just the slowest one: pulumi config set objectCount {FEW} {}",
            test.s3_read.deployment.stack_option()
        ));
    }
    if runs().any(|run| run.seconds.is_some_and(|seconds| seconds < SHORT_SECONDS)) {
        warnings.push(format!(
            "a run shorter than {SHORT_SECONDS:.0} s: the MB/s of all functions together are those of the queue's pollers, \
             which become more by the minute; compare the MB/s a function, or read more objects"
        ));
    }
    if !test.s3_read.deployment.is_on_aws() {
        warnings.push(
            "local: the functions, S3 and the queue share this machine's processor, and a function's part of it doesn't depend \
             on its memory: compare the variants with each other"
                .to_owned(),
        );
    }
    warnings
}

fn in_run(test: &Test, found: &Found) -> Vec<String> {
    let run = &found.run;
    let name = format!("{}, {} MB", run.variant, run.memory_mb);
    let mut warnings: Vec<String> = found
        .examples
        .iter()
        .map(|(object, reason)| {
            let kind = super::dead::kind(reason);
            let count = run.objects.failures.get(kind).copied().unwrap_or_default();
            format!("{name}: {count} × {kind}, such as {object} ({reason}){}", advice(test, kind))
        })
        .collect();
    if !found.examples.is_empty()
        && let Ok(road) = test.road(run.variant)
    {
        warnings.push(format!(
            "{name}: {} in the dead-letter queue: aws sqs receive-message --message-attribute-names All --queue-url {}",
            count(run.objects.dead_lettered, "message"),
            road.queue.dead_letter_url
        ));
    }
    if run.listing.unsendable > 0 {
        warnings.push(format!(
            "{name}: {} left out, as SQS takes no control characters: read them by the variant signed",
            count(run.listing.unsendable, "object")
        ));
    }
    warnings.extend(repeated(run));
    warnings
}

/// Objects that took several requests have the failed ones in their latencies.
fn repeated(run: &ReadRun) -> Option<String> {
    let repeated = run.objects.read - run.objects.at_once;
    (real(repeated) > REPEATED * real(run.objects.read)).then(|| {
        format!(
            "{}, {} MB: {repeated} of {} objects took more than one request, and their latencies have all of them: the \
             reader's log says why (SlowDown: lower concurrency, or give S3 some minutes to scale)",
            run.variant, run.memory_mb, run.objects.read
        )
    })
}

/// What to do about a kind of failure.
fn advice(test: &Test, kind: &str) -> String {
    let flag = test.s3_read.deployment.stack_option();
    let what = match kind {
        "expired" => {
            "a URL ends with the credentials of the generator's role, after some hours: read what is queued sooner, with a \
             higher concurrency"
        }
        "foreign" | "unreadable" => "somebody else sends messages to the queue",
        "missing" => "objects were removed while the run was on",
        "denied" => "the bucket's own policy or key refuses the stack's role, or the object is archived",
        "throttled" => "lower concurrency, or spread the keys over more prefixes",
        "timeout" | "unanswered" => {
            return format!(": the reader has too little time: pulumi config set timeoutSeconds 300 {flag}");
        }
        "unstored" => "see the reader's log: the table refused its items",
        _ => "see the reader's log",
    };
    format!(": {what}")
}

#[cfg(test)]
mod tests {
    use results::scenario::s3_read::Variant;

    use super::*;
    use crate::scenario::s3_read::testing::{found, test};

    fn said(change: impl FnOnce(&mut Found)) -> String {
        let mut found = found(Variant::Signed, 512);
        change(&mut found);
        of(&test(), &[found]).join("\n")
    }

    #[test]
    fn a_failure_comes_with_an_example_and_what_to_do() {
        let said = said(|found| {
            found.run.objects.dead_lettered = 2;
            found.run.objects.failures = [("expired".to_owned(), 2)].into();
            found.examples = vec![("files/a".to_owned(), "expired: Request has expired".to_owned())];
        });
        assert!(
            said.contains("2 × expired, such as files/a (expired: Request has expired): a URL ends with"),
            "{said}"
        );
        assert!(said.contains("2 messages in the dead-letter queue: aws sqs receive-message"), "{said}");
    }

    #[test]
    fn few_objects_a_short_run_and_a_local_one_are_told() {
        let said = said(|_| {});
        for part in ["objectCount 1000 --stack dev", "a run shorter than 10 s", "local: "] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn objects_that_took_several_requests_are_told() {
        assert!(said(|_| {}).contains("1 of 4 objects took more than one request"));
        assert!(!said(|found| found.run.objects.at_once = 4).contains("more than one request"));
    }
}
