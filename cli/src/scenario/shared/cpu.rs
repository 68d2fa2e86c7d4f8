//! What functions had of the processors, where the local environment counts it, and when a busy machine spoils a run.

use std::collections::HashMap;
use std::time::Duration;

use protocol::deployment::Deployment;
use results::cpu::{CpuLimit, CpuTimes, CpuUse, FunctionCpu, InvocationCpu};
use serde::Deserialize;

/// From this part of the duration on, waiting for a processor is worth a warning.
const WARNING: f64 = 0.05;
/// From this part on, the machine is what was measured.
const ERROR: f64 = 0.25;
/// Functions that ran shorter than this together, ms, are not judged: a few late wake-ups would decide.
const LEAST_MS: f64 = 1_000.0;

/// What the local environment tells of processors.
#[derive(Debug, Clone, Deserialize)]
pub struct Counts {
    /// How functions are limited.
    #[serde(flatten)]
    pub limit: CpuLimit,
    /// The invocations since it started, by function.
    functions: HashMap<String, Totals>,
    /// The last invocations, in the order in which they ended.
    #[serde(default)]
    invocations: Vec<Invocation>,
}

/// An invocation, and its number, from 1 since the environment started.
#[derive(Debug, Clone, Deserialize)]
struct Invocation {
    number: u64,
    #[serde(flatten)]
    cpu: InvocationCpu,
}

/// A function's invocations.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct Totals {
    #[serde(default)]
    share: f64,
    #[serde(flatten)]
    times: CpuTimes,
}

impl Counts {
    /// The last invocations, whatever functions they are of, in the order in which they ended.
    pub fn invocations(self) -> Vec<InvocationCpu> {
        self.invocations.into_iter().map(|one| one.cpu).collect()
    }
}

/// What it tells so far; none on AWS.
pub async fn counts(deployment: &Deployment) -> Option<Counts> {
    let endpoint = deployment.endpoint.clone()?;
    tokio::task::spawn_blocking(move || ask(&endpoint)).await.ok()?
}

/// What an environment at this address tells.
pub fn ask(endpoint: &str) -> Option<Counts> {
    let agent = crate::local::http::agent(Some(Duration::from_secs(5)));
    agent.get(format!("{endpoint}/_lambench/cpu")).call().ok()?.body_mut().read_json().ok()
}

/// The invocations of a stack's functions between two counts.
pub fn used(stack: &str, before: &Counts, after: &Counts) -> CpuUse {
    let marker = format!("-{stack}-");
    let mut functions: Vec<FunctionCpu> = after
        .functions
        .iter()
        .filter(|(name, _)| name.contains(&marker))
        .map(|(name, totals)| {
            let early = before.functions.get(name).copied().unwrap_or_default();
            let times = since(&early.times, &totals.times);
            FunctionCpu { function: name.clone(), share: totals.share, times }
        })
        .filter(|function| function.times.invocations + function.times.unmeasured > 0)
        .collect();
    functions.sort_by(|one, other| one.function.cmp(&other.function));
    let earlier = before.invocations.last().map_or(0, |invocation| invocation.number);
    let invocations = after
        .invocations
        .iter()
        .filter(|Invocation { number, cpu }| *number > earlier && cpu.function.contains(&marker))
        .map(|invocation| invocation.cpu.clone())
        .collect();
    CpuUse { total: sum(functions.iter().map(|function| &function.times)), functions, invocations }
}

fn since(early: &CpuTimes, late: &CpuTimes) -> CpuTimes {
    CpuTimes {
        invocations: late.invocations.saturating_sub(early.invocations),
        unmeasured: late.unmeasured.saturating_sub(early.unmeasured),
        duration_ms: late.duration_ms - early.duration_ms,
        cpu_ms: late.cpu_ms - early.cpu_ms,
        throttled_ms: late.throttled_ms - early.throttled_ms,
        waited_ms: late.waited_ms - early.waited_ms,
    }
}

fn sum<'a>(times: impl Iterator<Item = &'a CpuTimes>) -> CpuTimes {
    times.fold(CpuTimes::default(), |all, one| CpuTimes {
        invocations: all.invocations + one.invocations,
        unmeasured: all.unmeasured + one.unmeasured,
        duration_ms: all.duration_ms + one.duration_ms,
        cpu_ms: all.cpu_ms + one.cpu_ms,
        throttled_ms: all.throttled_ms + one.throttled_ms,
        waited_ms: all.waited_ms + one.waited_ms,
    })
}

