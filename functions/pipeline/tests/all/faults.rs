//! Faults at the database in mid-run: nothing is lost, nothing is there twice.

use std::time::Duration;

use crate::support::events::{ARRIVED_US, image, images, sequence_number, table};
use crate::support::rows::{deliver, downstream, number, server, until};
use crate::support::{letters, lowest_failed};
use pipeline::migrate::migrate;

const ROWS: &str = "SELECT count(*) FROM messages WHERE stored_us IS NOT NULL";
const UNCONFIRMED: &str = "SELECT count(*) FROM messages WHERE stored_us IS NULL";
const KILL: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'lambench'";

#[tokio::test]
async fn a_batch_outlasts_a_restart_of_the_database() {
    let server = server().await;
    let (downstream, _) = downstream(&server);
    deliver(&downstream, &images("before", 5)).await;
    server.crash();
    let restart = async {
        server.logged("database system is shut down").await;
        // The function's connection is gone, and there is no server yet when it starts.
        tokio::task::yield_now().await;
        server.start_again();
    };
    let batch = images("after", 200);
    let (response, ()) = tokio::join!(deliver(&downstream, &batch), restart);
    assert_eq!(lowest_failed(&response), None);
    let mut db = server.admin("shop").await;
    assert_eq!(number(&mut db, ROWS).await, 205);
}

#[tokio::test]
async fn a_batch_whose_time_is_up_comes_again_from_its_first_record() {
    let server = server().await;
    let (downstream, asked) = downstream(&server);
    server.crash();
    let mut batch = images("r", 10);
    batch[0] = serde_json::json!({ "id": { "S": "bad" } });
    let response = downstream.handle(&table(&batch), "request", Duration::from_millis(900)).await;
    // The first one can never be stored, and is dead-lettered at once.
    assert_eq!(lowest_failed(&response), Some(sequence_number(1)));
    assert_eq!(letters(&asked).len(), 1);
    server.start_again();
    assert_eq!(lowest_failed(&deliver(&downstream, &batch[1..]).await), None);
    let mut db = server.admin("shop").await;
    assert_eq!(number(&mut db, ROWS).await, 9);
    assert_eq!(number(&mut db, "SELECT sum(deliveries) FROM messages").await, 9);
}

#[tokio::test]
async fn a_row_that_was_committed_but_not_confirmed_is_confirmed_when_it_comes_again() {
    let server = server().await;
    let mut db = server.admin("shop").await;
    let (killed, again) = (downstream(&server).0, downstream(&server).0);
    let batch = images("r", 50);
    // Who confirms waits for the lock, as a function does that is killed there.
    sqlx::raw_sql(
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql
           AS 'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END';
         CREATE TRIGGER hold BEFORE UPDATE ON messages FOR EACH ROW
           WHEN (OLD.stored_us IS NULL AND NEW.stored_us IS NOT NULL) EXECUTE FUNCTION hold();
         SELECT pg_advisory_lock(7)",
    )
    .execute(&mut db)
    .await
    .unwrap();
    let waits = until(
        &mut db,
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'lambench' AND wait_event = 'advisory')",
    );
    tokio::select! {
        response = deliver(&killed, &batch) => panic!("{response:?}"),
        () = waits => {}
    }
    assert_eq!((number(&mut db, ROWS).await, number(&mut db, UNCONFIRMED).await), (0, 50));
    number(&mut db, KILL).await;
    sqlx::raw_sql("SELECT pg_advisory_unlock(7)").execute(&mut db).await.unwrap();

    assert_eq!(lowest_failed(&deliver(&again, &batch).await), None);
    assert_eq!((number(&mut db, ROWS).await, number(&mut db, UNCONFIRMED).await), (50, 0));
    assert_eq!(
        number(&mut db, "SELECT count(*) FROM messages WHERE deliveries = 2 AND downstream_us < stored_us")
            .await,
        50
    );
}

#[tokio::test]
async fn a_killed_connection_is_replaced_within_the_invocation() {
    let server = server().await;
    let mut db = server.admin("shop").await;
    let (downstream, _) = downstream(&server);
    for run in ["a", "b", "c"] {
        assert_eq!(lowest_failed(&deliver(&downstream, &images(run, 20)).await), None);
        number(&mut db, KILL).await;
    }
    assert_eq!(number(&mut db, ROWS).await, 60);
    assert_eq!(number(&mut db, "SELECT sum(deliveries) FROM messages").await, 60);
}

#[tokio::test]
async fn two_functions_with_the_same_messages_in_opposite_order_both_come_to_an_end() {
    let server = server().await;
    let (one, other) = (downstream(&server).0, downstream(&server).0);
    let forward = images("r", 500);
    let backward: Vec<_> = forward.iter().rev().cloned().collect();
    for _ in 0..5 {
        let (first, second) = tokio::join!(deliver(&one, &forward), deliver(&other, &backward));
        assert_eq!((lowest_failed(&first), lowest_failed(&second)), (None, None));
    }
    let mut db = server.admin("shop").await;
    assert_eq!(
        number(&mut db, "SELECT count(*) FROM messages WHERE deliveries = 10 AND stored_us IS NOT NULL")
            .await,
        500
    );
}

#[tokio::test]
async fn a_table_that_is_not_there_yet_is_waited_for() {
    let server = test_kit::postgres::Server::start().await;
    let (downstream, _) = downstream(&server);
    let migrated = async {
        server.logged("relation \"messages\" does not exist").await;
        migrate(&server.postgres()).await.unwrap();
    };
    let batch = [image("r-1", "Hello", ARRIVED_US, 1)];
    let (response, ()) = tokio::join!(deliver(&downstream, &batch), migrated);
    assert_eq!(lowest_failed(&response), None);
    let again = migrate(&server.postgres()).await.unwrap();
    assert_eq!(again.migrations, 2, "a second time changes nothing");
}
