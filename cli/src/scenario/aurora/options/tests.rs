use super::*;
use crate::scenario::shared::testing::parsed;

fn options(line: &str) -> Options {
    let options: Options = parsed(line).unwrap();
    options.check().unwrap();
    options
}

fn refused(line: &str) -> String {
    let error = parsed::<Options>(line).unwrap().check().unwrap_err();
    assert!(error.is::<Usage>(), "'{line}' is a wrong command line, exit code 2");
    error.to_string()
}

fn stages(line: &str) -> Vec<u64> {
    options(line).stages()
}

#[test]
fn without_options_it_ramps_reads_and_writes_by_both_drivers() {
    let options = options("");
    assert_eq!((options.mode, options.split, options.batch()), (Mode::Ramp, false, 1));
    assert_eq!(options.drivers(), [Driver::Sqlx, Driver::DataApi]);
    assert_eq!(options.actions(), [Action::Select, Action::Insert]);
    assert_eq!((options.from(), options.to(), options.step()), (1, 8, 2));
    assert_eq!((options.seconds(), options.rate()), (10, 0));
}

#[test]
fn a_queue_gets_a_hundred_messages_of_a_hundred_statements() {
    let options = options("--mode queue");
    assert_eq!((options.mode, options.messages(), options.statements()), (Mode::Queue, 100, 100));
}

#[test]
fn without_a_step_there_are_about_five_stages() {
    assert_eq!(stages("--from 1 --to 1"), [1]);
    assert_eq!(stages("--from 1 --to 2"), [1, 2]);
    assert_eq!(stages("--to 5"), [1, 2, 3, 4, 5]);
    assert_eq!(stages("--to 8"), [1, 3, 5, 7]);
    assert_eq!(stages("--to 17"), [1, 5, 9, 13, 17]);
    assert_eq!(stages("--to 100"), [1, 26, 51, 76]);
    assert_eq!(stages("--from 20"), [20], "a ramp from more than 8 clients is one stage without --to");
}

#[test]
fn a_step_goes_no_further_than_the_end() {
    assert_eq!(stages("--from 1 --to 16 --step 5"), [1, 6, 11, 16]);
    assert_eq!(stages("--from 4 --to 9 --step 10"), [4]);
}

#[test]
fn actions_are_taken_in_any_case_and_each_once() {
    assert_eq!(options("--action tpcb,Select2,TPCB").actions(), [Action::Tpcb, Action::Select2]);
    assert!(parsed::<Options>("--action DELETE").is_err());
}

#[test]
fn options_of_the_other_mode_are_refused_by_name() {
    let said = refused("--mode queue --rate 5");
    assert_eq!(said, "--rate doesn't belong to --mode queue: leave it out, or use --mode ramp");
    assert!(refused("--statements 5").starts_with("--statements doesn't belong to --mode ramp"));
}

#[test]
fn split_means_sqlx_since_the_data_api_only_reaches_the_writer() {
    assert_eq!(options("--split").drivers(), [Driver::Sqlx]);
    for driver in ["data-api", "both"] {
        let said = refused(&format!("--split --driver {driver}"));
        assert!(said.contains("the Data API only reaches the cluster's writer"), "{said}");
    }
}

#[test]
fn split_sends_reads_to_the_reader_and_writes_to_the_writer() {
    let options = options("--split");
    assert_eq!(options.endpoint(Action::Select2), Endpoint::Reader);
    assert_eq!(options.endpoint(Action::Tpcb), Endpoint::Writer);
}

#[test]
fn a_batch_is_only_for_inserts() {
    let batch = options("--batch 50").batch();
    assert_eq!(Action::Insert.batch(batch), 50);
    assert_eq!(Action::Select.batch(batch), 1);
    assert!(refused("--batch 50 --action TPCB").contains("add that to --action"));
}

#[test]
fn a_ramp_that_goes_down_is_refused() {
    assert!(refused("--from 9 --to 4").starts_with("--to 4 is less than --from 9"));
}

#[test]
fn more_workers_than_an_execution_can_hold_are_refused() {
    assert_eq!(stages("--from 400 --to 400"), [400]);
    assert!(refused("--to 400 --step 1").contains("400 stages, more than the 30"));
    assert!(refused("--to 400 --step 20").contains("3820 workers in all"));
    let check = |line| options(line).check_clients(400);
    assert!(check("--from 400 --to 400").is_ok());
    let error = check("--from 401 --to 401").unwrap_err();
    assert!(
        error.is::<Usage>() && error.to_string().contains("401 clients are more than the 400"),
        "{error}"
    );
}
