use std::cell::RefCell;

use anyhow::bail;
use results::cost::Cost;
use results::cpu::CpuLimit;
use results::memory_sweep::{Figure, MemorySweep};
use results::scenario::Detail;
use results::scenario::archive::Contest;

use super::options::MemorySizes;
use super::*;
use crate::exit::Interrupted;
use crate::scenario::shared::estimate::{Past, Plan};
use crate::scenario::shared::run::Measurement;
use crate::scenario::shared::series::{Series, Values};
use crate::scenario::shared::testing::{Deployed, Stack, parsed, stack};

/// A scenario whose time halves when its memory doubles.
#[derive(Default)]
struct Fake {
    /// The runs that it was asked for: name, and memory of the function `a` at that time.
    runs: RefCell<Vec<(String, u64)>>,
    /// The size with which it cannot be run.
    fails_with: Option<u64>,
    /// The size with which the user presses Ctrl-C so often, and whether something is measured all the same.
    stopped_with: Option<(u64, u32, bool)>,
}

#[derive(Debug, clap::Args)]
struct Options {}

impl Scenario for Fake {
    const NAME: &'static str = "x";
    type Options = Options;
    type Deployed = Deployed;
    const COMPARED: ComparedBy = ComparedBy { speed: "elapsed, s", is_rate: false, price: "a run" };
    const OWN_MEMORY: &'static str = "a file's memory";

    fn new(_: &Options) -> Result<Self> {
        Ok(Self::default())
    }

    fn measured_functions(&self, _: &Deployed) -> Vec<String> {
        vec!["a".to_owned(), "b".to_owned()]
    }

    fn invocations_at_once(&self, _: &Deployed) -> u64 {
        1
    }

    async fn estimate(&self, _: &Run<Deployed>, _: Option<u64>, _: &[&Past]) -> Result<Plan> {
        Ok(Plan::default())
    }

    async fn run(&self, run: &Run<Deployed>) -> Result<Measurement> {
        let memory_mb = run.deployment().required("memory")?;
        let config = aws_sdk_lambda::Client::new(&run.config).get_function_configuration().function_name("a");
        let deployed = config.send().await?.memory_size.unwrap_or_default();
        self.runs.borrow_mut().push((run.name.clone(), u64::try_from(deployed)?));
        if self.fails_with == Some(memory_mb) {
            bail!("it failed with {memory_mb} MB");
        }
        let Some((_, times, is_measured)) = self.stopped_with.filter(|(with, ..)| *with == memory_mb) else {
            return Ok(measurement(memory_mb));
        };
        (0..times).for_each(|_| run.stop.request());
        if !is_measured {
            return Err(Interrupted("nothing was sent".to_owned()).into());
        }
        Ok(Measurement { missing: vec!["3 of 4 items".to_owned()], ..measurement(memory_mb) })
    }
}

fn measurement(memory_mb: u64) -> Measurement {
    let seconds = 1024.0 / f64::from(u32::try_from(memory_mb).unwrap());
    let is_small = memory_mb < 256;
    let figure = Figure { name: "one".to_owned(), speed: Some(seconds), usd: Some(0.25) };
    Measurement {
        series: vec![Series {
            name: "time".to_owned(),
            values: Values::Raw(vec![seconds]),
            failures: 0,
            per_second: None,
        }],
        cost: vec![Cost { item: "one: a run".to_owned(), usd: Some(0.25), lines: vec![] }],
        warnings: std::iter::once("few runs".to_owned()).chain(is_small.then(|| "slow".to_owned())).collect(),
        failed_checks: is_small.then(|| "1 item lost".to_owned()).into_iter().collect(),
        missing: vec![],
        figures: vec![figure],
        detail: Detail::Archive(Contest::default()),
    }
}

async fn sweep(fake: &Fake, stack: &Stack, sizes: &[u64]) -> Result<Measured> {
    run(fake, &stack.run, sizes).await
}

fn memory_of(stack: &Stack) -> Vec<u64> {
    stack.lambda.lock().unwrap().memory.values().copied().collect()
}

#[tokio::test(start_paused = true)]
async fn each_size_is_deployed_run_under_its_own_name_and_taken_back() {
    let (fake, stack) = (Fake::default(), stack(&[("a", 512), ("b", 512)]));
    let Measured { measurement, .. } = sweep(&fake, &stack, &[1024, 256]).await.unwrap();
    let name = &stack.run.name;
    assert_eq!(*fake.runs.borrow(), [(format!("{name}-1024"), 1024), (format!("{name}-256"), 256)]);
    assert_eq!(memory_of(&stack), [512, 512]);
    let names: Vec<_> = measurement.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["1024 MB: time", "256 MB: time"]);
    let Detail::MemorySweep(MemorySweep { points, choices, .. }) = measurement.detail else {
        panic!("a sweep")
    };
    assert_eq!(points.iter().map(|point| point.memory_mb).collect::<Vec<_>>(), [1024, 256]);
    assert_eq!((choices[0].fastest, choices[0].balanced), (Some(1024), Some(1024)));
}

