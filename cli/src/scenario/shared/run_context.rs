//! What it takes to ask a deployed stack.

use std::fmt::Display;

use aws_config::SdkConfig;
use protocol::deployment::Deployment;

use crate::output;
use crate::progress::{Mode, Spinner, note};
use crate::shutdown::Stop;

/// Where a scenario runs, by which credentials, and how its user wants to see progress.
#[derive(Clone, Copy)]
pub struct RunContext<'a> {
    /// The scenario's name.
    pub scenario: &'static str,
    /// The stack.
    pub deployment: &'a Deployment,
    /// Region, endpoint and credentials.
    pub config: &'a SdkConfig,
    /// How to show progress.
    pub progress: Mode,
    /// Whether the user has asked the run to stop.
    pub stop: &'a Stop,
}

impl RunContext<'_> {
    /// Tells the user what takes a while.
    pub fn notify(&self, what: &str) {
        if self.progress == Mode::None {
            note(what);
        } else {
            output::print_error(what);
        }
    }

    /// Shows the user what is going on, until that is dropped.
    pub fn waiting(&self, what: &str) -> Spinner {
        Spinner::new(self.progress, what)
    }

    /// The command that changes a setting of this scenario alone: its own value wins over the stack's.
    pub fn set_command(&self, setting: &str, value: impl Display) -> String {
        self.deployment.pulumi(&format!("config set --path {}.{setting} {value}", self.scenario))
    }
}
