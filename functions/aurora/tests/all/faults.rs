//! Faults at the database: each is counted by kind, and the work comes to its end.

use std::time::Duration;

use crate::work::{attempt, number, prepare, ramp, ramped, source, tallied, until, worker};
use aurora::clock;
use aurora::ramp::Request;
use lambda_kit::postgres::Postgres;
use protocol::aurora::{Action, Endpoint};
use test_kit::postgres::{Server, login};

const KILL: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'lambench'";

#[tokio::test]
async fn a_killed_connection_is_counted_and_replaced_and_the_message_is_done() {
    let server = Server::start().await;
    prepare(&server).await;
    for action in [Action::Insert, Action::Tpcb] {
        let (message, mut db) = (source(action, 1500), server.admin("shop").await);
        let killer = async {
            let started = match action {
                Action::Tpcb => "SELECT count(*) > 100 FROM pgbench_history",
                _ => "SELECT count(*) > 100 FROM transactions WHERE source IS NOT NULL",
            };
            until(&mut db, started).await;
            number(&mut db, KILL).await;
        };
        let worker = worker(server.postgres());
        let (done, ()) = tokio::join!(attempt(&worker, &message, 1), killer);
        done.unwrap();
    }
    let tally = tallied(&server, None).await;
    assert_eq!(tally.actions.len(), 2);
    for action in &tally.actions {
        let outcome = &action.tally.outcome;
        assert_eq!((outcome.completions, action.tally.rows), (1500, Some(1500)));
        assert_eq!(outcome.failures(), 1, "{:?}", outcome.errors);
        assert!(
            outcome.errors.contains_key("57P01") || outcome.errors.contains_key("connection"),
            "{:?}",
            outcome.errors
        );
        assert_eq!(outcome.connections_opened, 2);
    }
}

#[tokio::test]
async fn a_ramp_goes_on_after_the_server_was_restarted() {
    let server = Server::start().await;
    prepare(&server).await;
    let worker = worker(server.postgres());
    let mut db = server.admin("shop").await;
    let restart = async {
        until(&mut db, "SELECT count(*) > 50 FROM pgbench_history").await;
        server.crash();
        server.start_again();
    };
    let request = ramp("restart", Action::Tpcb, 6.0);
    let (outcome, ()) = tokio::join!(ramped(&worker, &request), restart);
    assert!(outcome.failures() > 0);
    let kinds: Vec<_> = outcome.errors.keys().map(String::as_str).collect();
    assert!(kinds.iter().all(|kind| kind.starts_with("57P") || *kind == "connection"), "{kinds:?}");
    assert!(outcome.connections_opened > 1);
    let tally = tallied(&server, Some("restart")).await;
    assert_eq!(Some(outcome.completions), tally.actions[0].tally.rows);
}

#[tokio::test]
async fn a_slow_statement_is_cancelled_and_counted_and_the_message_comes_back() {
    let server = Server::start().await;
    prepare(&server).await;
    let mut db = server.admin("shop").await;
    sqlx::raw_sql("BEGIN; LOCK TABLE pgbench_branches").execute(&mut db).await.unwrap();
    let worker = worker(server.postgres_with(Duration::from_millis(200), "of-this-test"));
    let message = source(Action::Tpcb, 3);
    let unfinished = attempt(&worker, &message, 1).await.unwrap_err().to_string();
    assert!(unfinished.starts_with("0 of 3 units are done: 57014: canceling statement"), "{unfinished}");
    sqlx::raw_sql("COMMIT").execute(&mut db).await.unwrap();
    attempt(&worker, &message, 1).await.unwrap();
    let tally = tallied(&server, None).await;
    let outcome = &tally.actions[0].tally.outcome;
    assert_eq!((outcome.errors["57014"], outcome.completions, outcome.workers), (3, 3, 2));
}

#[tokio::test]
async fn a_serialization_failure_is_counted_and_the_unit_done_in_a_new_transaction() {
    let server = Server::start().await;
    prepare(&server).await;
    let mut db = server.admin("shop").await;
    let strict = "ALTER ROLE lambench IN DATABASE shop SET default_transaction_isolation = 'repeatable read'";
    sqlx::raw_sql(strict).execute(&mut db).await.unwrap();
    // Both clients update the one branch: the later one reads what the earlier one has changed since.
    let workers = [worker(server.postgres()), worker(server.postgres())];
    let messages = [source(Action::Tpcb, 200), source(Action::Tpcb, 200)];
    // Ten tries of a unit can all be in vain; then the message is delivered again.
    let done = async |number: usize| while attempt(&workers[number], &messages[number], 1).await.is_err() {};
    tokio::join!(done(0), done(1));
    let tally = tallied(&server, None).await;
    let outcome = &tally.actions[0].tally.outcome;
    assert_eq!((outcome.completions, tally.actions[0].tally.rows), (400, Some(400)));
    assert!(outcome.errors["40001"] > 0, "{:?}", outcome.errors);
}

