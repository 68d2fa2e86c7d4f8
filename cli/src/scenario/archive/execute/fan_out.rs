//! Which invocations a run has caused: a contender may invoke its own function, and all of that is the run's.

use std::collections::{HashMap, HashSet};

use protocol::archive::Run as ContenderRun;

use crate::scenario::shared::invocation_log::{Invocation, OwnCount};
use crate::scenario::shared::tables::count;

/// What the runs of a contender used of its function.
#[derive(Debug, Clone, PartialEq)]
pub enum FanOut {
    /// Each run, in their order.
    Known(Vec<RunUse>),
    /// Nobody knows, since the log lacks lines of the runs themselves.
    Unknown,
    /// More than their own invocations, which cannot be shared out among the runs.
    Untold {
        /// Why, in words.
        reason: String,
        /// All invocations of all runs, as far as they are known.
        all: RunUse,
    },
}

/// Invocations of a function.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RunUse {
    /// How many.
    pub invocations: u64,
    /// Their billed durations together, ms.
    pub billed_ms: f64,
    /// Most memory that one of them used, MB.
    pub max_memory_mb: u64,
    /// Their requests to S3, if each of them has logged how many it sent.
    pub s3: Option<OwnCount>,
}

impl RunUse {
    /// Several together.
    pub fn sum<'a>(uses: impl IntoIterator<Item = &'a Self>) -> Self {
        let none = Self { s3: Some(OwnCount::default()), ..Self::default() };
        uses.into_iter().fold(none, |sum, one| Self {
            invocations: sum.invocations + one.invocations,
            billed_ms: sum.billed_ms + one.billed_ms,
            max_memory_mb: sum.max_memory_mb.max(one.max_memory_mb),
            s3: sum.s3.zip(one.s3).map(|(sum, own)| sum.plus(own)),
        })
    }

    fn of<'a>(invocations: impl Iterator<Item = &'a Invocation>) -> Self {
        let one = |one: &Invocation| Self {
            invocations: 1,
            billed_ms: one.report.as_ref().map_or(0.0, |report| report.billed_ms),
            max_memory_mb: one.report.as_ref().map_or(0, |report| report.max_memory_mb),
            s3: one.s3,
        };
        Self::sum(&invocations.map(one).collect::<Vec<_>>())
    }
}

/// A function's invocations, and which of them are the runs themselves.
pub struct Invocations<'a> {
    all: &'a [Invocation],
    /// The first invocation of each run, as far as it is in the log.
    firsts: Vec<Option<&'a Invocation>>,
    /// Those that runs have caused.
    caused: Vec<&'a Invocation>,
    /// How many others went on during the runs, and may have worked for them.
    others: usize,
}

/// An invocation's end may be logged a little after the next one's start.
const LATE_END_MS: i64 = 1_000;

impl<'a> Invocations<'a> {
    /// Of the invocations of a function, in the order of their starts, those that runs have caused. What started before the first of
    /// the runs is of somebody else, such as a warm-up run, and so is its repetition, which has the same request id.
    pub fn of(runs: &[ContenderRun], all: &'a [Invocation]) -> Self {
        let first =
            |run: &ContenderRun| all.iter().find(|one| run.request_id.as_ref() == Some(&one.request_id));
        let firsts: Vec<_> = runs.iter().map(first).collect();
        let from_ms = firsts.iter().flatten().map(|one| one.started_ms).min().unwrap_or(i64::MAX);
        let earlier = || all.iter().filter(|one| one.started_ms < from_ms);
        let earlier_ids: HashSet<&str> = earlier().map(|one| one.request_id.as_str()).collect();
        let is_first = |one: &Invocation| firsts.iter().flatten().any(|first| std::ptr::eq(*first, one));
        let besides = all.iter().filter(|one| one.started_ms >= from_ms && !is_first(one));
        let (repeated, caused): (Vec<_>, _) =
            besides.partition(|one| earlier_ids.contains(one.request_id.as_str()));
        let goes_on =
            |one: &&Invocation| one.ended_ms.is_none_or(|ended_ms| ended_ms > from_ms + LATE_END_MS);
        Self { others: repeated.len() + earlier().filter(goes_on).count(), caused, firsts, all }
    }

    /// Whether a run's REPORT line is missing.
    pub fn lacks_reports(&self) -> bool {
        self.firsts.iter().any(|first| first.is_none_or(|first| first.report.is_none()))
    }

    /// Those that runs have caused and that have not ended, as far as the log says.
    pub fn under_way(&self) -> usize {
        self.caused.iter().filter(|one| one.report.is_none()).count()
    }

