//! Progress as lines, for logs: which line to write at which time.

use std::time::Duration;

use indicatif::HumanDuration;
use protocol::stats::real;

use super::rate;

/// Between two lines, at least while something changes, and at most while nothing does.
const INTERVAL: Duration = Duration::from_secs(10);
/// What takes no longer needs no word about its rate, and a wait none at all.
pub const SHORT: Duration = Duration::from_secs(2);

/// Steps done of a number of steps.
pub struct Steps {
    /// How many there are; none if nobody knows.
    total: Option<u64>,
    /// Whether each change is worth a line.
    each: bool,
    done: u64,
    message: String,
    /// When the last line was written, and how many steps it said.
    written: Option<(Duration, u64)>,
}

impl Steps {
    /// Of so many steps, none of them done; with a line for each change, or one every 10 s.
    pub fn new(total: Option<u64>, each: bool) -> Self {
        Self { total, each, done: 0, message: String::new(), written: None }
    }

    /// The line for so many steps done, so long after the start; none if it is too early for one.
    pub fn set(&mut self, elapsed: Duration, done: u64, message: &str) -> Option<String> {
        self.done = done;
        message.clone_into(&mut self.message);
        let is_due = match self.written {
            None => true,
            Some((_, said)) if self.each => said != done,
            Some((at, _)) => elapsed.saturating_sub(at) >= INTERVAL,
        };
        is_due.then(|| self.line(elapsed))
    }

    /// The line for a time in which nothing was set; none if it is too early for one.
    pub fn wait(&mut self, elapsed: Duration) -> Option<String> {
        let (at, _) = self.written?;
        (elapsed.saturating_sub(at) >= INTERVAL).then(|| self.line(elapsed))
    }

    /// The last line; none if it was written already.
    pub fn end(&mut self, elapsed: Duration) -> Option<String> {
        let (_, said) = self.written?;
        (said != self.done).then(|| self.line(elapsed))
    }

    fn line(&mut self, elapsed: Duration) -> String {
        let is_waiting = self.written.is_some_and(|(_, said)| said == self.done);
        self.written = Some((elapsed, self.done));
        let done = self.total.map_or_else(|| self.done.to_string(), |total| format!("{}/{total}", self.done));
        let line = format!("{done} {}", self.message);
        if elapsed <= SHORT || (self.each && !is_waiting) {
            return line;
        }
        let per_second = real(self.done) / elapsed.as_secs_f64();
        format!("{line} ({:#} so far{})", HumanDuration(elapsed), rate(per_second, self.done, self.total))
    }
}

/// Something that takes a while, without steps.
pub struct Waiting {
    what: String,
    written: Option<Duration>,
}

impl Waiting {
    /// For something, such as `looking whether the stack is deployed`.
    pub fn new(what: &str) -> Self {
        Self { what: what.to_owned(), written: None }
    }

    /// The line so long after the start; none if it is too early for one.
    pub fn wait(&mut self, elapsed: Duration) -> Option<String> {
        let line = match self.written {
            None if elapsed >= SHORT => format!("{} …", self.what),
            Some(at) if elapsed.saturating_sub(at) >= INTERVAL => {
                format!("{} … ({:#} so far)", self.what, HumanDuration(elapsed))
            }
            _ => return None,
        };
        self.written = Some(elapsed);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written of steps that are set at some seconds, and of their end.
    fn written(mut steps: Steps, set: &[(u64, u64)]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut last = Duration::ZERO;
        for (at, done) in set {
            last = Duration::from_secs(*at);
            lines.extend(steps.set(last, *done, "items"));
        }
        lines.extend(steps.end(last));
        lines
    }

    #[test]
    fn there_is_a_line_at_the_start_one_every_ten_seconds_and_the_last_one_is_the_end() {
        let lines =
            written(Steps::new(Some(60), false), &[(0, 0), (1, 4), (9, 27), (10, 30), (19, 57), (20, 60)]);
        assert_eq!(
            lines,
            [
                "0/60 items",
                "30/60 items (10s so far, 3.0 per second, 10s left)",
                "60/60 items (20s so far, 3.0 per second)",
            ]
        );
        assert_eq!(written(Steps::new(Some(2), false), &[(0, 0), (1, 2)]), ["0/2 items", "2/2 items"]);
    }

    #[test]
    fn the_end_is_said_once() {
        assert_eq!(written(Steps::new(Some(2), false), &[(0, 2)]), ["2/2 items"]);
    }

    #[test]
    fn a_counter_says_each_change_and_the_end_too() {
        let lines = written(Steps::new(Some(3), true), &[(0, 0), (4, 1), (4, 1), (5, 2), (5, 3)]);
        assert_eq!(lines, ["0/3 items", "1/3 items", "2/3 items", "3/3 items"]);
    }

    #[test]
    fn without_any_change_there_is_a_line_every_ten_seconds_with_the_time() {
        for each in [false, true] {
            let mut steps = Steps::new(Some(5), each);
            assert_eq!(steps.wait(Duration::from_secs(12)), None, "nothing is known yet");
            assert!(steps.set(Duration::ZERO, 0, "stages").is_some());
            assert_eq!(steps.wait(Duration::from_secs(9)), None);
            let line = steps.wait(Duration::from_secs(10)).unwrap();
            assert_eq!(line, "0/5 stages (10s so far)");
            assert_eq!(steps.wait(Duration::from_secs(19)), None);
        }
    }

    #[test]
    fn without_a_total_there_is_no_time_left() {
        let lines = written(Steps::new(None, false), &[(0, 10), (10, 40)]);
        assert_eq!(lines, ["10 items", "40 items (10s so far, 4.0 per second)"]);
    }

    #[test]
    fn a_wait_is_worth_a_line_after_two_seconds_and_then_every_ten() {
        let mut waiting = Waiting::new("reading AWS's price list");
        let mut at = |seconds| waiting.wait(Duration::from_secs(seconds));
        assert_eq!([at(0), at(1)], [None, None]);
        assert_eq!(at(2).unwrap(), "reading AWS's price list …");
        assert_eq!(at(11), None);
        assert_eq!(at(12).unwrap(), "reading AWS's price list … (12s so far)");
    }
}