#[tokio::test(start_paused = true)]
async fn runs_are_so_far_apart_that_their_report_lines_can_be_told_apart() {
    let (fake, stack) = (Fake::default(), stack(&[("a", 512), ("b", 512)]));
    let start = Instant::now();
    sweep(&fake, &stack, &[256, 512, 1024]).await.unwrap();
    assert!(start.elapsed() >= 2 * PAUSE, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_is_said_of_some_sizes_names_them_and_what_is_said_of_all_stands_once() {
    let (fake, stack) = (Fake::default(), stack(&[("a", 512), ("b", 256)]));
    let measured = sweep(&fake, &stack, &[128, 256]).await.unwrap().measurement;
    let ignored = "every function gets each memory size; a file's memory is ignored: b 256 MB";
    assert_eq!(measured.warnings, ["few runs", "128 MB: slow", ignored]);
    assert_eq!(measured.failed_checks, ["128 MB: 1 item lost"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_ends_the_sweep_and_the_functions_have_their_own_memory_again() {
    let (fake, stack) = (Fake { fails_with: Some(256), ..Fake::default() }, stack(&[("a", 512), ("b", 128)]));
    let error = sweep(&fake, &stack, &[1024, 256, 512]).await.err().unwrap();
    assert_eq!(error.to_string(), "it failed with 256 MB");
    assert_eq!(memory_of(&stack), [512, 128]);
    assert_eq!(fake.runs.borrow().len(), 2);
}

/// What is missing of a sweep over three sizes that is stopped with one of them, and the sizes that were measured.
async fn stopped(with: u64, times: u32, is_measured: bool) -> Result<(Vec<String>, Vec<u64>)> {
    let fake = Fake { stopped_with: Some((with, times, is_measured)), ..Fake::default() };
    let stack = stack(&[("a", 512), ("b", 512)]);
    let swept = sweep(&fake, &stack, &[1024, 512, 256]).await;
    assert_eq!(memory_of(&stack), [512, 512]);
    let measurement = swept?.measurement;
    let Detail::MemorySweep(MemorySweep { points, choices, .. }) = measurement.detail else {
        panic!("a sweep")
    };
    assert!(choices.iter().all(|one| one.fastest != Some(with)), "an incomplete size is no choice");
    Ok((measurement.missing, points.iter().map(|point| point.memory_mb).collect()))
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_is_stopped_has_the_sizes_so_far_and_says_which_are_missing() {
    let (missing, sizes) = stopped(512, 1, true).await.unwrap();
    assert_eq!(
        (missing, sizes),
        (vec!["512 MB: 3 of 4 items".to_owned(), "memory sizes 256 MB".to_owned()], vec![1024, 512])
    );
    let (missing, sizes) = stopped(512, 1, false).await.unwrap();
    assert_eq!((missing, sizes), (vec!["memory sizes 512, 256 MB".to_owned()], vec![1024]));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_has_measured_nothing_or_is_aborted_has_no_result() {
    for (with, times) in [(1024, 1), (512, 2)] {
        let error = stopped(with, times, false).await.unwrap_err();
        assert_eq!(error.to_string(), "interrupted: nothing was sent");
    }
}

#[tokio::test(start_paused = true)]
async fn without_one_of_the_functions_nothing_is_changed() {
    let (fake, stack) = (Fake::default(), stack(&[("a", 512)]));
    let error = sweep(&fake, &stack, &[1024]).await.err().unwrap().to_string();
    assert!(error.contains("GetFunctionConfiguration failed"), "{error}");
    assert_eq!(memory_of(&stack), [512]);
}

fn limited(mechanism: &str, sizes: &[u64]) -> Vec<String> {
    let limit = CpuLimit {
        mechanism: mechanism.to_owned(),
        refusals: vec![],
        scale: 1.0,
        processors: 2,
        max_memory_mb: 3538,
    };
    let measured = |memory_mb: &u64| {
        let measurement = Measurement { warnings: vec![], ..measurement(*memory_mb) };
        (*memory_mb, Measured { measurement, cpu: None })
    };
    let measured = sizes.iter().map(measured).collect();
    merge::merged(Fake::COMPARED.into(), measured, Some(&limit)).measurement.warnings
}

#[test]
fn memory_that_buys_nothing_on_this_machine_is_told() {
    assert_eq!(limited("cgroup v1", &[512, 3538]), [""; 0]);
    assert!(limited("cgroup v1", &[4096, 512])[0].contains("more than 3538 MB of memory brings no more CPU"));
    assert!(limited("off", &[512, 1024])[0].contains("lambench local start --cpu share"));
}

#[tokio::test(start_paused = true)]
async fn the_sizes_stand_side_by_side_below_what_the_scenario_shows_of_each() {
    let (fake, stack) = (Fake::default(), stack(&[("a", 512), ("b", 512)]));
    let measured = sweep(&fake, &stack, &[128, 256, 1024]).await.unwrap().measurement;
    let Detail::MemorySweep(sweep) = &measured.detail else { panic!("a sweep") };
    let shown = render(
        sweep,
        &measured.cost,
        |_, costs| format!("\nthe scenario's table, {}\n", costs[0].item),
        &|_, _| None,
    );
    insta::assert_snapshot!(shown);
    let own = options(sweep, |_| serde_json::json!({ "items": 3 }));
    assert_eq!(own, serde_json::json!({ "memory": "128, 256, 1024", "items": 3 }));
}

#[test]
fn sizes_keep_their_order_and_none_comes_twice() {
    let sizes: MemorySizes = parsed("--memory 1024,128 --memory 1024").unwrap();
    assert_eq!(sizes.all(), [1024, 128]);
    assert_eq!(parsed::<MemorySizes>("").unwrap().all(), [0; 0]);
}

#[test]
fn a_size_that_lambda_does_not_have_is_refused() {
    for (line, expected) in [
        ("--memory 64", "128..=10240"),
        ("--memory 128,10241", "128..=10240"),
        ("--memory 512,", "invalid value ''"),
    ] {
        let said = parsed::<MemorySizes>(line).unwrap_err().to_string();
        assert!(said.contains(expected), "'{line}': {said}");
    }
}
