//! What a contest has measured that the user stops: it returns nothing itself.

use std::collections::HashSet;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use protocol::archive::{Contender, NO_ARCHIVE, Run as ContenderRun, Verdict, VerifyRequest, function_name};
use results::billing_log::Report;
use serde_json::json;

use super::Run;
use crate::progress::Progress;
use crate::scenario::archive::report::contender;
use crate::scenario::shared::billing_log::{Span, search};
use crate::scenario::shared::invoke::invoke;

/// Archives that are verified at once, as many as an account has room for that allows ten invocations.
const AT_ONCE: usize = 4;

/// What a contest has brought until it was stopped.
pub struct Stopped {
    /// Contenders with the runs that they had.
    pub contenders: Vec<Contender>,
    /// What they lack, in words.
    pub missing: Vec<String>,
}

/// A run that has ended: each logs one REPORT line, and the runs of a contender start in the order of their numbers.
struct EndedRun {
    contender: usize,
    run: u64,
    report: Report,
}

/// Verifies the archives of all runs of an execution that have ended; none may be under way.
pub async fn measure(run: &Run, asked_runs: u64, warmup_runs: u64) -> Result<Stopped> {
    let mut ended = Vec::new();
    for (contender, arn) in run.deployed.contenders.iter().enumerate() {
        if run.deployed.self_invoking.contains(arn) {
            // Nobody can tell the lines of its runs from those of the invocations that they cause.
            continue;
        }
        let reports = reports(run, arn).await?;
        // A contender that prints such lines itself can't be told from its runs.
        if reports.len() as u64 <= asked_runs + warmup_runs {
            // All warm-up runs have ended before the first run starts that counts.
            let counted = reports.into_iter().skip(usize::try_from(warmup_runs)?);
            ended.extend((0..).zip(counted).map(|(run, report)| EndedRun { contender, run, report }));
        }
    }
    let mut progress = Progress::new(run.progress, ended.len() as u64);
    let mut verified: Vec<Vec<ContenderRun>> = run.deployed.contenders.iter().map(|_| Vec::new()).collect();
    let mut verdicts = stream::iter(ended).map(|one| verify(run, one)).buffered(AT_ONCE);
    let mut count = 0;
    progress.set(count, "archives verified");
    let overlap = run.deployment().setting("runsAtOnce").is_some_and(|at_once| at_once > 1);
    while let Some((contender, one)) = verdicts.try_next().await? {
        // One that Lambda throttled starts after others that came later: which number a line is of is not known then, so an archive
        // that is not there says nothing about the contender.
        if !(overlap && has_no_archive(&one)) {
            verified[contender].push(one);
        }
        count += 1;
        progress.set(count, "archives verified");
    }
    progress.end();
    let span_ms = (run.started_at.as_millisecond(), Timestamp::now().as_millisecond());
    let runs = run.deployed.contenders.iter().cloned().zip(verified);
    Ok(stopped(&run.deployed.deployment.stack, runs, asked_runs, span_ms))
}

/// Whether there is no archive of a run.
fn has_no_archive(run: &ContenderRun) -> bool {
    matches!(&run.verdict, Some(Verdict::Invalid { reason, .. }) if reason.starts_with(NO_ARCHIVE))
}

/// The contenders with runs, and what all lack.
fn stopped(
    stack: &str,
    runs: impl Iterator<Item = (String, Vec<ContenderRun>)>,
    asked_runs: u64,
    (started_ms, ended_ms): (i64, i64),
) -> Stopped {
    let (mut contenders, mut missing) = (Vec::new(), Vec::new());
    for (arn, runs) in runs {
        missing.extend(lacks(stack, &arn, runs.len() as u64, asked_runs));
        if !runs.is_empty() {
            contenders.push(Contender { arn, is_warmup: false, started_ms, ended_ms, runs });
        }
    }
    Stopped { contenders, missing }
}

/// What a contender with so many runs lacks, in words.
pub fn lacks(stack: &str, arn: &str, runs: u64, asked_runs: u64) -> Option<String> {
    let lacks = asked_runs.saturating_sub(runs);
    (lacks > 0).then(|| format!("{}: {lacks} of {asked_runs} runs", contender(stack, arn)))
}

/// The REPORT lines of a contender's runs, one for each of its invocations.
async fn reports(run: &Run, arn: &str) -> Result<Vec<Report>> {
    let span = Span::since(function_name(arn), run.started_at);
    let mut seen = HashSet::new();
    let reports = search(run.context(), &span).await?.into_iter();
    Ok(reports.filter(|report| seen.insert(report.request_id.clone())).collect())
}

