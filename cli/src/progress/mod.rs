//! Progress on standard error: a bar for people, lines for logs, nothing for programs.

mod course;
mod lines;

use std::fmt::{self, Write as _};
use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use protocol::stats::real;

use crate::output;
use crate::scenario::shared::tables::per_second;
use course::Recorded;
pub use course::{Course, Phase, record, recorded};
use lines::{SHORT, Steps, Waiting};

/// Between two looks whether a line is due.
const TICK: Duration = Duration::from_millis(500);
/// Between two frames of a spinner.
const FRAME: Duration = Duration::from_millis(120);

/// All bars: what else is written to standard error goes above them.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// How to show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// A bar on a terminal; elsewhere a line every 10 s.
    Auto,
    /// A bar.
    Bar,
    /// One line per change.
    Counter,
    /// Nothing.
    None,
}

/// What a mode means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Display {
    Bar,
    Lines { each: bool },
    Nothing,
}

impl Mode {
    fn display(self) -> Display {
        match self {
            Self::Auto if stderr().is_terminal() => Display::Bar,
            Self::Auto => Display::Lines { each: false },
            Self::Bar => Display::Bar,
            Self::Counter => Display::Lines { each: true },
            Self::None => Display::Nothing,
        }
    }
}

/// Writes to standard error, above what bars there are.
pub fn above_bars(write: impl FnOnce()) {
    BARS.suspend(write);
}

/// Keeps what a run has told its user, for those who watch it elsewhere.
pub fn note(text: &str) {
    recorded(|course, _| course.notes.push(text.to_owned()));
}

/// Steps done of a number of steps.
pub struct Progress {
    bar: Option<Bar>,
    lines: Option<Lines<Steps>>,
    recorded: Recorded,
}

impl Progress {
    /// Shows `total` steps in a mode; 0 if nobody knows how many there are.
    pub fn new(mode: Mode, total: u64) -> Self {
        let total = Some(total).filter(|total| *total > 0);
        let (bar, lines) = match mode.display() {
            Display::Bar => (Some(Bar::steps(total)), None),
            Display::Lines { each } => (None, Some(Lines::new(Steps::new(total, each), Steps::wait))),
            Display::Nothing => (None, None),
        };
        Self { bar, lines, recorded: Recorded::begin(total, "") }
    }

    /// Shows how many steps are done; the message says what they are, such as `items`, and behind a comma what else there is.
    pub fn set(&mut self, done: u64, message: &str) {
        self.recorded.set(done, message);
        if let Some(Bar(bar)) = &self.bar {
            bar.set_position(done);
            bar.set_message(message.to_owned());
        }
        if let Some(lines) = &self.lines {
            lines.write(|steps, elapsed| steps.set(elapsed, done, message));
        }
    }

    /// Removes the bar, or writes the last line.
    pub fn end(self) {
        if let Some(lines) = &self.lines {
            lines.write(Steps::end);
        }
    }
}

/// Something that takes a while; shown until this is dropped.
pub struct Spinner {
    _bar: Option<Bar>,
    _lines: Option<Lines<Waiting>>,
    _recorded: Recorded,
}

impl Spinner {
    /// Shows what is going on, such as `looking whether the stack is deployed`.
    pub fn new(mode: Mode, what: &str) -> Self {
        let (bar, lines) = match mode.display() {
            Display::Bar => (Some(Bar::spinner(what)), None),
            Display::Lines { .. } => (None, Some(Lines::new(Waiting::new(what), Waiting::wait))),
            Display::Nothing => (None, None),
        };
        Self { _bar: bar, _lines: lines, _recorded: Recorded::begin(None, what) }
    }
}

/// A bar of [`BARS`]: nothing of it stays in front of what is printed next, after an error neither.
struct Bar(ProgressBar);

impl Bar {
    fn steps(total: Option<u64>) -> Self {
        let template = match total {
            Some(_) => "{elapsed_precise} [{bar:40}] {pos}/{len} {msg}{rate}",
            None => "{elapsed_precise} {pos} {msg}{rate}",
        };
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let style =
            ProgressStyle::with_template(template).expect("the template is valid").progress_chars("=> ");
        let bar = BARS.add(bar.with_style(style.with_key("rate", write_rate)));
        // The time goes on while nothing is done.
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    fn spinner(what: &str) -> Self {
        let style = ProgressStyle::with_template("{elapsed_precise} {spinner} {msg} …")
            .expect("the template is valid");
        let bar = BARS.add(ProgressBar::new_spinner().with_style(style).with_message(what.to_owned()));
        bar.enable_steady_tick(FRAME);
        Self(bar)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
        BARS.remove(&self.0);
    }
}

fn write_rate(state: &ProgressState, text: &mut dyn fmt::Write) {
    if state.elapsed() > SHORT {
        let _ = text.write_str(&rate(state.per_sec(), state.pos(), state.len()));
    }
}

/// Such as `, 3.2 per second, 12s left`; nothing before the first step.
fn rate(rate: f64, done: u64, total: Option<u64>) -> String {
    if done == 0 || rate <= 0.0 {
        return String::new();
    }
    let mut text = format!(", {} per second", per_second(rate));
    if let Some(left) = total.and_then(|total| total.checked_sub(done)).filter(|left| *left > 0) {
        let left = Duration::try_from_secs_f64(real(left) / rate).unwrap_or(Duration::MAX);
        let _ = write!(text, ", {:#} left", HumanDuration(left));
    }
    text
}

/// Lines on standard error, also while nothing happens: then a thread writes them.
struct Lines<T> {
    state: Arc<Mutex<T>>,
    start: Instant,
    /// The thread ends with it.
    _end: mpsc::Sender<()>,
}

impl<T: Send + 'static> Lines<T> {
    fn new(state: T, wait: fn(&mut T, Duration) -> Option<String>) -> Self {
        let (state, start) = (Arc::new(Mutex::new(state)), Instant::now());
        let (end, ended) = mpsc::channel();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                write(&shared, start, wait);
            }
        });
        Self { state, start, _end: end }
    }

    fn write(&self, line: impl FnOnce(&mut T, Duration) -> Option<String>) {
        write(&self.state, self.start, line);
    }
}

fn write<T>(state: &Mutex<T>, start: Instant, line: impl FnOnce(&mut T, Duration) -> Option<String>) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    // Under the lock, so that no line overtakes another one.
    if let Some(line) = line(&mut state, start.elapsed()) {
        output::print_progress(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_kept_for_those_who_watch_elsewhere_whatever_the_terminal_gets() {
        record();
        let mut progress = Progress::new(Mode::None, 7);
        progress.set(4, "watched items");
        let spinner = Spinner::new(Mode::None, "waiting for watched items");
        let is_current = |line: &str| recorded(|course, _| course.is_current(line)).unwrap();
        assert!(is_current("4/7 watched items") && is_current("waiting for watched items …"));
        drop((progress, spinner));
        assert!(!is_current("4/7 watched items") && !is_current("waiting for watched items …"));
        output::print_error("warning: said while watched");
        output::print_progress("5/7 watched items");
        recorded(|course, _| {
            assert!(course.past().any(|phase| phase.line() == "4/7 watched items"));
            assert!(course.notes.iter().any(|note| note == "warning: said while watched"));
            assert!(!course.notes.iter().any(|note| note == "5/7 watched items"));
        });
    }
}
