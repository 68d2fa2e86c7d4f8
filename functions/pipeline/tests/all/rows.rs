//! Each message is one row, with the times of its first arrival, however it is delivered.

use std::collections::BTreeMap;

use crate::support::events::{ARRIVED_US, fixture, image, images, sequence_number, table};
use crate::support::rows::{REMAINING, Row, deliver, downstream, number, rows, server};
use crate::support::{letters, lowest_failed};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn row(id: &str, message: &str, arrived_us: u64, deliveries: i32) -> Row {
    let arrived_us = arrived_us.cast_signed();
    (id.to_owned(), message.to_owned(), arrived_us, arrived_us + 2000, true, deliveries)
}

#[tokio::test]
async fn inserts_and_modifies_become_rows_and_the_rest_is_passed_over_or_dead_lettered() {
    let server = server().await;
    let (downstream, asked) = downstream(&server);
    let response = downstream.handle(&fixture("table"), "request", REMAINING).await;
    assert_eq!(lowest_failed(&response), None);
    let mut db = server.admin("shop").await;
    let stored = rows(&mut db).await;
    let first = ("r-1".to_owned(), "Hé".to_owned(), 1_732_180_000_001_000, 1_732_180_000_004_000, true, 3);
    assert_eq!(stored[0], first);
    assert_eq!((stored.len(), stored[1].0.as_str(), stored[1].5), (2, "r-2", 1));
    let [letter] = <[_; 1]>::try_from(letters(&asked)).unwrap();
    assert_eq!(
        (letter.function.as_str(), letter.reason.as_str()),
        ("downstream", "field 'midstream_us' is missing")
    );
    let record: serde_json::Value = serde_json::from_str(&letter.record).unwrap();
    assert_eq!(record["message"]["S"], "without times");
}

#[tokio::test]
async fn a_batch_that_is_delivered_twice_is_stored_once() {
    let server = server().await;
    let (downstream, _) = downstream(&server);
    for _ in 0..2 {
        assert_eq!(lowest_failed(&deliver(&downstream, &images("r", 300)).await), None);
    }
    let mut db = server.admin("shop").await;
    assert_eq!(number(&mut db, "SELECT count(*) FROM messages WHERE deliveries = 2").await, 300);
    assert_eq!(number(&mut db, "SELECT count(*) FROM messages").await, 300);
    // One connection serves both.
    assert_eq!(number(&mut db, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'lambench'").await, 1);
}

#[tokio::test]
async fn the_first_arrival_stays_in_whatever_order_the_copies_come() {
    let server = server().await;
    let (downstream, _) = downstream(&server);
    let (first, second, third) = (ARRIVED_US, ARRIVED_US + 5, ARRIVED_US + 9);
    // Apart, the later one first; then in one batch; then as a copy that midstream has merged.
    deliver(&downstream, &[image("apart", "second", second, 1)]).await;
    deliver(&downstream, &[image("apart", "first", first, 1)]).await;
    deliver(&downstream, &[image("apart", "third", third, 4)]).await;
    let batch = [("second", second), ("first", first), ("third", third)]
        .map(|(text, at)| image("batch", text, at, 1));
    deliver(&downstream, &batch).await;
    let mut db = server.admin("shop").await;
    assert_eq!(rows(&mut db).await, [row("apart", "first", first, 6), row("batch", "first", first, 3)]);
}

#[tokio::test]
async fn whatever_comes_how_often_and_in_whatever_order_each_id_is_a_row_with_its_first_arrival() {
    let server = server().await;
    let (downstream, _) = downstream(&server);
    let mut db = server.admin("shop").await;
    let delivery = (0_u8..10, 0_u64..20, 1_u64..4);
    let batches = proptest::collection::vec(proptest::collection::vec(delivery, 1..20), 1..6);
    let mut runner = TestRunner::deterministic();
    for _ in 0..30 {
        let batches = batches.new_tree(&mut runner).unwrap().current();
        sqlx::raw_sql("TRUNCATE messages").execute(&mut db).await.unwrap();
        let mut wanted: BTreeMap<u8, (u64, u64)> = BTreeMap::new();
        for batch in &batches {
            let image = |&(id, at, copies): &(u8, u64, u64)| {
                image(&format!("r-{id}"), &at.to_string(), ARRIVED_US + at, copies)
            };
            let images: Vec<_> = batch.iter().map(image).collect();
            assert_eq!(lowest_failed(&deliver(&downstream, &images).await), None);
            for (id, at, copies) in batch {
                let (first, count) = wanted.entry(*id).or_insert((*at, 0));
                (*first, *count) = ((*first).min(*at), *count + copies);
            }
        }
        let wanted: Vec<_> = wanted
            .iter()
            .map(|(id, (first, count))| {
                row(
                    &format!("r-{id}"),
                    &first.to_string(),
                    ARRIVED_US + first,
                    i32::try_from(*count).unwrap(),
                )
            })
            .collect();
        assert_eq!(rows(&mut db).await, wanted, "{batches:?}");
    }
}

#[tokio::test]
async fn an_item_that_the_table_refuses_is_dead_lettered_and_the_others_are_stored() {
    let server = server().await;
    let mut db = server.admin("shop").await;
    sqlx::raw_sql("ALTER TABLE messages ADD CHECK (message <> 'bad')").execute(&mut db).await.unwrap();
    let (downstream, asked) = downstream(&server);
    let mut batch = images("r", 40);
    batch[13] = image("r-13", "bad", ARRIVED_US, 1);
    // More than an integer holds.
    batch[31] = image("r-31", "Hello", ARRIVED_US, 3_000_000_000);
    assert_eq!(lowest_failed(&deliver(&downstream, &batch).await), None);
    assert_eq!(number(&mut db, "SELECT count(*) FROM messages WHERE stored_us IS NOT NULL").await, 38);
    let letters = letters(&asked);
    let aside: Vec<_> = letters
        .iter()
        .map(|letter| (letter.id.as_deref().unwrap(), letter.reason.get(..5).unwrap()))
        .collect();
    assert_eq!(aside, [("r-13", "23514"), ("r-31", "22003")]);
    assert_eq!(letters[0].sequence_number, sequence_number(13));
}

#[tokio::test]
async fn text_is_stored_as_it_is() {
    let server = server().await;
    let (downstream, _) = downstream(&server);
    let text = "\"quotes\" 'single' \\ back\\u0000slash \u{1}\u{7f}\u{fffe}\u{ffff} 😀 $1 :p1 {}";
    deliver(&downstream, &[image(text, text, ARRIVED_US, 1)]).await;
    let mut db = server.admin("shop").await;
    assert_eq!(rows(&mut db).await, [row(text, text, ARRIVED_US, 1)]);
}

#[tokio::test]
async fn a_batch_of_long_messages_is_stored_in_parts() {
    let server = server().await;
    let (downstream, _) = downstream(&server);
    let long = "\"".repeat(250_000);
    let batch: Vec<_> = (0..20).map(|number| image(&format!("r-{number}"), &long, ARRIVED_US, 1)).collect();
    assert_eq!(lowest_failed(&downstream.handle(&table(&batch), "request", REMAINING).await), None);
    let mut db = server.admin("shop").await;
    let query = "SELECT count(*) FROM messages WHERE length(message) = 250000 AND stored_us IS NOT NULL";
    assert_eq!(number(&mut db, query).await, 20);
}