/// Has the archive of a run verified.
async fn verify(
    run: &Run,
    EndedRun { contender: index, run: number, report }: EndedRun,
) -> Result<(usize, ContenderRun)> {
    let archive = &run.deployed;
    let name = contender(&archive.deployment.stack, &archive.contenders[index]);
    // As the state machine names it.
    let archive_key = format!("{}{}/{name}-{number}.zip", archive.archive_prefix, run.name);
    let request = json!(VerifyRequest { archive_key });
    let verdict: Verdict =
        invoke(&run.config, &archive.deployment, &archive.functions.verify, &request).await?;
    let one = ContenderRun {
        run: number,
        request_id: Some(report.request_id),
        elapsed_ms: report.billed_ms,
        error: None,
        cause: None,
        verdict: Some(verdict),
    };
    Ok((index, one))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;
    use crate::scenario::archive::testing::{ARN, run, runs};

    /// A stack whose contender has these REPORT lines, and the archives that are verified: all are right.
    fn stack(request_ids: &[&str]) -> (Run, Arc<Mutex<Vec<Value>>>) {
        stack_with(request_ids, &json!({ "valid": true, "entries": 3, "archive_bytes": 99 }))
    }

    fn stack_with(request_ids: &[&str], verdict: &Value) -> (Run, Arc<Mutex<Vec<Value>>>) {
        let verdict = verdict.clone();
        let line = |id: &&str| {
            let report = format!(
                "REPORT RequestId: {id}\tDuration: 1 ms\tBilled Duration: 2000 ms\tMax Memory Used: 9 MB\t"
            );
            json!({ "message": report, "timestamp": 1000 })
        };
        let events: Vec<_> = request_ids.iter().map(line).collect();
        let verified = Arc::<Mutex<Vec<Value>>>::default();
        let log = Arc::clone(&verified);
        let (config, _) = test_kit::aws::config(move |operation, body| {
            if operation == "FilterLogEvents" {
                return (200, json!({ "events": events }));
            }
            assert_eq!(operation, "POST /2015-03-31/functions/v/invocations");
            log.lock().unwrap().push(body["archive_key"].clone());
            (200, verdict.clone())
        });
        (Run { config, ..run() }, verified)
    }

    #[tokio::test]
    async fn the_archive_of_each_run_that_has_ended_is_verified() {
        let (run, verified) = stack(&["one", "one"]);
        let Stopped { contenders, missing } = measure(&run, 2, 0).await.unwrap();
        let key = "archives/lambench-20261121T100000000Z/rust-stream-0.zip";
        assert_eq!(*verified.lock().unwrap(), [key]);
        assert_eq!(missing, ["rust-stream: 1 of 2 runs"]);
        let [Contender { arn, runs, .. }] = contenders.as_slice() else { panic!("one contender") };
        assert_eq!((arn.as_str(), runs[0].request_id.as_deref()), (ARN, Some("one")));
        assert!(matches!(runs[0].verdict, Some(Verdict::Valid { archive_bytes: 99, .. })));
    }

    #[tokio::test]
    async fn a_contender_with_more_lines_than_runs_is_not_measured() {
        let (run, verified) = stack(&["one", "two", "printed"]);
        let Stopped { contenders, missing } = measure(&run, 2, 0).await.unwrap();
        assert_eq!((contenders.len(), verified.lock().unwrap().len()), (0, 0));
        assert_eq!(missing, ["rust-stream: 2 of 2 runs"]);
    }

    #[tokio::test]
    async fn warm_up_runs_do_not_count_as_runs_that_have_ended() {
        let (run, verified) = stack(&["warm-up", "another", "one"]);
        let Stopped { contenders, missing } = measure(&run, 2, 2).await.unwrap();
        assert_eq!(missing, ["rust-stream: 1 of 2 runs"]);
        assert_eq!(contenders[0].runs[0].request_id.as_deref(), Some("one"));
        assert_eq!(*verified.lock().unwrap(), ["archives/lambench-20261121T100000000Z/rust-stream-0.zip"]);
        let (run, _) = stack(&["warm-up"]);
        assert!(measure(&run, 2, 2).await.unwrap().contenders.is_empty());
    }

    #[tokio::test]
    async fn a_contender_that_may_invoke_itself_is_not_measured() {
        let (mut run, _) = stack(&["one"]);
        run.deployed.self_invoking = vec![ARN.to_owned()];
        let Stopped { contenders, missing } = measure(&run, 2, 0).await.unwrap();
        assert_eq!((contenders.len(), missing), (0, vec!["rust-stream: 2 of 2 runs".to_owned()]));
    }

    #[tokio::test]
    async fn of_runs_that_overlap_nobody_knows_whose_archive_is_not_there() {
        let verdict = json!({ "valid": false, "reason": "invalid: no archive at 'archives/x.zip'" });
        let measured = async |at_once: u64| {
            let (mut run, _) = stack_with(&["one"], &verdict);
            run.deployed.deployment.settings.insert("runsAtOnce".to_owned(), at_once.into());
            let Stopped { contenders, missing } = measure(&run, 2, 0).await.unwrap();
            (contenders.len(), missing)
        };
        assert_eq!(measured(1).await, (1, vec!["rust-stream: 1 of 2 runs".to_owned()]), "it is out");
        assert_eq!(measured(2).await, (0, vec!["rust-stream: 2 of 2 runs".to_owned()]));
    }

    #[test]
    fn nothing_is_missing_of_a_contender_that_has_had_all_its_runs() {
        let all = std::iter::once((ARN.to_owned(), runs(&[1000.0, 2000.0]).runs));
        assert_eq!(stopped("dev", all, 2, (0, 1)).missing, [""; 0]);
    }
}