    /// How many runs each invocation is of.
    pub fn fan_out(&self) -> FanOut {
        if self.all.is_empty() || (self.caused.is_empty() && self.lacks_reports()) {
            return FanOut::Unknown;
        }
        let all = RunUse::of(self.firsts.iter().flatten().copied().chain(self.caused.iter().copied()));
        let untold = |reason: String| FanOut::Untold { reason, all };
        let (under_way, caused) = (self.under_way(), self.caused.len());
        if self.lacks_reports() {
            let caused = count(caused as u64, "invocation");
            return untold(format!(
                "its runs caused {caused}, but not all of them have a REPORT line themselves"
            ));
        }
        if under_way > 0 {
            return untold(format!(
                "of {} that its runs caused, {under_way} had no REPORT line in time, so nobody knows what it cost",
                count(caused as u64, "invocation")
            ));
        }
        if self.others > 0 {
            return untold(format!(
                "{} started before its runs and went on during them, and may have worked for them: run the contest again",
                count(self.others as u64, "invocation")
            ));
        }
        match self.owners() {
            Some(owners) => FanOut::Known(self.shared_out(&owners)),
            None => untold(format!(
                "its runs overlapped and caused {}, and nobody can tell which run caused which: set runsAtOnce to 1",
                count(caused as u64, "invocation")
            )),
        }
    }

    /// The index of the run that has caused each invocation; none if that cannot be told.
    fn owners(&self) -> Option<Vec<usize>> {
        let mut of_request: HashMap<&str, usize> = HashMap::new();
        let mut of_trace: HashMap<&str, Option<usize>> = HashMap::new();
        for (run, first) in self.firsts.iter().enumerate() {
            let first = (*first)?;
            of_request.insert(&first.request_id, run);
            if let Some(trace) = first.trace.as_deref() {
                // A trace that several runs have in common tells nothing.
                of_trace.entry(trace).and_modify(|run| *run = None).or_insert(Some(run));
            }
        }
        let overlap = self.runs_overlap();
        let mut owners = Vec::new();
        for one in &self.caused {
            // A repetition is of the run that the first attempt was of, even if another one has started meanwhile.
            let by_trace = || one.trace.as_deref().and_then(|trace| *of_trace.get(trace)?);
            let owner = match of_request.get(one.request_id.as_str()).copied().or_else(by_trace) {
                Some(run) => run,
                None if overlap => return None,
                None => self.latest_run_before(one.started_ms)?,
            };
            of_request.insert(&one.request_id, owner);
            owners.push(owner);
        }
        Some(owners)
    }

    fn runs_overlap(&self) -> bool {
        let mut spans: Vec<_> =
            self.firsts.iter().flatten().map(|first| (first.started_ms, first.ended_ms)).collect();
        spans.sort_unstable();
        spans.windows(2).any(|pair| match pair {
            [(_, Some(ended_ms)), (next_ms, _)] => next_ms < ended_ms,
            _ => true,
        })
    }

    fn latest_run_before(&self, at_ms: i64) -> Option<usize> {
        let started =
            self.firsts.iter().enumerate().filter_map(|(run, first)| Some((run, (*first)?.started_ms)));
        started.filter(|(_, started_ms)| *started_ms <= at_ms).max_by_key(|(_, ms)| *ms).map(|(run, _)| run)
    }

