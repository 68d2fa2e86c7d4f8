//! How output looks where a person reads it: no wider than the terminal, with colour. Elsewhere, such as in a pipe, it is as wide
//! as its content and plain.

mod called_as;
mod remark;
mod table;

use std::cell::Cell;
use std::io::IsTerminal;
use std::sync::OnceLock;

use anstream::{AutoStream, ColorChoice};

use called_as::as_called;
pub use table::Table;

/// Narrower than this, nothing can be laid out.
const MIN_WIDTH: usize = 40;

/// How wide tables may be.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Fit {
    /// Print tables as wide as their content; on a terminal they are folded to its width otherwise
    #[arg(long, global = true)]
    wide: bool,
}

static LAYOUT: OnceLock<Layout> = OnceLock::new();

thread_local! {
    /// Whether what this thread lays out is for something else than standard output.
    static IS_UNLIMITED: Cell<bool> = const { Cell::new(false) };
}

#[derive(Debug, Clone, Copy, Default)]
struct Layout {
    /// Columns; none: as wide as the content.
    width: Option<usize>,
    is_colored: bool,
}

impl Fit {
    /// Fits what is printed from now on to the terminal, if standard output is one.
    pub fn apply(self) {
        let is_colored = is_colored(&std::io::stdout());
        let layout = Layout { width: terminal_width().filter(|_| !self.wide), is_colored };
        // A command does it once, before it prints anything.
        let _ = LAYOUT.set(layout);
    }
}

/// Columns that standard output has; none: as many as the content needs.
pub fn width() -> Option<usize> {
    LAYOUT.get()?.width.filter(|_| !IS_UNLIMITED.get())
}

/// What a function makes of tables that are not for standard output: as wide as their content.
pub fn without_limit<T>(make: impl FnOnce() -> T) -> T {
    let before = IS_UNLIMITED.replace(true);
    let result = make();
    IS_UNLIMITED.set(before);
    result
}

/// A text as a person reads it: long lines wrapped, errors and warnings in colour. Tables are laid out already.
pub fn lay_out(text: &str) -> String {
    let Layout { width, is_colored } = LAYOUT.get().copied().unwrap_or_default();
    remark::lay_out(&as_called(text), width, is_colored)
}

/// A message on standard error: its label is coloured where a person reads it.
pub fn message(text: &str) -> String {
    remark::lay_out(&as_called(text), None, is_colored(&std::io::stderr()))
}

/// Whether a stream takes colour: a terminal that isn't dumb, as `NO_COLOR` and `CLICOLOR_FORCE` allow.
fn is_colored(stream: &impl anstream::stream::RawStream) -> bool {
    !matches!(AutoStream::choice(stream), ColorChoice::Never)
}

/// `COLUMNS`, as a person or a script sets it, before the terminal's own width.
fn terminal_width() -> Option<usize> {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal = || {
        let is_terminal = std::io::stdout().is_terminal();
        let size = is_terminal.then(|| terminal_size::terminal_size_of(std::io::stdout())).flatten();
        size.map(|(width, _)| usize::from(width.0))
    };
    set.or_else(of_terminal).map(|width| width.max(MIN_WIDTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_for_the_terminal_has_no_limit_and_the_terminal_keeps_its_own() {
        let within =
            without_limit(|| without_limit(|| IS_UNLIMITED.get()) && IS_UNLIMITED.get() && width().is_none());
        assert!(within && !IS_UNLIMITED.get());
    }
}
