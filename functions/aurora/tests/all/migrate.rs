//! The database after `aurora-migrate`, on a real PostgreSQL.

use std::time::Duration;

use crate::work::{REMAINING, number};
use aurora::migrate::{Request, migrate};
use test_kit::postgres::Server;

#[tokio::test]
async fn a_second_migration_changes_nothing_and_a_larger_one_adds() {
    let server = Server::start().await;
    let postgres = server.postgres();
    let first = migrate(&postgres, Request { rows: 120_000, scale: 1 }, REMAINING).await.unwrap();
    assert_eq!((first.migrations, first.rows, first.accounts), (3, 120_000, 100_000));
    assert_eq!((first.added_rows, first.added_accounts), (120_000, 100_000));

    let second = migrate(&postgres, Request { rows: 120_000, scale: 1 }, REMAINING).await.unwrap();
    assert_eq!((second.added_rows, second.added_accounts), (0, 0));
    assert_eq!((second.rows, second.accounts), (first.rows, first.accounts));

    // Rows that a load inserts meanwhile take ids above the generated ones, and are none of them.
    let mut db = postgres.connect("localhost").await.unwrap();
    let insert = "INSERT INTO transactions (quantity, source, seq) VALUES (1, gen_random_uuid(), 1) RETURNING id::bigint";
    assert_eq!(number(&mut db, insert).await, 120_001);
    let larger = migrate(&postgres, Request { rows: 120_500, scale: 2 }, REMAINING).await.unwrap();
    assert_eq!((larger.added_rows, larger.added_accounts), (499, 100_000));
    assert_eq!(number(&mut db, "SELECT count(*) FROM transactions WHERE id <= 120500").await, 120_500);
    assert!(number(&mut db, insert).await > 120_500);

    let smaller = migrate(&postgres, Request { rows: 10, scale: 1 }, REMAINING).await.unwrap();
    assert_eq!((smaller.added_rows, smaller.added_accounts, smaller.accounts), (0, 0, 200_000));
}

#[tokio::test]
async fn generation_that_runs_out_of_time_says_so_and_goes_on_at_the_next_call() {
    let server = Server::start().await;
    let postgres = server.postgres();
    let request = Request { rows: 500, scale: 1 };
    let failure = migrate(&postgres, request, Duration::from_secs(20)).await.unwrap_err().to_string();
    assert!(failure.contains("0 of 500 rows of transactions are there"), "{failure}");
    assert!(failure.contains("run aurora-migrate again"), "{failure}");

    // What a call that was cut off in the middle of the table leaves.
    let mut db = postgres.connect("localhost").await.unwrap();
    sqlx::raw_sql("INSERT INTO transactions (id) SELECT generate_series(100, 300)")
        .execute(&mut db)
        .await
        .unwrap();
    let migrated = migrate(&postgres, request, REMAINING).await.unwrap();
    assert_eq!((migrated.rows, migrated.added_rows), (500, 299));
}

#[tokio::test]
async fn two_migrations_at_once_are_as_good_as_one() {
    let server = Server::start().await;
    let postgres = server.postgres();
    let request = Request { rows: 60_000, scale: 1 };
    let (one, other) =
        tokio::join!(migrate(&postgres, request, REMAINING), migrate(&postgres, request, REMAINING));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.rows, one.accounts), (60_000, 100_000));
    assert_eq!((other.rows, other.accounts), (60_000, 100_000));
    assert_eq!(one.added_rows + other.added_rows, 60_000);
}

#[tokio::test]
async fn connections_that_nobody_sets_up_are_limited_too() {
    let server = Server::start().await;
    let postgres = server.postgres_with(Duration::from_millis(1500), "of-this-test");
    migrate(&postgres, Request { rows: 1, scale: 1 }, REMAINING).await.unwrap();
    // Without a setting of its own, as the connections of the Data API's pool.
    let plain = server.postgres_with(Duration::ZERO, "of-this-test");
    let mut db = plain.connect("localhost").await.unwrap();
    let limits = "SELECT count(*) FROM pg_db_role_setting
        WHERE setconfig = '{statement_timeout=1500,idle_in_transaction_session_timeout=10000}'";
    assert_eq!(number(&mut db, limits).await, 1);
}

#[tokio::test]
async fn sizes_that_make_no_sense_are_refused_by_name() {
    let server = Server::start().await;
    let failure = migrate(&server.postgres(), Request { rows: 1, scale: 0 }, REMAINING).await.unwrap_err();
    assert_eq!(failure.to_string(), "scale is 0, but must be from 1 to 20000");
}

#[tokio::test]
async fn pgbench_runs_on_the_tables() {
    // Its own statements, as pgbench prepares them; without -n it would also VACUUM and TRUNCATE.
    let server = Server::start().await;
    let postgres = server.postgres();
    migrate(&postgres, Request { rows: 1, scale: 1 }, REMAINING).await.unwrap();
    let mut db = postgres.connect("localhost").await.unwrap();
    let insert =
        "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, 1, 5, CURRENT_TIMESTAMP)";
    sqlx::raw_sql(insert).execute(&mut db).await.unwrap();
    assert_eq!(number(&mut db, "SELECT count(*) FROM pgbench_branches").await, 1);
    assert_eq!(number(&mut db, "SELECT count(*) FROM pgbench_tellers WHERE bid = 1").await, 10);
    assert_eq!(number(&mut db, "SELECT max(bid)::bigint FROM pgbench_accounts").await, 1);
}
