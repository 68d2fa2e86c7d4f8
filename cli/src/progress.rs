//! Progress of a run on standard error: a bar for people, lines for logs, nothing for programs.

use std::io::{IsTerminal, stderr};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use crate::output;

/// How to show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// A bar on a terminal, lines elsewhere.
    Auto,
    /// A bar.
    Bar,
    /// One line per change.
    Counter,
    /// Nothing.
    None,
}

/// Steps done of a number of steps.
pub struct Progress {
    bar: ProgressBar,
    lines: bool,
    last: Option<u64>,
}

impl Progress {
    /// Shows `total` steps in a mode.
    pub fn new(mode: Mode, total: u64) -> Self {
        let (bar, lines) = match mode {
            Mode::Auto => (stderr().is_terminal(), !stderr().is_terminal()),
            Mode::Bar => (true, false),
            Mode::Counter => (false, true),
            Mode::None => (false, false),
        };
        let target = if bar { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{elapsed_precise} [{bar:40}] {pos}/{len} {msg}")
            .expect("the template is valid")
            .progress_chars("=> ");
        // After an error, too, nothing of it stays in front of what is printed next.
        let bar = ProgressBar::with_draw_target(Some(total), target)
            .with_style(style)
            .with_finish(ProgressFinish::AndClear);
        Self { bar, lines, last: None }
    }

    /// Shows how many steps are done.
    pub fn set(&mut self, done: u64, message: &str) {
        self.bar.set_position(done);
        self.bar.set_message(message.to_owned());
        if self.lines && self.last != Some(done) {
            output::print_error(format_args!("{done}/{} {message}", self.bar.length().unwrap_or_default()));
        }
        self.last = Some(done);
    }

    /// Removes the bar.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
