//! What the tally says while a run goes on and afterwards.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::support::events::{images, table};
use crate::support::rows::{REMAINING, downstream, server};
use pipeline::tally::{Answer, Tallier};
use protocol::pipeline::{Hop, RequestIds, Tally, TallyRequest};
use sqlx::PgConnection;
use test_kit::postgres::{Server, login};

fn tallier(server: &Server) -> Tallier {
    Tallier::new(server.cluster(Duration::from_secs(5)), login("lambench", "of-this-test"))
}

async fn tally(tallier: &Tallier, run: Option<&str>, measured_from: u64) -> Answer {
    let request = TallyRequest { run: run.map(str::to_owned), measured_from, ..TallyRequest::default() };
    tallier.tally(&request, REMAINING).await.unwrap()
}

/// Rows of a run, each hop 1 ms longer than the one before it, the API's 1 ms.
async fn fill(db: &mut PgConnection, run: &str, condition: &str) {
    let insert = format!(
        "INSERT INTO messages SELECT '{run}-' || n, 'Hello', 1732180000000000 + n, 1732180000001000 + n, 1732180000003000 + n,
             1732180000006000 + n, 1732180000010000 + n, 1
         FROM generate_series(0, 19999) AS n WHERE {condition}"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(db).await.unwrap();
}

#[tokio::test]
async fn a_run_is_told_from_others_by_its_ids_and_its_gaps_are_seen() {
    let server = server().await;
    let mut db = server.admin("shop").await;
    fill(&mut db, "lambench-A", "n NOT IN (0, 7, 8, 19999)").await;
    for other in ["lambench-B", "lambench-A-2", "lambench", "lambench-A.5"] {
        fill(&mut db, other, "n < 10").await;
    }
    sqlx::raw_sql(
        "INSERT INTO messages
           SELECT id || 'x', message, sent, arrived_us, midstream_us, downstream_us, stored_us, 1
           FROM messages WHERE id = 'lambench-A-5';
         INSERT INTO messages
           SELECT 'lambench-A-07', message, sent, arrived_us, midstream_us, downstream_us, stored_us, 1
           FROM messages WHERE id = 'lambench-A-5';
         UPDATE messages SET stored_us = NULL WHERE id = 'lambench-A-9';
         UPDATE messages SET deliveries = 3 WHERE id = 'lambench-A-10'",
    )
    .execute(&mut db)
    .await
    .unwrap();
    let tallier = tallier(&server);
    let start = Instant::now();
    let answer = tally(&tallier, Some("lambench-A"), 15_000).await;
    // `lambench run` asks each second.
    assert!(start.elapsed() < Duration::from_secs(1), "19,996 rows took {:?}", start.elapsed());
    let tally = &answer.tally;
    assert_eq!(tally.numbers, [(1, 6), (9, 19_998)]);
    assert_eq!(tally.doubled, [(10, 10)]);
    assert_eq!((tally.rows, tally.unconfirmed, tally.deliveries), (19_995, 1, 19_998));
    assert_eq!(tally.first_arrived_us, Some(1_732_180_000_001_001));
    assert_eq!(tally.last_stored_us, Some(1_732_180_000_010_000 + 19_998));
    for (hop, ms) in
        [(Hop::Api, 1.0), (Hop::Stream, 2.0), (Hop::Table, 3.0), (Hop::Row, 4.0), (Hop::EndToEnd, 10.0)]
    {
        assert_eq!(tally.hops[&hop].count(), 4999, "{hop}: only what is measured");
        let percentiles = answer.latency_ms[&hop];
        assert!(
            (percentiles.p50 - ms).abs() < 0.01 && (percentiles.max - ms).abs() < 0.01,
            "{hop}: {percentiles:?}"
        );
    }
    // The CLI reads it as what it shares with the function.
    let json = serde_json::to_string(&answer).unwrap();
    assert_eq!(serde_json::from_str::<Tally>(&json).unwrap(), *tally);
}

#[tokio::test]
async fn rows_are_counted_by_the_second_in_which_they_were_confirmed() {
    let server = server().await;
    let mut db = server.admin("shop").await;
    fill(&mut db, "r", "n < 100").await;
    fill(&mut db, "other", "n < 10").await;
    // Rows 50 to 89 after an outage, row 90 not yet, row 91 by a clock that is behind the sender's.
    sqlx::raw_sql(
        "UPDATE messages SET stored_us = stored_us + 20000000 WHERE id ~ '^r-[5-8][0-9]$';
         UPDATE messages SET stored_us = NULL WHERE id = 'r-90';
         UPDATE messages SET stored_us = stored_us - 5000000 WHERE id = 'r-91'",
    )
    .execute(&mut db)
    .await
    .unwrap();
    let tallier = tallier(&server);
    let request = |run: Option<&str>| TallyRequest {
        run: run.map(str::to_owned),
        start_us: Some(1_732_179_999_000_000),
        ..TallyRequest::default()
    };
    let answer = tallier.tally(&request(Some("r")), REMAINING).await.unwrap().tally;
    assert_eq!(answer.seconds, [(0, 1), (1, 58), (21, 40)]);
    let counted: u64 = answer.seconds.iter().map(|(_, rows)| rows).sum();
    assert_eq!((counted, answer.unconfirmed), (answer.rows, 1));
    let of_all = tallier.tally(&request(None), REMAINING).await.unwrap().tally;
    assert_eq!((of_all.rows, of_all.seconds), (109, vec![]), "there is no one start of all runs");
    assert_eq!(tally(&tallier, Some("r"), 0).await.tally.seconds, []);
}

#[tokio::test]
async fn each_stage_of_a_load_has_its_rows_and_their_times() {
    let server = server().await;
    let mut db = server.admin("shop").await;
    fill(&mut db, "r", "n < 300 AND n <> 150").await;
    // The second stage's first row takes a second longer; its last one isn't confirmed.
    sqlx::raw_sql(
        "UPDATE messages SET stored_us = stored_us + 1000000 WHERE id = 'r-100';
         UPDATE messages SET stored_us = NULL WHERE id = 'r-199'",
    )
    .execute(&mut db)
    .await
    .unwrap();
    let request = TallyRequest {
        run: Some("r".to_owned()),
        measured_from: 10,
        stages_from: vec![10, 100, 200],
        ..TallyRequest::default()
    };
    let tally = tallier(&server).tally(&request, REMAINING).await.unwrap().tally;
    let counts: Vec<_> = tally.stages.iter().map(|stage| stage.end_to_end.count()).collect();
    assert_eq!(counts, [90, 98, 100], "the ramp's ten rows are in none");
    assert_eq!(tally.hops[&Hop::EndToEnd].count(), 288);
    let second = &tally.stages[1];
    let at = |n: u64| Some(1_732_180_000_010_000 + n);
    assert_eq!((second.first_stored_us, second.last_stored_us), (at(101), at(1_000_100)));
    assert!((second.end_to_end.quantile_ms(1.0).unwrap() - 1010.0).abs() < 1.1);
    let [first, _, last] = &tally.stages[..] else { panic!("three stages") };
    assert_eq!((first.first_stored_us, last.last_stored_us), (at(10), at(299)));
}

/// As many as one run can follow: `cargo test -p pipeline -- --ignored --nocapture` says how long they take.
#[tokio::test]
#[ignore = "fills a table for a minute"]
async fn of_two_million_rows_it_finds_what_is_missing_and_what_is_doubled() {
    let server = server().await;
    let mut db = server.admin("shop").await;
    sqlx::raw_sql(
        "INSERT INTO messages SELECT 'lambench-A-' || n, repeat('x', 100), 1732180000000000 + n, 1732180000001000 + n,
             1732180000003000 + n, 1732180000006000 + n, 1732180000010000 + n, CASE WHEN n IN (5, 1999998) THEN 2 ELSE 1 END,
             gen_random_uuid(), gen_random_uuid()
         FROM generate_series(0, 1999999) AS n WHERE n NOT IN (77, 1000000, 1999999)",
    )
    .execute(&mut db)
    .await
    .unwrap();
    let start = Instant::now();
    // The load started a second before.
    let request = TallyRequest {
        run: Some("lambench-A".to_owned()),
        start_us: Some(1_732_179_999_000_000),
        ..TallyRequest::default()
    };
    let answer = tallier(&server).tally(&request, REMAINING).await.unwrap();
    eprintln!("1,999,997 rows took {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(answer.tally.numbers, [(0, 76), (78, 999_999), (1_000_001, 1_999_998)]);
    assert_eq!(answer.tally.doubled, [(5, 5), (1_999_998, 1_999_998)]);
    assert_eq!(answer.tally.seconds, [(1, 989_999), (2, 999_999), (3, 9_999)]);
}

#[tokio::test]
async fn a_tally_of_all_has_no_numbers_and_knows_the_sender_only_where_its_clock_is_one() {
    let server = server().await;
    let mut db = server.admin("shop").await;
    let tallier = tallier(&server);
    assert_eq!(tally(&tallier, None, 0).await.tally, Tally::default(), "an empty table");
    fill(&mut db, "r", "n < 10").await;
    sqlx::raw_sql("UPDATE messages SET sent = 1732180000 WHERE id IN ('r-1', 'r-2')")
        .execute(&mut db)
        .await
        .unwrap();
    // A clock that is behind by 10 ms.
    sqlx::raw_sql("UPDATE messages SET midstream_us = midstream_us - 10000 WHERE id = 'r-3'")
        .execute(&mut db)
        .await
        .unwrap();
    let answer = tally(&tallier, None, 5).await;
    assert!(answer.tally.numbers.is_empty() && answer.tally.run.is_none());
    let counts = Hop::ALL.map(|hop| answer.tally.hops[&hop].count());
    assert_eq!(counts, [8, 10, 10, 10, 8]);
    assert_eq!(answer.tally.negative.into_iter().collect::<Vec<_>>(), [(Hop::Stream, 1)]);
}

#[tokio::test]
async fn for_people_it_is_short() {
    let server = server().await;
    fill(&mut server.admin("shop").await, "r", "n < 10000 AND n % 2 = 0").await;
    let request = TallyRequest { run: Some("r".to_owned()), summary: true, ..TallyRequest::default() };
    let answer = tallier(&server).tally(&request, REMAINING).await.unwrap();
    assert_eq!((answer.tally.rows, answer.latency_ms.len()), (5000, Hop::ALL.len()));
    let json = serde_json::to_string(&answer).unwrap();
    assert!(json.len() < 1000, "{} bytes: {json}", json.len());
}

#[tokio::test]
async fn it_names_the_invocations_that_stored_a_runs_messages_if_it_is_asked_to() {
    let server = server().await;
    let (downstream, _) = downstream(&server);
    for (request_id, run, count) in
        [("first", "r", 30), ("second", "r", 40), ("again", "r", 40), ("other", "s", 10)]
    {
        downstream.handle(&table(&images(run, count)), request_id, REMAINING).await;
    }
    // Rows of an earlier version have none.
    fill(&mut server.admin("shop").await, "r", "n BETWEEN 100 AND 109").await;
    let tallier = tallier(&server);
    assert_eq!(tally(&tallier, Some("r"), 0).await.tally.invocations, None);
    let request = TallyRequest { run: Some("r".to_owned()), invocations: true, ..TallyRequest::default() };
    let invocations = tallier.tally(&request, REMAINING).await.unwrap().tally.invocations.unwrap();
    let ids = |requests: RequestIds| (requests.count, requests.ids.into_iter().collect::<BTreeSet<_>>());
    let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(ids(invocations.midstream), (1, set(&["at-midstream"])));
    assert_eq!(ids(invocations.downstream), (2, set(&["first", "second"])), "the third stored nothing new");
}

#[tokio::test]
async fn a_tally_outlasts_a_restart_of_the_database() {
    let server = server().await;
    let tallier = tallier(&server);
    fill(&mut server.admin("shop").await, "r", "n < 10").await;
    assert_eq!(tally(&tallier, Some("r"), 0).await.tally.rows, 10);
    server.crash();
    let restart = async { server.start_again() };
    let (answer, ()) = tokio::join!(tally(&tallier, Some("r"), 0), restart);
    assert_eq!(answer.tally.rows, 10);
}

#[tokio::test]
async fn without_a_table_the_tally_says_so_at_once() {
    let server = Server::start().await;
    let failure = tallier(&server).tally(&TallyRequest::default(), REMAINING).await.unwrap_err().to_string();
    assert!(
        failure.starts_with("cannot read the table of messages: 42P01: relation \"messages\""),
        "{failure}"
    );
}
