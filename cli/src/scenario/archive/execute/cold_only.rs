//! A contest of cold starts: an execution for each run, before which all contenders get new environments.

use anyhow::Result;
use protocol::archive::{Execution, function_name};

use super::shutdown::shut_down;
use super::stopped::lacks;
use super::{Contest, Run, execution, input};
use crate::output;
use crate::scenario::shared::cold_starts::ColdStarts;

/// So many runs of each contender, each in a new environment, as if they were one execution's.
pub async fn contest(run: &Run, runs: u64) -> Result<Contest> {
    let functions = run.deployed.contenders.iter().map(|arn| function_name(arn).to_owned()).collect();
    let cold_starts = ColdStarts::of(run, functions)?;
    let executions = each(run, &cold_starts, runs).await;
    let spinner = run.context().waiting("restoring the functions' environment variables");
    let restored = cold_starts.restore().await;
    drop(spinner);
    match executions {
        Ok(executions) => {
            let missing = missing(run, executions.len() as u64, runs);
            let Execution { contenders, mut warnings } = merged(executions);
            warnings.extend(restored.err().map(|error| format!("{error:#}")));
            Ok(Contest { contenders, warnings, missing })
        }
        Err(error) => {
            if let Err(restored) = restored {
                output::print_error(format_args!("warning: {restored:#}"));
            }
            Err(error)
        }
    }
}

/// The executions up to the one that the user stops, whose runs do not count.
async fn each(run: &Run, cold_starts: &ColdStarts<'_>, runs: u64) -> Result<Vec<Execution>> {
    let input = input(run, 1, 0);
    let (mut executions, mut started) = (Vec::new(), Vec::new());
    for number in 1..=runs {
        // Ctrl-C ends an execution, but no change of a function.
        let what = format!("run {number} of {runs}: giving the contenders new environments");
        let spinner = run.context().waiting(&what);
        let name = format!("{}-{number}", run.name);
        cold_starts.force(&name).await?;
        drop(spinner);
        if run.stop.is_requested() {
            break;
        }
        let Some(ended) = execution(run, &name, &input, &mut started).await? else {
            shut_down(run, &started, async { Ok(()) }).await?;
            break;
        };
        executions.push(ended);
    }
    Ok(executions)
}

/// What each contender lacks if the user has stopped the contest after some runs.
fn missing(run: &Run, ended: u64, runs: u64) -> Vec<String> {
    let stack = &run.deployed.deployment.stack;
    run.deployed.contenders.iter().filter_map(|arn| lacks(stack, arn, ended, runs)).collect()
}

