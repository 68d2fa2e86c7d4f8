use protocol::aurora::Action;
use results::cpu::CpuLimit;

use super::*;
use crate::scenario::aurora::testing::{queue_run, ramp_run, run};

fn on_aws() -> Run {
    let mut run = run();
    run.deployed.deployment.endpoint = None;
    run
}

fn of_ramp(ramp: RampRun) -> Vec<String> {
    about(&on_aws(), &Runs::Ramp(vec![ramp]), &[None])
}

fn of_queue(queue: QueueRun) -> Vec<String> {
    about(&on_aws(), &Runs::Queue(vec![queue]), &[None])
}

fn steady() -> RampRun {
    ramp_run(Action::Select, &[(1, 2000), (2, 4000), (3, 6000)])
}

/// The only warning there is.
fn only(warnings: Vec<String>) -> String {
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    warnings.into_iter().next().unwrap()
}

#[test]
fn a_run_without_any_trouble_has_no_warning() {
    assert_eq!(of_ramp(steady()), [""; 0]);
    assert_eq!(of_queue(queue_run(100, 100, 0)), [""; 0]);
}

#[test]
fn a_local_run_says_what_it_is_good_for() {
    let said = only(about(&run(), &Runs::Ramp(vec![steady()]), &[None]));
    assert!(said.starts_with("local: ") && said.contains("no ACUs"), "{said}");
}

#[test]
fn few_statements_are_warned_of_with_the_stages_that_had_them() {
    let said = only(of_ramp(ramp_run(Action::Select, &[(1, 300), (2, 600), (3, 1200)])));
    assert!(said.starts_with("sqlx SELECT: fewer than 1000 completions with 1, 2 clients"), "{said}");
    assert!(said.ends_with("raise --seconds"), "{said}");
}

#[test]
fn errors_come_with_what_to_do_about_their_kind() {
    let mut run = steady();
    run.stages[0].aggregate.errors.insert("53300".to_owned(), 2);
    run.stages[2].aggregate.errors.insert("53300".to_owned(), 5);
    let said = only(of_ramp(run));
    assert!(said.starts_with("sqlx SELECT: 7 × 53300: the database had no connections left"), "{said}");
}

#[test]
fn lost_and_late_workers_are_warned_of() {
    let mut run = steady();
    run.stages[1].aggregate.lost = 1;
    run.stages[2].aggregate.late = 2;
    let warnings = of_ramp(run);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("1 workers were lost"), "{warnings:?}");
    // As typed: the run's name is its id.
    let logs = "lambench logs aurora --run lambench-20261121T100000000Z --stack dev";
    assert!(warnings[0].ends_with(logs), "{warnings:?}");
    assert!(warnings[1].contains("2 workers started late"), "{warnings:?}");
}

#[test]
fn cold_starts_matter_only_inside_the_measured_time() {
    let mut run = steady();
    run.stages[0].aggregate.cold_starts = 1;
    assert_eq!(of_ramp(run.clone()), [""; 0], "it had started and connected before its stage began");
    run.stages[0].aggregate.late = 1;
    assert!(of_ramp(run)[0].contains("functions were still starting"));
    let mut queue = queue_run(100, 100, 0);
    queue.actions[0].aggregate.cold_starts = 4;
    let said = only(of_queue(queue));
    assert!(said.contains("4 of 100 attempts at messages were cold starts"), "{said}");
}

#[test]
fn workers_without_cpu_to_spare_are_named_as_the_limit() {
    let mut run = steady();
    // 512 MB buy 0.29 of a CPU, and the stage lasts 10 s.
    run.stages[0].aggregate.cpu_ms = 2700.0;
    let said = only(of_ramp(run.clone()));
    assert!(said.contains("with 1 clients the workers used all the CPU they have"), "{said}");
    assert!(said.ends_with("pulumi config set --path aurora.memory 1024 --stack dev"), "{said}");
    run.stages[0].aggregate.cpu_ms = 1500.0;
    assert_eq!(of_ramp(run), [""; 0]);
}

#[test]
fn a_local_environment_gives_workers_its_own_share_of_a_processor() {
    let mut local = run();
    let mut ramp = steady();
    // 512 MB buy 0.29 of a vCPU, which here is 0.19 of a processor.
    ramp.stages[0].aggregate.cpu_ms = 1800.0;
    let is_cpu_bound = |local: &Run, ramp: &RampRun| {
        about(local, &Runs::Ramp(vec![ramp.clone()]), &[None])
            .iter()
            .any(|said| said.contains("all the CPU they have"))
    };
    for (mechanism, expected) in [("cgroup v1", true), ("off", false)] {
        local.cpu_limit = Some(CpuLimit {
            mechanism: mechanism.to_owned(),
            refusals: Vec::new(),
            scale: 0.66,
            processors: 2,
            max_memory_mb: 3538,
        });
        assert_eq!(is_cpu_bound(&local, &ramp), expected, "{mechanism}");
    }
}

#[test]
fn a_queues_workers_are_held_to_the_time_they_are_billed_for() {
    let billed_for = |ms| {
        let billed = Billed { ms, ..Billed::default() };
        about(&on_aws(), &Runs::Queue(vec![queue_run(100, 100, 0)]), &[Some(billed)])
    };
    // 0.8 s at 512 MB, 0.29 of a CPU: 200 ms are nearly all of it.
    let said = only(billed_for(800.0));
    assert!(said.contains("the workers used all the CPU they have"), "{said}");
    assert_eq!(billed_for(8000.0), [""; 0]);
}

#[test]
fn a_stage_that_dips_between_its_neighbours_is_noise() {
    let said = only(of_ramp(ramp_run(Action::Select, &[(1, 2000), (2, 1500), (3, 6000)])));
    assert!(said.contains("noisy: TPS with 2 clients"), "{said}");
}

#[test]
fn a_database_that_scaled_meanwhile_is_named() {
    let acus = |min, max| Some(CapacityRange { min, max });
    let mut run = steady();
    run.stages[0].acus = acus(0.5, 2.0);
    run.stages[2].acus = acus(2.0, 8.0);
    let said = only(of_ramp(run.clone()));
    assert!(said.starts_with("sqlx SELECT: Aurora had from 0.5 to 8.0 ACUs under load"), "{said}");
    assert!(said.ends_with("pulumi config set --path aurora.minCapacity 16 --stack dev"), "{said}");
    run.stages.iter_mut().for_each(|stage| stage.acus = acus(8.0, 8.0));
    assert_eq!(of_ramp(run), [""; 0]);
    let mut queue = queue_run(100, 100, 0);
    queue.acus = acus(1.0, 1.5);
    assert!(only(of_queue(queue)).starts_with("sqlx: Aurora had from 1.0 to 1.5 ACUs"));
}

#[test]
fn splitting_off_reads_without_a_reader_is_warned_of() {
    let mut run = steady();
    run.host = Endpoint::Reader;
    let said = only(of_ramp(run));
    assert!(said.contains("pulumi config set --path aurora.readers 1 --stack dev"), "{said}");
}

#[test]
fn messages_that_were_given_up_come_with_what_gives_them_more_time() {
    let said = only(of_queue(queue_run(100, 98, 2)));
    assert!(said.starts_with("sqlx: 2 messages were given up"), "{said}");
    assert!(said.ends_with("pulumi config set --path aurora.timeoutSeconds 120 --stack dev"), "{said}");
}