#[tokio::test]
async fn a_writer_that_only_reads_is_left_for_the_one_that_took_over() {
    let server = Server::start().await;
    prepare(&server).await;
    let mut db = server.admin("shop").await;
    let (worker, message) = (worker(server.postgres()), source(Action::Insert, 20));
    // As after a failover: who connects still gets to the old writer, until the name leads to the new one.
    let read_only = "ALTER ROLE lambench IN DATABASE shop SET default_transaction_read_only = on";
    sqlx::raw_sql(read_only).execute(&mut db).await.unwrap();
    let taken_over = async {
        server.logged("cannot execute INSERT in a read-only transaction").await;
        let writes = "ALTER ROLE lambench IN DATABASE shop RESET default_transaction_read_only";
        sqlx::raw_sql(writes).execute(&mut db).await.unwrap();
    };
    let (done, ()) = tokio::join!(attempt(&worker, &message, 1), taken_over);
    done.unwrap();
    let outcome = &tallied(&server, None).await.actions[0].tally.outcome;
    assert!(outcome.completions == 20 && outcome.errors["25006"] > 0, "{:?}", outcome.errors);
}

#[tokio::test]
async fn a_wrong_password_is_an_outcome_at_once() {
    let server = Server::start().await;
    prepare(&server).await;
    let worker = worker(server.postgres_with(Duration::from_secs(5), "another"));
    let outcome = ramped(&worker, &ramp("wrong", Action::Select, 30.0)).await;
    assert_eq!((outcome.completions, outcome.errors["28P01"], outcome.failures()), (0, 1, 1));
    let unfinished = attempt(&worker, &source(Action::Select, 1), 1).await.unwrap_err().to_string();
    assert!(unfinished.contains("28P01: password authentication failed"), "{unfinished}");
}

#[tokio::test]
async fn a_server_without_free_connections_is_asked_again_until_it_has_one() {
    let server = Server::start().await;
    prepare(&server).await;
    let mut db = server.admin("shop").await;
    sqlx::raw_sql("ALTER ROLE lambench CONNECTION LIMIT 1").execute(&mut db).await.unwrap();
    let only = server.postgres().connect("localhost").await.unwrap();
    let free = async {
        // The server has refused one when its log says so.
        server.logged("too many connections for role").await;
        drop(only);
    };
    let worker = worker(server.postgres());
    let message = source(Action::Select, 20);
    let (done, ()) = tokio::join!(attempt(&worker, &message, 1), free);
    done.unwrap();
    sqlx::raw_sql("ALTER ROLE lambench CONNECTION LIMIT -1").execute(&mut db).await.unwrap();
    let tally = tallied(&server, None).await;
    assert!(tally.actions[0].tally.outcome.errors["53300"] > 0);
}

#[tokio::test]
async fn reads_at_the_reader_are_counted_at_the_writer() {
    let server = Server::start().await;
    prepare(&server).await;
    let worker = worker(server.postgres());
    for (action, endpoint) in [(Action::Select, Endpoint::Reader), (Action::Select2, Endpoint::Writer)] {
        // Time enough to connect twice.
        let start_at_ms = clock::now_ms() + 3000;
        let request = Request { endpoint, rate: 100.0, start_at_ms, ..ramp("reads", action, 1.0) };
        let outcome = ramped(&worker, &request).await;
        assert_eq!((outcome.late, outcome.failures()), (0, 0), "{:?}", outcome.errors);
        assert!((90..=100).contains(&outcome.completions), "{}", outcome.completions);
        assert!(outcome.server_connections.unwrap() >= 1 && outcome.cpu_ms > 0.0);
    }
    let tally = tallied(&server, Some("reads")).await;
    assert!(tally.actions.iter().all(|action| action.tally.rows.is_none() && action.latency_ms.is_some()));
    assert_eq!(tally.actions.len(), 2);
}

#[tokio::test]
async fn a_certificate_of_nobody_is_refused() {
    let (server, other) = (Server::start().await, Server::start().await);
    prepare(&server).await;
    let mut cluster = server.cluster(Duration::from_secs(5));
    cluster.roots = other.cluster(Duration::ZERO).roots;
    let postgres = Postgres::new(cluster, login("lambench", "of-this-test"));
    let error = postgres.connect("localhost").await.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
}
