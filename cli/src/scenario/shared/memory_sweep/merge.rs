//! One measurement of several with different memory sizes.

use results::cost::Cost;
use results::cpu::CpuLimit;
use results::memory_sweep::{Compared, MemorySweep, Point};
use results::scenario::Detail;

use super::table::prefixed;
use crate::scenario::shared::run::{Measured, Measurement};
use crate::scenario::shared::series::Series;

/// What each size has brought, under its name; warnings that all sizes have stand once.
pub fn merged(compared: Compared, measured: Vec<(u64, Measured)>, limit: Option<&CpuLimit>) -> Measured {
    let sizes = measured.len();
    let (mut series, mut cost, mut failed_checks) = (Vec::new(), Vec::new(), Vec::new());
    let mut missing = Vec::new();
    let (mut points, mut warnings) = (Vec::new(), Vec::<(String, Vec<u64>)>::new());
    for (memory_mb, Measured { measurement, cpu }) in measured {
        let name = |name: &str| prefixed(memory_mb, name);
        series.extend(measurement.series.into_iter().map(|one| Series { name: name(&one.name), ..one }));
        cost.extend(measurement.cost.into_iter().map(|one| Cost { item: name(&one.item), ..one }));
        failed_checks.extend(measurement.failed_checks.iter().map(|check| name(check)));
        missing.extend(measurement.missing.iter().map(|what| name(what)));
        for warning in measurement.warnings {
            match warnings.iter_mut().find(|(said, _)| *said == warning) {
                Some((_, said_of)) => said_of.push(memory_mb),
                None => warnings.push((warning, vec![memory_mb])),
            }
        }
        points.push(Point {
            memory_mb,
            figures: measurement.figures,
            failed_checks: measurement.failed_checks,
            missing: measurement.missing,
            cpu,
            detail: measurement.detail,
        });
    }
    let largest = points.iter().map(|point| point.memory_mb).max().unwrap_or_default();
    let mut warnings: Vec<_> =
        warnings.into_iter().map(|(warning, said_of)| said(warning, &said_of, sizes)).collect();
    warnings.extend(limit.and_then(|limit| buys_no_more(limit, largest)));
    let detail = Detail::MemorySweep(MemorySweep::new(compared, points));
    let figures = Vec::new();
    let measurement = Measurement { series, cost, warnings, failed_checks, missing, figures, detail };
    Measured { measurement, cpu: None }
}

/// A warning with the sizes that it is of, if it is not of all.
fn said(warning: String, sizes: &[u64], all: usize) -> String {
    if sizes.len() == all {
        return warning;
    }
    let sizes: Vec<_> = sizes.iter().map(u64::to_string).collect();
    format!("{} MB: {warning}", sizes.join(", "))
}

/// What is wrong with large sizes on this machine.
fn buys_no_more(limit: &CpuLimit, largest: u64) -> Option<String> {
    if limit.mechanism == "off" {
        let advice = "to see what memory buys, start the environment with: lambench local start --cpu share";
        return Some(format!("local: every function has all processors, whatever its memory: {advice}"));
    }
    (largest > limit.max_memory_mb).then(|| {
        format!(
            "local: more than {} MB of memory brings no more CPU on this machine, which has {} processors; \
             on AWS it does",
            limit.max_memory_mb, limit.processors
        )
    })
}
