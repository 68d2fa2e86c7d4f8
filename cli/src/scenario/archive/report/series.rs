//! What was measured of each contender.

use protocol::stats::real;
use results::scenario::archive::Success;

use super::contender;
use crate::scenario::shared::series::{Series, Values};

/// What the billed durations of a contender's runs are called.
pub fn name(contender: &str) -> String {
    format!("{contender} billed duration")
}

/// The billed durations of a contender's runs.
pub fn series(stack: &str, success: &Success) -> Series {
    Series {
        name: name(contender(stack, &success.arn)),
        values: Values::Raw(success.durations_ms.iter().copied().map(real).collect()),
        failures: 0,
        per_second: None,
    }
}
