//! Where the time of a contender's mean run went.

use protocol::archive::function_name;
use protocol::stats::real;
use results::billing_log::Report;
use results::cpu::InvocationCpu;
use results::scenario::archive::{RunCpu, RunTime};

use crate::scenario::archive::execute::Observed;

/// The means of a contender's runs; none if one lacks its REPORT line. `invocations` are those that were measured.
pub fn run_time(observed: &Observed, invocations: &[InvocationCpu]) -> Option<RunTime> {
    let reports = observed.reports().filter(|reports| !reports.is_empty())?;
    let runs = real(reports.len() as u64);
    let mean = |times: &[f64]| times.iter().sum::<f64>() / runs;
    let billed_ms = mean(&reports.iter().map(|report| report.billed_ms).collect::<Vec<_>>());
    let handler_ms = mean(&reports.iter().map(self::handler_ms).collect::<Vec<_>>());
    let function = function_name(&observed.contender.arn);
    let measured = |report: &Report| {
        let is_its_own =
            |one: &&InvocationCpu| one.request_id == report.request_id && one.function == function;
        Some(within(invocations.iter().find(is_its_own)?, self::handler_ms(report)))
    };
    let measured: Option<Vec<RunCpu>> = reports.iter().map(measured).collect();
    let cpu = measured.map(|runs| {
        let of = |time: fn(&RunCpu) -> f64| mean(&runs.iter().map(time).collect::<Vec<_>>());
        RunCpu {
            computing_ms: of(|run| run.computing_ms),
            throttled_ms: of(|run| run.throttled_ms),
            waited_ms: of(|run| run.waited_ms),
        }
    });
    let known_ms = cpu.map_or(0.0, |cpu| cpu.computing_ms + cpu.throttled_ms + cpu.waited_ms);
    // Rounding must not make it less than nothing.
    Some(RunTime { init_ms: billed_ms - handler_ms, cpu, rest_ms: (handler_ms - known_ms).max(0.0) })
}

/// What is billed besides the initialization.
fn handler_ms(report: &Report) -> f64 {
    (report.billed_ms - report.init_ms.unwrap_or_default()).max(0.0)
}

/// An invocation's times, each at most what the ones before it leave of the handler's: threads that run at once use more CPU time
/// than time passes, and throttled time is that of all processors together.
fn within(one: &InvocationCpu, handler_ms: f64) -> RunCpu {
    let mut left_ms = handler_ms;
    let mut at_most = |ms: f64| {
        let cut_ms = ms.max(0.0).min(left_ms);
        left_ms -= cut_ms;
        cut_ms
    };
    RunCpu {
        computing_ms: at_most(one.cpu_ms),
        throttled_ms: at_most(one.throttled_ms),
        waited_ms: at_most(one.waited_ms),
    }
}

#[cfg(test)]
mod tests {
    use protocol::stats::whole;

    use super::*;
    use crate::scenario::archive::testing::{observed, report};

    /// What a run had, ms of CPU time, throttled and waited.
    fn measured(run: u64, [cpu_ms, throttled_ms, waited_ms]: [f64; 3]) -> InvocationCpu {
        InvocationCpu {
            function: "lambench-dev-rust-stream".to_owned(),
            request_id: report(run, 0.0, 0, None).request_id,
            share: 0.29,
            duration_ms: 1000.0,
            cpu_ms,
            throttled_ms,
            waited_ms,
        }
    }

    /// A cold run of 1,100 ms and a warm one of 900 ms.
    fn two() -> Observed {
        observed(&[1200.0, 1000.0], &[report(0, 1100.0, 90, Some(100.0)), report(1, 900.0, 90, None)])
    }

    #[test]
    fn the_parts_together_are_the_mean_billed_duration() {
        let cpu = [measured(1, [90.0, 0.0, 10.0]), measured(0, [110.0, 40.0, 30.0])];
        let time = run_time(&two(), &cpu).unwrap();
        let cpu = RunCpu { computing_ms: 100.0, throttled_ms: 20.0, waited_ms: 20.0 };
        assert_eq!(time, RunTime { init_ms: 50.0, cpu: Some(cpu), rest_ms: 810.0 });
    }

    #[test]
    fn no_run_computes_or_waits_for_longer_than_it_took() {
        let one = observed(&[1000.0], &[report(0, 1000.0, 90, None)]);
        let parts = |times| {
            let RunTime { cpu, rest_ms, .. } = run_time(&one, &[measured(0, times)]).unwrap();
            let RunCpu { computing_ms, throttled_ms, waited_ms } = cpu.unwrap();
            [computing_ms, throttled_ms, waited_ms, rest_ms].map(whole)
        };
        assert_eq!(parts([1700.0, 5.0, 5.0]), [1000, 0, 0, 0], "two threads at once");
        assert_eq!(parts([300.0, 900.0, 5.0]), [300, 700, 0, 0], "throttled on two processors");
        assert_eq!(parts([300.0, 600.0, 200.0]), [300, 600, 100, 0]);
    }

    #[test]
    fn where_a_run_was_not_measured_only_the_initialization_is_known() {
        let expected = Some(RunTime { init_ms: 50.0, cpu: None, rest_ms: 950.0 });
        assert_eq!(run_time(&two(), &[]), expected, "on AWS");
        assert_eq!(run_time(&two(), &[measured(0, [1.0; 3])]), expected, "a run is missing");
        let other = InvocationCpu { function: "lambench-dev-rust-copy".to_owned(), ..measured(1, [1.0; 3]) };
        assert_eq!(run_time(&two(), &[measured(0, [1.0; 3]), other]), expected);
    }

    #[test]
    fn without_a_report_line_nothing_is_known() {
        let one_missing = observed(&[1200.0, 1000.0], &[report(0, 1100.0, 90, None)]);
        assert_eq!(run_time(&one_missing, &[measured(0, [1.0; 3])]), None);
        assert_eq!(run_time(&observed(&[], &[]), &[]), None);
    }
}
