//! Every unit counts once: under duplicates, kills and repeated settling.

use std::time::Duration;

use crate::work::{
    attempt, attempt_within, done_of, number, prepare, ramp, ramped, source, tallied, until, worker,
};
use aurora::ledger::{self, Attempt};
use lambda_kit::sql::{Driver as _, SqlxDriver};
use protocol::aurora::{Action, Outcome};
use test_kit::postgres::Server;
use uuid::Uuid;

const ROWS: &str = "SELECT count(*) FROM transactions WHERE source IS NOT NULL";
const HISTORY: &str = "SELECT count(*) FROM pgbench_history";
const COUNTED: &str = "SELECT coalesce(sum((outcome->>'completions')::bigint), 0)::bigint FROM load_attempt";

#[tokio::test]
async fn a_message_delivered_twice_at_once_leaves_its_rows_once() {
    let server = Server::start().await;
    prepare(&server).await;
    let (one, other) = (worker(server.postgres()), worker(server.postgres()));
    let message = source(Action::Insert, 400);
    let (a, b) = tokio::join!(attempt(&one, &message, 1), attempt(&other, &message, 7));
    a.unwrap();
    b.unwrap();
    let mut db = server.admin("shop").await;
    assert_eq!(number(&mut db, ROWS).await, 400);
    assert_eq!(number(&mut db, COUNTED).await, 400);
    // A third delivery, later: nothing more.
    attempt(&one, &message, 1).await.unwrap();
    assert_eq!((number(&mut db, ROWS).await, number(&mut db, COUNTED).await), (400, 400));
    let tally = tallied(&server, Some("r")).await;
    assert_eq!((tally.done, tally.unfinished), (1, 0));
    assert_eq!(tally.actions[0].tally.rows, Some(400));
    assert_eq!(tally.actions[0].tally.outcome.completions, 400);
}

#[tokio::test]
async fn what_a_killed_worker_left_is_counted_by_the_next_delivery() {
    let server = Server::start().await;
    prepare(&server).await;
    let message = source(Action::Insert, 20_000);
    let mut db = server.admin("shop").await;
    let killed = worker(server.postgres());
    tokio::select! {
        _ = attempt(&killed, &message, 1) => panic!("it ended before it was killed"),
        () = until(&mut db, "SELECT count(*) > 50 FROM transactions WHERE source IS NOT NULL") => {}
    }
    let left = number(&mut db, ROWS).await;
    assert!((50..20_000).contains(&left), "{left}");
    assert_eq!(number(&mut db, COUNTED).await, 0);
    attempt(&worker(server.postgres()), &message, 1).await.unwrap();
    assert_eq!((number(&mut db, ROWS).await, number(&mut db, COUNTED).await), (20_000, 20_000));
}

#[tokio::test]
async fn what_a_killed_worker_left_is_counted_by_the_tally_if_no_delivery_follows() {
    let server = Server::start().await;
    prepare(&server).await;
    for action in [Action::Insert, Action::Tpcb] {
        let (message, mut db) = (source(action, 1_000_000), server.admin("shop").await);
        let killed = worker(server.postgres());
        let condition = match action {
            Action::Tpcb => "SELECT count(*) > 20 FROM pgbench_history",
            _ => "SELECT count(*) > 20 FROM transactions WHERE source IS NOT NULL",
        };
        tokio::select! {
            _ = attempt(&killed, &message, 1) => panic!("it ended before it was killed"),
            () = until(&mut db, condition) => {}
        }
    }
    let tally = tallied(&server, None).await;
    assert_eq!((tally.run.as_str(), tally.done, tally.unfinished), ("r", 0, 2));
    for action in &tally.actions {
        assert_eq!(Some(action.tally.outcome.completions), action.tally.rows);
        assert!(action.tally.outcome.completions > 20);
    }
    // Asked again, it answers the same.
    let again = tallied(&server, None).await;
    assert_eq!(again.actions[0].tally, tally.actions[0].tally);
}

#[tokio::test]
async fn a_dead_letter_that_is_done_all_the_same_is_told_apart() {
    let server = Server::start().await;
    prepare(&server).await;
    let (done, cut_short) = (source(Action::Insert, 10), source(Action::Tpcb, 1_000_000));
    attempt(&worker(server.postgres()), &done, 1).await.unwrap();
    attempt_within(&worker(server.postgres()), &cut_short, 1, Duration::from_millis(900)).await.unwrap_err();
    let mut asked = [&done, &cut_short].map(|source| source.id.to_string()).to_vec();
    asked.extend([Uuid::nil().to_string(), "unknown".to_owned()]);
    assert_eq!(done_of(&server, "r", &asked).await, [done.id.to_string()]);
    assert_eq!(done_of(&server, "another", &asked).await, [""; 0]);
}

