//! The course of a run, for those who watch it elsewhere than on the terminal: what it has done so far, and what it has said.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use protocol::stats::real;

use super::lines::SHORT;
use super::rate;

/// Between two counts that are kept, at first.
const INTERVAL: Duration = Duration::from_secs(1);
/// Counts that are kept of a phase; with more, every other one goes, and the interval is twice as long from then on.
const MOST_COUNTS: usize = 600;
/// A phase that does fewer steps per second has no course worth drawing: between most counts nothing happens.
const LEAST_PER_SECOND: f64 = 1.0;
/// Fewer make no line.
const LEAST_RATES: usize = 2;
/// From this time without a change on, it is worth a word.
const QUIET: Duration = Duration::from_secs(10);

/// That of this process's run; none unless somebody watches it.
static RECORDED: Mutex<Option<(Instant, Course)>> = Mutex::new(None);

/// Keeps from now on what is done and said.
pub fn record() {
    *lock() = Some((Instant::now(), Course::default()));
}

/// Looks at what is kept, with the time since that began; none if nothing is.
pub fn recorded<T>(look: impl FnOnce(&mut Course, Duration) -> T) -> Option<T> {
    let mut recorded = lock();
    recorded.as_mut().map(|(start, course)| look(course, start.elapsed()))
}

fn lock() -> std::sync::MutexGuard<'static, Option<(Instant, Course)>> {
    RECORDED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a run has done and said.
#[derive(Debug, Default)]
pub struct Course {
    phases: Vec<Phase>,
    /// What it has told its user, besides progress.
    pub notes: Vec<String>,
}

/// How many steps were done at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    at: Duration,
    done: u64,
}

/// A part of a run: steps, or one thing that takes a while.
#[derive(Debug)]
pub struct Phase {
    message: String,
    /// How many steps there are; none if nobody knows.
    pub total: Option<u64>,
    started: Duration,
    ended: Option<Duration>,
    /// At intervals, from the first one known on: steps may have been done before anybody counted.
    counts: Vec<Count>,
    interval: Duration,
    last: Option<Count>,
    changed: Duration,
}

impl Course {
    /// Begins a phase; returns its number.
    pub fn begin(&mut self, at: Duration, total: Option<u64>, message: &str) -> usize {
        self.phases.push(Phase {
            message: message.to_owned(),
            total,
            started: at,
            ended: None,
            counts: Vec::new(),
            interval: INTERVAL,
            last: None,
            changed: at,
        });
        self.phases.len() - 1
    }

    /// What a phase has done so far.
    pub fn set(&mut self, phase: usize, at: Duration, done: u64, message: &str) {
        if let Some(phase) = self.phases.get_mut(phase) {
            phase.set(Count { at, done }, message);
        }
    }

    /// A phase is over.
    pub fn end(&mut self, phase: usize, at: Duration) {
        if let Some(phase) = self.phases.get_mut(phase) {
            phase.ended.get_or_insert(at);
        }
    }

    /// What is going on; none between two phases.
    pub fn current(&self) -> Option<&Phase> {
        self.phases.iter().rfind(|phase| phase.ended.is_none())
    }

    /// Whether something is going on.
    #[cfg(test)]
    pub fn is_current(&self, line: &str) -> bool {
        self.phases.iter().any(|phase| phase.ended.is_none() && phase.line() == line)
    }

    /// What was done, phases without steps left out.
    pub fn past(&self) -> impl Iterator<Item = &Phase> {
        self.phases.iter().filter(|phase| phase.ended.is_some() && phase.last.is_some())
    }

    /// The latest phase whose course is worth drawing.
    pub fn drawn(&self) -> Option<&Phase> {
        self.phases.iter().rfind(|phase| {
            phase.rates().len() >= LEAST_RATES
                && phase.per_second().is_some_and(|rate| rate >= LEAST_PER_SECOND)
        })
    }
}

impl Phase {
    fn set(&mut self, count: Count, message: &str) {
        message.clone_into(&mut self.message);
        if self.last.is_none_or(|last| last.done != count.done) {
            self.changed = count.at;
        }
        self.last = Some(count);
        if self.counts.last().is_none_or(|kept| count.at.saturating_sub(kept.at) >= self.interval) {
            self.counts.push(count);
        }
        if self.counts.len() > MOST_COUNTS {
            let mut is_kept = false;
            self.counts.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.interval *= 2;
        }
    }

    /// What is going on, or what was done, as on a terminal.
    pub fn line(&self) -> String {
        match (self.last, self.total) {
            (Some(Count { done, .. }), Some(total)) => format!("{done}/{total} {}", self.message),
            (Some(Count { done, .. }), None) => format!("{done} {}", self.message),
            (None, _) if self.message.is_empty() => "…".to_owned(),
            (None, _) => format!("{} …", self.message),
        }
    }

    /// What its steps are, such as `requests sent`.
    pub fn unit(&self) -> &str {
        self.message.split([',', ';']).next().unwrap_or_default()
    }

    /// How many steps are done.
    pub fn done(&self) -> Option<u64> {
        self.last.map(|last| last.done)
    }

    /// How long it has taken until now, or until its end.
    pub fn elapsed(&self, now: Duration) -> Duration {
        self.ended.unwrap_or(now).saturating_sub(self.started)
    }

    /// For how long nothing has been done, if that is worth a word.
    pub fn quiet(&self, now: Duration) -> Option<Duration> {
        let quiet = now.saturating_sub(self.changed);
        (self.ended.is_none() && self.last.is_some() && quiet >= QUIET).then_some(quiet)
    }

    /// Steps per second from the first count to the last one; none so soon that it would be chance.
    pub fn per_second(&self) -> Option<f64> {
        let (first, last) = (self.counts.first()?, self.last?);
        (last.at.saturating_sub(first.at) >= SHORT).then(|| first.per_second(last))
    }

