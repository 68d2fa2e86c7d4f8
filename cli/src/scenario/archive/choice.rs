//! What a contest is run with: the stack's contenders and settings, as far as the options don't say otherwise.

use anyhow::{Result, bail};
use glob::Pattern;
use protocol::archive::Deployed;
use protocol::deployment::MissingSetting;
use protocol::stats::whole;
use results::scenario::archive::ContestOptions;

use super::options::Options;
use super::report::contender;
use crate::exit::Usage;

/// Runs of each contender, as the stack's settings call them.
const RUNS: &str = "runsPerContender";
/// How many of them may be under way at once.
const AT_ONCE: &str = "runsAtOnce";

/// Leaves the contenders that take part, and puts what is run into the settings.
///
/// # Errors
/// [`Usage`] if a pattern matches no contender, or a number is out of range; another error if the stack was deployed by a version
/// whose state machine takes no such choice.
pub fn apply(options: &Options, deployed: &mut Deployed) -> Result<()> {
    choose_contenders(&options.contenders, deployed)?;
    if options.requests.is_some() {
        check_metrics(deployed)?;
    }
    if options.runs.is_none() && options.warmup == 0 && !options.cold_only {
        return Ok(());
    }
    let Some((min, max)) = deployed.warmup_range else {
        bail!(
            "the stack is from a version without --runs, --warmup and --cold-only: deploy it again with: {}",
            deployed.deployment.pulumi("up")
        );
    };
    check("--warmup", options.warmup, min, max)?;
    let settings = &mut deployed.deployment.settings;
    if let Some(runs) = options.runs {
        if let Some((min, max)) = deployed.deployment.setting_ranges.get(RUNS) {
            check("--runs", runs, whole(*min), whole(*max))?;
        }
        settings.insert(RUNS.to_owned(), runs.into());
    }
    if options.cold_only {
        settings.insert(AT_ONCE.to_owned(), 1.into());
    }
    Ok(())
}

/// What a contest is run with, once it is applied to the stack.
///
/// # Errors
/// If the stack doesn't say how many runs a contender has.
pub fn options(options: &Options, deployed: &Deployed) -> Result<ContestOptions, MissingSetting> {
    Ok(ContestOptions {
        contenders: options.contenders.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
        runs_per_contender: deployed.deployment.required(RUNS)?,
        warmup_runs: options.warmup,
        cold_only: options.cold_only,
    })
}

fn choose_contenders(patterns: &[Pattern], deployed: &mut Deployed) -> Result<()> {
    let stack = &deployed.deployment.stack;
    let names: Vec<_> = deployed.contenders.iter().map(|arn| contender(stack, arn)).collect();
    // A stack without any has its own error.
    let unmatched = patterns.iter().find(|pattern| !names.iter().any(|name| pattern.matches(name)));
    if let Some(pattern) = unmatched.filter(|_| !names.is_empty()) {
        let has = names.join(", ");
        return usage(format!("--contender '{pattern}' matches no contender of the stack, which has: {has}"));
    }
    if !patterns.is_empty() {
        let takes_part = |arn: &String| patterns.iter().any(|pattern| pattern.matches(contender(stack, arn)));
        deployed.contenders.retain(takes_part);
    }
    Ok(())
}

/// Whether the bucket's request metrics can tell what a contender sends.
fn check_metrics(deployed: &Deployed) -> Result<()> {
    if !deployed.deployment.is_on_aws() {
        return usage(
            "--requests metrics is for AWS: the local environment counts S3's requests itself".to_owned(),
        );
    }
    if deployed.contenders.len() > 1 {
        return usage(
            "--requests metrics measures the whole bucket, so that only one contender can take part: name it with --contender"
                .to_owned(),
        );
    }
    if !deployed.can_pause {
        bail!(
            "the stack is from a version without --requests: deploy it again with: {}",
            deployed.deployment.pulumi("up")
        );
    }
    Ok(())
}

fn check(option: &str, value: u64, min: u64, max: u64) -> Result<()> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    usage(format!("{option} {value}: it must be from {min} to {max}"))
}