#[tokio::test]
async fn a_message_whose_time_is_up_goes_on_where_it_stopped() {
    let server = Server::start().await;
    prepare(&server).await;
    let mut messages = 0;
    for action in [Action::Insert, Action::Select, Action::Tpcb] {
        let worker = worker(server.postgres());
        // The connection is kept from here on, so that the time goes to units.
        attempt(&worker, &source(action, 1), 1).await.unwrap();
        let mut expected = 1_u64;
        // However fast this machine is, a message becomes too large for the time.
        let cut_short = async |units| {
            let message = source(action, units);
            let result = attempt_within(&worker, &message, 1, Duration::from_millis(900)).await;
            (message, result)
        };
        let mut units = 5_000;
        let (message, unfinished) = loop {
            expected += u64::from(units);
            messages += 1;
            match cut_short(units).await {
                (message, Err(unfinished)) => break (message, unfinished),
                (_, Ok(())) => units *= 2,
            }
        };
        assert!(unfinished.to_string().ends_with("time was up"), "{unfinished}");
        let mut deliveries = 1;
        while attempt_within(&worker, &message, 1, Duration::from_secs(9)).await.is_err() {
            deliveries += 1;
            assert!(deliveries < 20, "{action:?} never ends");
        }
        messages += 1;
        let tally = tallied(&server, None).await;
        let of_action = tally.actions.iter().find(|one| one.tally.action == action).unwrap();
        assert_eq!(of_action.tally.outcome.completions, expected, "{action:?}");
    }
    let tally = tallied(&server, None).await;
    assert_eq!((tally.done, tally.unfinished), (messages, 0));
}

#[tokio::test]
async fn settling_again_after_a_lost_answer_records_once() {
    let server = Server::start().await;
    prepare(&server).await;
    let message = source(Action::Insert, 10);
    attempt(&worker(server.postgres()), &message, 10).await.unwrap();
    let mut driver = SqlxDriver::new(server.postgres(), "localhost");
    driver.connect().await.unwrap();
    let id = Uuid::from_u128(1);
    let mut outcome = Outcome::default();
    for again in [false, true, true] {
        let attempt = Attempt { id, last: false, again };
        let all = ledger::settle(&mut driver, &message, attempt, &mut outcome).await.unwrap();
        assert_eq!((all, outcome.completions), (10, 0));
    }
    let mut db = server.admin("shop").await;
    assert_eq!(number(&mut db, "SELECT count(*) FROM load_attempt").await, 2);
    assert_eq!(number(&mut db, COUNTED).await, 10);
}

#[tokio::test]
async fn tpcb_keeps_pgbenchs_books() {
    let server = Server::start().await;
    prepare(&server).await;
    let workers = [worker(server.postgres()), worker(server.postgres())];
    let message = source(Action::Tpcb, 150);
    let (a, b) = tokio::join!(attempt(&workers[0], &message, 1), attempt(&workers[1], &message, 1));
    a.unwrap();
    b.unwrap();
    let outcome = ramped(&workers[0], &ramp("tpcb", Action::Tpcb, 0.5)).await;
    assert!(outcome.completions > 0 && outcome.errors.is_empty(), "{:?}", outcome.errors);
    let mut db = server.admin("shop").await;
    let history = number(&mut db, HISTORY).await;
    assert_eq!(history, 150 + i64::try_from(outcome.completions).unwrap());
    assert_eq!(number(&mut db, COUNTED).await, history);
    let sum = number(&mut db, "SELECT sum(delta)::bigint FROM pgbench_history").await;
    for balances in [
        "SELECT sum(abalance)::bigint FROM pgbench_accounts",
        "SELECT sum(tbalance)::bigint FROM pgbench_tellers",
        "SELECT sum(bbalance)::bigint FROM pgbench_branches",
    ] {
        assert_eq!(number(&mut db, balances).await, sum, "{balances}");
    }
}

#[tokio::test]
async fn a_ramp_worker_started_twice_goes_on_instead_of_repeating() {
    let server = Server::start().await;
    prepare(&server).await;
    let worker = worker(server.postgres());
    let mut sum = 0;
    for _ in 0..2 {
        let outcome = ramped(&worker, &ramp("twice", Action::Insert, 0.3)).await;
        assert_eq!(outcome.repeats, 0);
        sum += i64::try_from(outcome.completions).unwrap();
    }
    let mut db = server.admin("shop").await;
    assert_eq!((number(&mut db, ROWS).await, number(&mut db, COUNTED).await), (sum, sum));
}
