//! A deployed stack, and what it takes to ask it.

use aws_config::SdkConfig;

use crate::progress::Mode;
use crate::stack::Place;

/// Where a scenario runs, by which credentials, and how its user wants to be told.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The stack.
    pub place: &'a Place,
    /// Region, endpoint and credentials.
    pub config: &'a SdkConfig,
    /// How to show progress.
    pub progress: Mode,
}

impl Site<'_> {
    /// Tells the user what takes a while.
    pub fn say(&self, what: &str) {
        if self.progress != Mode::None {
            eprintln!("{what}");
        }
    }
}