/// The executions of a run each as one execution of all the runs; all have the same contenders.
fn merged(executions: Vec<Execution>) -> Execution {
    let mut all = Execution { contenders: Vec::new(), warnings: Vec::new() };
    for (number, execution) in (0..).zip(executions) {
        all.warnings.extend(execution.warnings);
        for (index, mut contender) in execution.contenders.into_iter().enumerate() {
            for run in &mut contender.runs {
                run.run = number;
            }
            match all.contenders.get_mut(index) {
                None => all.contenders.push(contender),
                Some(earlier) => {
                    earlier.ended_ms = contender.ended_ms;
                    earlier.runs.extend(contender.runs);
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use aws_config::SdkConfig;
    use serde_json::{Value, json};
    use tempfile::TempDir;
    use test_kit::aws::{Answer, stateful};

    use super::*;
    use crate::project::Project;
    use crate::scenario::archive::testing;

    /// A function's environment variables, and what happened, in its order.
    #[derive(Default)]
    struct Aws {
        variables: Value,
        log: Vec<String>,
        /// The execution that fails, if one does.
        fails: Option<&'static str>,
    }

    /// Answers as Lambda, and as Step Functions, whose executions all end at once.
    fn answer(aws: &mut Aws, operation: &str, request: &Value) -> Answer {
        match operation {
            "StartExecution" => {
                let name = request["name"].as_str().unwrap();
                aws.log.push(format!("{name} with {}", request["input"].as_str().unwrap()));
                (200, json!({ "executionArn": name, "startDate": 0 }))
            }
            "DescribeExecution" => {
                let name = &request["executionArn"];
                let status =
                    if aws.fails.is_some_and(|fails| name == fails) { "FAILED" } else { "SUCCEEDED" };
                let run = json!({ "run": 0, "elapsed_ms": 1.0 });
                let contender = json!({ "arn": testing::ARN, "started_ms": 1, "ended_ms": 2, "runs": [run] });
                let output = json!({ "contenders": [contender], "warnings": [] }).to_string();
                let arns = json!({ "executionArn": name, "stateMachineArn": "m" });
                let mut ended = json!({ "startDate": 0, "status": status, "output": output });
                ended.as_object_mut().unwrap().extend(arns.as_object().unwrap().clone());
                (200, ended)
            }
            update if update.starts_with("PUT ") => {
                aws.variables = request["Environment"]["Variables"].clone();
                aws.log.push(aws.variables.to_string());
                (200, json!({}))
            }
            _ => {
                let environment = json!({ "Variables": aws.variables });
                (200, json!({ "Environment": environment, "LastUpdateStatus": "Successful" }))
            }
        }
    }

    /// A contest's run in a checkout of its own.
    fn run(config: SdkConfig, folder: &TempDir) -> Run {
        let project = Project { root: folder.path().to_owned(), state: folder.path().join(".lambench") };
        Run { project, config, name: "x".to_owned(), ..testing::run() }
    }

    /// A contest of two runs: what came out, and what happened.
    async fn contest_of_two(fails: Option<&'static str>) -> (Result<Contest>, Vec<String>) {
        let ((config, aws), folder) = (stateful(answer), TempDir::new().unwrap());
        aws.lock().unwrap().fails = fails;
        let execution = contest(&run(config, &folder), 2).await;
        let log = aws.lock().unwrap().log.clone();
        (execution, log)
    }

    fn start(name: &str) -> String {
        let input = json!({ "contenders": [testing::ARN], "runs_per_contender": 1, "warmup_runs": 0 });
        format!("{name} with {input}")
    }

    #[tokio::test(start_paused = true)]
    async fn every_execution_has_one_run_and_starts_after_another_change_of_the_functions() {
        let (contest, log) = contest_of_two(None).await;
        let Contest { contenders, missing, .. } = contest.unwrap();
        assert_eq!((contenders[0].runs.len(), missing.len()), (2, 0));
        let changed = |name| json!({ "LAMBENCH_COLD_START": name }).to_string();
        assert_eq!(log, [changed("x-1"), start("x-1"), changed("x-2"), start("x-2"), "{}".to_owned()]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_contest_that_fails_leaves_the_functions_as_they_were() {
        let (contest, log) = contest_of_two(Some("x-1")).await;
        assert!(contest.is_err());
        assert_eq!(log[1..], [start("x-1"), "{}".to_owned()]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_contest_that_is_stopped_lacks_the_runs_that_had_not_started() {
        let ((config, aws), folder) = (stateful(answer), TempDir::new().unwrap());
        let run = run(config, &folder);
        run.stop.request();
        let Contest { contenders, missing, .. } = contest(&run, 2).await.unwrap();
        assert_eq!((contenders.len(), missing), (0, vec!["rust-stream: 2 of 2 runs".to_owned()]));
        assert_eq!(aws.lock().unwrap().log.last().unwrap(), "{}", "the functions are as they were");
    }

    #[test]
    fn the_runs_of_all_executions_are_numbered_in_their_order() {
        let execution = |started_ms: i64, elapsed_ms: f64, warning: &str| {
            let one = testing::runs(&[elapsed_ms]);
            let contender = protocol::archive::Contender { started_ms, ended_ms: started_ms + 9, ..one };
            Execution { contenders: vec![contender.clone(), contender], warnings: vec![warning.to_owned()] }
        };
        let merged = merged(vec![execution(100, 1.0, "a"), execution(200, 2.0, "b")]);
        assert_eq!(merged.warnings, ["a", "b"]);
        assert_eq!(merged.contenders.len(), 2);
        for contender in merged.contenders {
            assert_eq!((contender.started_ms, contender.ended_ms), (100, 209));
            let runs: Vec<_> = contender.runs.iter().map(|run| (run.run, run.elapsed_ms)).collect();
            assert_eq!(runs, [(0, 1.0), (1, 2.0)]);
        }
    }
}