    fn shared_out(&self, owners: &[usize]) -> Vec<RunUse> {
        let of_run = |(run, first): (usize, Option<&'a Invocation>)| {
            let caused = self.caused.iter().zip(owners).filter(move |(_, owner)| **owner == run);
            RunUse::of(first.into_iter().chain(caused.map(|(one, _)| *one)))
        };
        self.firsts.iter().copied().enumerate().map(of_run).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::log::Log;
    use crate::scenario::archive::testing::runs;
    use crate::scenario::shared::invocation_log::invocations;

    /// What runs used of a function with this log; their request ids are `request-0`, `request-1`, ….
    fn fan_out(count: usize, log: &Log) -> FanOut {
        Invocations::of(&runs(&vec![1000.0; count]).runs, &invocations(&log.lines())).fan_out()
    }

    /// Invocations and billed ms of each run.
    fn known(count: usize, log: &Log) -> Vec<(u64, f64)> {
        match fan_out(count, log) {
            FanOut::Known(runs) => runs.iter().map(|run| (run.invocations, run.billed_ms)).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn untold(count: usize, log: &Log) -> String {
        match fan_out(count, log) {
            FanOut::Untold { reason, .. } => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_run_that_invokes_nothing_is_one_invocation() {
        let log = Log::default().invocation("request-0", 1000, 500).invocation("request-1", 2000, 600);
        assert_eq!(known(2, &log), [(1, 500.0), (1, 600.0)]);
    }

    #[test]
    fn a_run_that_invokes_149_others_is_billed_for_150() {
        let mut log = Log::default().invocation("request-0", 1000, 4000);
        for worker in 0..149 {
            log = log.in_stream(&format!("worker {worker}")).invocation(&format!("w-{worker}"), 1100, 3000);
        }
        assert_eq!(known(1, &log), [(150, 4000.0 + 149.0 * 3000.0)]);
    }

    #[test]
    fn a_late_invocation_is_of_the_run_during_which_it_started() {
        let log = Log::default().invocation("request-0", 1000, 500).invocation("request-1", 2000, 600);
        let late = log.clone().in_stream("worker").invocation("w", 1400, 5000);
        assert_eq!(known(2, &late), [(2, 5500.0), (1, 600.0)]);
        // It was queued, and started when its run was over.
        let queued = log.in_stream("worker").invocation("w", 1700, 100);
        assert_eq!(known(2, &queued), [(2, 600.0), (1, 600.0)]);
    }

    #[test]
    fn an_invocation_that_never_reports_leaves_the_price_unknown() {
        let log = Log::default().invocation("request-0", 1000, 500).in_stream("worker").start("w", 1400);
        let said = untold(1, &log);
        assert!(
            said.starts_with("of 1 invocation that its runs caused, 1 had no REPORT line in time"),
            "{said}"
        );
    }

    #[test]
    fn invocations_of_runs_that_overlap_cannot_be_told_apart() {
        let log = Log::default().invocation("request-0", 1000, 500);
        let log = log.in_stream("second").invocation("request-1", 1200, 500);
        assert_eq!(known(2, &log), [(1, 500.0), (1, 500.0)], "there is nothing to tell apart");
        let said = untold(2, &log.in_stream("worker").invocation("w", 1300, 100));
        assert!(
            said.starts_with("its runs overlapped and caused 1 invocation, and nobody can tell "),
            "{said}"
        );
    }

    #[test]
    fn a_trace_tells_the_invocations_of_overlapping_runs_apart() {
        let log = Log::default().traced("request-0", 1000, 500, "1-a");
        let log = log.in_stream("second").traced("request-1", 1200, 500, "1-b");
        let log = log.in_stream("worker").traced("w", 1300, 100, "1-a").traced("x", 1400, 50, "1-b");
        assert_eq!(known(2, &log), [(2, 600.0), (2, 550.0)]);
        let common = Log::default().traced("request-0", 1000, 500, "1-a").in_stream("second");
        let common = common.traced("request-1", 1200, 500, "1-a").traced("w", 1800, 100, "1-a");
        assert!(untold(2, &common).starts_with("its runs overlapped"), "a trace of both tells nothing");
        let said = untold(2, &log.traced("y", 1500, 50, "1-c"));
        assert!(said.starts_with("its runs overlapped"), "{said}");
    }

    #[test]
    fn a_repetition_is_of_the_run_whose_invocation_failed() {
        let log = Log::default().invocation("request-0", 1000, 500).invocation("request-1", 62_000, 600);
        let log = log.in_stream("worker").invocation("w", 1400, 100).invocation("w", 62_100, 200);
        assert_eq!(known(2, &log), [(3, 800.0), (1, 600.0)]);
    }

    #[test]
    fn what_ended_before_the_runs_is_of_none() {
        let log = Log::default().invocation("warm-up", 100, 900).invocation("request-0", 1000, 500);
        let log = log.in_stream("worker").invocation("w", 150, 1500);
        assert_eq!(known(1, &log), [(1, 500.0)]);
    }

    #[test]
    fn what_warm_up_runs_started_may_not_work_for_the_runs() {
        let log = Log::default().invocation("warm-up", 100, 100).invocation("request-0", 5000, 500);
        let log = log.in_stream("worker");
        for log in [
            log.clone().invocation("w", 150, 60_000),
            log.clone().start("w", 150),
            log.invocation("w", 150, 10).invocation("w", 61_000, 10),
        ] {
            let said = untold(1, &log);
            assert!(
                said.starts_with("1 invocation started before its runs and went on during them"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_report_that_a_contender_prints_is_no_invocation() {
        let log = Log::default().start("request-0", 1000).report("made-up", 1100, 1.0);
        let log = log.report("request-0", 1100, 1.0).report("request-0", 1500, 500.0);
        assert_eq!(known(1, &log), [(1, 500.0)]);
    }

    #[test]
    fn without_the_lines_of_the_runs_nothing_is_known() {
        assert_eq!(fan_out(1, &Log::default()), FanOut::Unknown);
        assert_eq!(fan_out(1, &Log::default().start("request-0", 1000)), FanOut::Unknown);
        let log = Log::default().start("request-0", 1000).in_stream("worker").invocation("w", 1100, 100);
        let said = untold(1, &log);
        assert_eq!(said, "its runs caused 1 invocation, but not all of them have a REPORT line themselves");
    }

    #[test]
    fn a_runs_own_count_is_complete_or_none() {
        let told = "{\"lambench\":{\"s3Requests\":{\"GET\":20,\"PUT\":4}}}";
        let log = Log::default().start("request-0", 1000).line(1400, told).report("request-0", 1500, 500.0);
        let s3 = |log: &Log| match fan_out(1, log) {
            FanOut::Known(runs) => runs[0].s3,
            other => panic!("{other:?}"),
        };
        let log = log.in_stream("worker").start("w", 1100).report("w", 1300, 200.0);
        assert_eq!(s3(&log), None, "the worker has not told its own");
        assert_eq!(s3(&log.line(1200, told)), Some(OwnCount { writes: 8, reads: 40 }));
    }
}