/// What a busy machine did to a run: its functions that waited longest, relative to their duration.
pub fn warning(used: &CpuUse) -> Option<String> {
    let mut waiting: Vec<&FunctionCpu> = used
        .functions
        .iter()
        .filter(|function| function.times.duration_ms >= LEAST_MS && function.times.waited() > WARNING)
        .collect();
    waiting.sort_by(|one, other| other.times.waited().total_cmp(&one.times.waited()));
    let worst = waiting.first()?.times.waited();
    let percent = |part: f64| format!("{:.0} %", part * 100.0);
    let names: Vec<String> = waiting
        .iter()
        .take(3)
        .map(|function| format!("{} {}", function.function, percent(function.times.waited())))
        .collect();
    let more = waiting.len().saturating_sub(3);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let (kind, advice) = if worst > ERROR {
        (
            "ERROR: ",
            "these figures say more about this machine than about the design: close other programs, or run \
             fewer functions at once",
        )
    } else {
        ("", "they would be faster on a quiet machine or one with more processors")
    };
    Some(format!(
        "{kind}functions waited for a processor although their share allowed them to run; share of their \
         duration: {}{more} (all invocations: {}); {advice}",
        names.join(", "),
        percent(used.total.waited())
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counts(functions: &serde_json::Value) -> Counts {
        serde_json::from_value(json!({
            "mechanism": "cgroup v1", "refusals": [], "scale": 1.0, "processors": 2, "max_memory_mb": 3538,
            "functions": functions,
        }))
        .unwrap()
    }

    fn totals(invocations: u64, wall: f64, waited: f64) -> serde_json::Value {
        json!({"invocations": invocations, "unmeasured": 0, "share": 0.5, "duration_ms": wall,
               "cpu_ms": 10.0, "throttled_ms": 1.0, "waited_ms": waited})
    }

    #[test]
    fn only_this_run_and_this_stack_count() {
        let before = counts(&json!({"lambench-dev-a": totals(2, 100.0, 50.0)}));
        let after = counts(&json!({
            "lambench-dev-a": totals(5, 400.0, 60.0),
            "lambench-dev-idle": totals(0, 0.0, 0.0),
            "lambench-other-a": totals(9, 900.0, 900.0),
        }));
        let used = used("dev", &before, &after);
        assert_eq!(used.functions.len(), 1, "{used:?}");
        let times = used.functions[0].times;
        assert_eq!((times.invocations, times.duration_ms, times.waited_ms), (3, 300.0, 10.0));
        assert_eq!(used.total, times);
    }

    #[test]
    fn the_runs_invocations_stand_one_by_one() {
        let invocation = |number: u64, function: &str| {
            json!({"number": number, "function": function, "request_id": format!("r{number}"), "share": 0.5,
                   "duration_ms": 20.0, "cpu_ms": 10.0, "throttled_ms": 1.0, "waited_ms": 2.0})
        };
        let told = |invocations: Vec<serde_json::Value>| -> Counts {
            serde_json::from_value(json!({
                "mechanism": "cgroup v1", "refusals": [], "scale": 1.0, "processors": 2, "max_memory_mb": 3538,
                "functions": {}, "invocations": invocations,
            }))
            .unwrap()
        };
        let before = told(vec![invocation(7, "lambench-dev-a")]);
        let after = told(vec![
            invocation(7, "lambench-dev-a"),
            invocation(8, "lambench-dev-b"),
            invocation(9, "lambench-other-a"),
        ]);
        let used = used("dev", &before, &after).invocations;
        assert_eq!(used.len(), 1, "{used:?}");
        assert_eq!((used[0].request_id.as_str(), used[0].cpu_ms, used[0].throttled_ms), ("r8", 10.0, 1.0));
    }

    fn warned(waited: &[(f64, f64)]) -> Option<String> {
        let functions = waited.iter().enumerate().map(|(number, (duration_ms, waited_ms))| FunctionCpu {
            function: format!("f{number}"),
            share: 1.0,
            times: CpuTimes {
                invocations: 1,
                duration_ms: *duration_ms,
                waited_ms: *waited_ms,
                ..CpuTimes::default()
            },
        });
        let functions: Vec<FunctionCpu> = functions.collect();
        let total = sum(functions.iter().map(|function| &function.times));
        warning(&CpuUse { total, functions, invocations: Vec::new() })
    }

    #[test]
    fn a_quiet_machine_and_short_functions_are_not_warned_of() {
        assert_eq!(warned(&[(2_000.0, 100.0), (900.0, 900.0)]), None);
        assert_eq!(warned(&[]), None);
    }

    #[test]
    fn a_busy_machine_is_warned_of_with_the_function_that_waited_most() {
        let said = warned(&[(2_000.0, 20.0), (2_000.0, 400.0), (2_000.0, 120.0)]).unwrap();
        assert!(said.starts_with("functions waited"), "{said}");
        assert!(said.contains("f1 20 %, f2 6 % (all invocations: 9 %)"), "{said}");
    }

    #[test]
    fn a_machine_that_is_what_was_measured_is_an_error() {
        let said = warned(&[(2_000.0, 600.0)]).unwrap();
        assert!(said.starts_with("ERROR: functions waited") && said.contains("f0 30 %"), "{said}");
        assert!(said.contains("more about this machine"), "{said}");
    }
}