fn usage<T>(message: String) -> Result<T> {
    Err(Usage(message).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::archive::testing::run;
    use crate::scenario::shared::testing::parsed;

    /// A stack with three contenders, and two runs of each by its settings.
    fn stack() -> Deployed {
        let mut deployed = run().deployed;
        let arn = |name| format!("arn:aws:lambda:us-east-1:0:function:lambench-dev-{name}");
        deployed.contenders = ["python-naive", "rust-copy-plan", "rust-stream"].map(arn).to_vec();
        deployed
    }

    fn applied(line: &str, deployed: &mut Deployed) -> Result<ContestOptions> {
        let chosen = parsed(line).unwrap();
        apply(&chosen, deployed)?;
        Ok(options(&chosen, deployed)?)
    }

    fn refused(line: &str) -> String {
        let error = applied(line, &mut stack()).unwrap_err();
        assert!(error.is::<Usage>(), "{error}");
        error.to_string()
    }

    #[test]
    fn without_options_a_contest_is_as_the_stack_says() {
        let mut deployed = stack();
        let options = applied("", &mut deployed).unwrap();
        let expected = ContestOptions {
            contenders: Vec::new(),
            runs_per_contender: 2,
            warmup_runs: 0,
            cold_only: false,
        };
        assert_eq!((options, deployed.contenders.len()), (expected, 3));
    }

    #[test]
    fn the_contenders_that_match_take_part_in_the_stacks_order() {
        for (line, expected) in [
            ("--contender rust-*", vec!["rust-copy-plan", "rust-stream"]),
            ("--contender rust-stream --contender python-naive", vec!["python-naive", "rust-stream"]),
            ("--contender *-stream", vec!["rust-stream"]),
            ("--contender *", vec!["python-naive", "rust-copy-plan", "rust-stream"]),
        ] {
            let mut deployed = stack();
            applied(line, &mut deployed).unwrap();
            let names: Vec<_> = deployed.contenders.iter().map(|arn| contender("dev", arn)).collect();
            assert_eq!(names, expected, "{line}");
        }
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_refused_with_the_contenders_there_are() {
        assert_eq!(
            refused("--contender rust-* --contender node-*"),
            "--contender 'node-*' matches no contender of the stack, which has: python-naive, rust-copy-plan, rust-stream"
        );
    }

    #[test]
    fn what_is_run_is_what_the_settings_of_the_result_say() {
        let mut deployed = stack();
        let options = applied("--runs 20 --warmup 1", &mut deployed).unwrap();
        assert_eq!((options.runs_per_contender, options.warmup_runs), (20, 1));
        assert_eq!(deployed.deployment.setting("runsPerContender"), Some(20));
        deployed.deployment.settings.insert(AT_ONCE.to_owned(), json!(5));
        assert!(applied("--cold-only", &mut deployed).unwrap().cold_only);
        assert_eq!(deployed.deployment.setting("runsAtOnce"), Some(1), "its runs follow one another");
    }

    #[test]
    fn numbers_out_of_the_settings_range_are_refused() {
        assert_eq!(refused("--runs 51"), "--runs 51: it must be from 1 to 50");
        assert_eq!(refused("--warmup 51"), "--warmup 51: it must be from 0 to 50");
    }

    #[test]
    fn request_metrics_are_of_one_contender_on_aws() {
        let line = "--requests metrics --contender rust-stream";
        assert!(refused(line).starts_with("--requests metrics is for AWS: "), "{}", refused(line));
        let mut aws = stack();
        aws.deployment.endpoint = None;
        let said =
            |line: &str, deployed: &Deployed| applied(line, &mut deployed.clone()).unwrap_err().to_string();
        assert!(said("--requests metrics", &aws).contains("only one contender can take part"));
        assert!(said(line, &aws).ends_with("deploy it again with: pulumi up --stack dev"));
        aws.can_pause = true;
        applied(line, &mut aws).unwrap();
    }

    #[test]
    fn a_stack_that_would_ignore_the_choice_is_to_be_deployed_again() {
        let mut deployed = stack();
        deployed.warmup_range = None;
        for line in ["--runs 3", "--warmup 1", "--cold-only"] {
            let said = applied(line, &mut deployed).unwrap_err().to_string();
            assert!(said.ends_with("deploy it again with: pulumi up --stack dev"), "{line}: {said}");
        }
        applied("--contender rust-*", &mut deployed).unwrap();
    }
}