    /// Such as `3.2 per second, 12s left`.
    pub fn pace(&self) -> Option<String> {
        let pace = rate(self.per_second()?, self.done()?, self.total);
        Some(pace.strip_prefix(", ")?.to_owned())
    }

    /// The seconds since the beginning at which counts were kept, with the steps per second since the count before.
    pub fn rates(&self) -> Vec<(f64, f64)> {
        let pairs = self.counts.iter().zip(self.counts.iter().skip(1));
        let seconds = |count: &Count| count.at.saturating_sub(self.started).as_secs_f64();
        pairs.map(|(before, count)| (seconds(count), before.per_second(*count))).collect()
    }
}

impl Count {
    /// A count may be lower than the one before, where it is what a queue no longer has.
    fn per_second(self, later: Self) -> f64 {
        (real(later.done) - real(self.done)) / later.at.saturating_sub(self.at).as_secs_f64()
    }
}

/// A phase of the run that is kept, if one is; it is over when this is dropped.
pub struct Recorded(Option<usize>);

impl Recorded {
    /// Begins a phase of so many steps, or one without.
    pub fn begin(total: Option<u64>, message: &str) -> Self {
        Self(recorded(|course, at| course.begin(at, total, message)))
    }

    /// What it has done so far.
    pub fn set(&self, done: u64, message: &str) {
        if let Some(phase) = self.0 {
            recorded(|course, at| course.set(phase, at, done, message));
        }
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        if let Some(phase) = self.0 {
            recorded(|course, at| course.end(phase, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// A course with one phase of some steps, which are counted at some seconds.
    fn course(total: Option<u64>, counts: &[(f64, u64)]) -> Course {
        let mut course = Course::default();
        let phase = course.begin(s(1.0), total, "");
        for (at, done) in counts {
            course.set(phase, s(*at), *done, "items, 3 at once");
        }
        course
    }

    #[test]
    fn what_is_going_on_is_the_latest_phase_that_is_not_over() {
        let mut course = Course::default();
        assert!(course.current().is_none());
        let outer = course.begin(s(0.0), Some(9), "");
        assert_eq!(course.current().unwrap().line(), "…", "nothing is counted yet");
        course.set(outer, s(1.0), 4, "items, 3 at once");
        let inner = course.begin(s(2.0), None, "looking up prices");
        assert_eq!(course.current().unwrap().line(), "looking up prices …");
        course.end(inner, s(3.0));
        assert_eq!(course.current().unwrap().line(), "4/9 items, 3 at once");
        course.end(outer, s(5.0));
        assert!(course.current().is_none());
        let past: Vec<_> = course.past().collect();
        assert_eq!((past.len(), past[0].unit(), past[0].elapsed(s(9.0))), (1, "items", s(5.0)));
    }

    #[test]
    fn what_was_done_before_the_first_count_is_no_rate() {
        let course = course(Some(100), &[(1.2, 60), (2.2, 64), (4.2, 68)]);
        let phase = course.current().unwrap();
        assert_eq!(phase.rates().iter().map(|(_, rate)| rate.round()).collect::<Vec<_>>(), [4.0, 2.0]);
        assert_eq!(phase.pace().unwrap(), "2.7 per second, 12s left");
        assert!(course.drawn().is_some());
    }

    #[test]
    fn a_rate_is_over_the_time_between_its_two_counts_and_that_is_a_second_at_least() {
        let counts = [(1.0, 0), (1.5, 10), (2.0, 11), (2.4, 90), (3.5, 41)];
        let course = course(None, &counts);
        assert_eq!(course.current().unwrap().rates(), [(1.0, 11.0), (2.5, 20.0)]);
    }

    #[test]
    fn too_soon_or_without_a_step_there_is_no_pace() {
        assert_eq!(course(Some(9), &[(1.0, 0), (2.9, 5)]).current().unwrap().pace(), None);
        assert_eq!(course(Some(9), &[(1.0, 5), (4.0, 5)]).current().unwrap().pace(), None);
        let fewer = course(Some(9), &[(1.0, 5), (4.0, 3)]);
        assert_eq!(fewer.current().unwrap().pace(), None, "a queue's depth may grow");
    }

    #[test]
    fn a_course_without_a_step_most_seconds_is_not_drawn() {
        assert!(course(Some(9), &[(1.0, 0), (2.0, 0), (3.0, 1)]).drawn().is_none());
        assert!(course(Some(9), &[(1.0, 0), (3.1, 9)]).drawn().is_none(), "one rate is no line");
    }

    #[test]
    fn where_nothing_changes_it_is_said_since_when() {
        let mut course = course(Some(9), &[(1.0, 3), (4.0, 3)]);
        let quiet = |course: &Course, now| course.current().unwrap().quiet(s(now));
        assert_eq!([quiet(&course, 10.9), quiet(&course, 12.0)], [None, Some(s(11.0))]);
        course.set(0, s(12.0), 4, "items");
        assert_eq!(quiet(&course, 13.0), None);
    }

    #[test]
    fn a_long_course_has_fewer_counts_and_the_same_rate() {
        let mut course = Course::default();
        let phase = course.begin(s(0.0), None, "");
        for second in 0..4000_u32 {
            course.set(phase, s(second.into()), u64::from(second) * 5, "items");
        }
        let rates = course.current().unwrap().rates();
        assert!((300..=MOST_COUNTS).contains(&rates.len()), "{}", rates.len());
        assert!(rates.iter().all(|(_, rate)| (rate - 5.0).abs() < 1e-9));
        assert!(rates.last().unwrap().0 > 3990.0 && rates[0].0 < 10.0);
    }
}
