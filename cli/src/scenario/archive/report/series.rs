//! What was measured of each contender.

use protocol::stats::real;
use results::prices::gigabytes;
use results::scenario::archive::{Class, Success};

use super::contender;
use crate::scenario::shared::series::{Series, Values};

/// What the billed durations of a contender's runs are called.
pub fn name(contender: &str) -> String {
    format!("{contender} billed duration")
}

/// What the billed times of all invocations of each run are called, of a contender that fans out.
pub fn name_of_all(contender: &str) -> String {
    format!("{contender} billed time of all invocations")
}

/// What was measured of a contender: the billed durations of its runs and, if it fans out, what all their invocations took.
pub fn of_contender(stack: &str, success: &Success) -> Vec<Series> {
    let mut all = vec![series(stack, success)];
    if success.class == Class::FanOut {
        let ms = success.billed_gb_seconds.iter().map(|used| used * 1000.0 / gigabytes(success.memory_mb));
        all.push(Series {
            name: name_of_all(contender(stack, &success.arn)),
            values: Values::Raw(ms.collect()),
            failures: 0,
            per_second: None,
        });
    }
    all
}

/// The billed durations of a contender's runs.
fn series(stack: &str, success: &Success) -> Series {
    Series {
        name: name(contender(stack, &success.arn)),
        values: Values::Raw(success.durations_ms.iter().copied().map(real).collect()),
        failures: 0,
        per_second: None,
    }
}
