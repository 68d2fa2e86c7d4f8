//! What a unit of load executes; the same over either driver.

use lambda_kit::sql::{DbError, Value};
use protocol::aurora::Action;
use uuid::Uuid;

use crate::driver::{Driver, Row};
use crate::statements::{
    INSERT, SELECT, SELECT2, TPCB_ACCOUNT, TPCB_BALANCE, TPCB_BRANCH, TPCB_HISTORY, TPCB_TELLER,
};

/// Rows of the table `type`.
const TYPES: i32 = 8;
/// Days that generated transactions are spread over.
pub const DAYS: i64 = 365;
/// pgbench's accounts per branch.
pub const ACCOUNTS_PER_BRANCH: i64 = 100_000;
/// pgbench's tellers per branch.
pub const TELLERS_PER_BRANCH: i64 = 10;
/// SQLSTATE `no_data`: a row that `aurora-migrate` should have generated isn't there.
const NO_DATA: &str = "02000";

/// What `aurora-migrate` has generated.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Transactions, with the ids from 1 to this.
    pub rows: i64,
    /// pgbench's scale: its branches.
    pub scale: i64,
}

/// How many statements a unit is.
#[must_use]
pub fn statements(action: Action) -> u32 {
    if action == Action::Tpcb { 7 } else { 1 }
}

/// Executes the units `seqs` of a source, several only for INSERT; returns how many of them are new.
///
/// # Errors
/// The database's; nothing of a transaction remains then.
pub async fn perform<D: Driver>(
    driver: &mut D,
    action: Action,
    sizes: Sizes,
    source: Uuid,
    seqs: &[i32],
) -> Result<u64, DbError> {
    match action {
        Action::Insert => insert(driver, source, seqs).await,
        Action::Select => {
            let id = fastrand::i64(1..=sizes.rows);
            found(driver.execute(&SELECT, &[Value::Int(id)]).await?, "transactions", id)
        }
        Action::Select2 => {
            driver.execute(&SELECT2, &[Value::Int(fastrand::i64(0..DAYS))]).await?;
            Ok(1)
        }
        Action::Tpcb => tpcb(driver, sizes, source, seqs[0]).await,
    }
}

/// Executes a unit and undoes it, so that connection, prepared statements and caches are there when the load starts.
///
/// # Errors
/// The database's.
pub async fn warm_up<D: Driver>(
    driver: &mut D,
    action: Action,
    sizes: Sizes,
    source: Uuid,
    batch: u32,
) -> Result<(), DbError> {
    driver.begin().await?;
    if action == Action::Tpcb {
        tpcb_body(driver, sizes, source, 0).await?;
    } else {
        // Numbers that no unit has.
        let seqs: Vec<i32> = (0..batch).map(|number| -number.cast_signed()).collect();
        perform(driver, action, sizes, source, &seqs).await?;
    }
    driver.rollback().await
}

async fn insert<D: Driver>(driver: &mut D, source: Uuid, seqs: &[i32]) -> Result<u64, DbError> {
    if let [seq] = *seqs {
        return driver.execute(&INSERT, &row(seq).values(source)).await;
    }
    let rows: Vec<Row> = seqs.iter().map(|seq| row(*seq)).collect();
    driver.insert_many(source, &rows).await
}

fn row(seq: i32) -> Row {
    let quantity = fastrand::i32(1..=100);
    let price = f64::from(fastrand::i32(1..=10_000)) / 100.0;
    Row { type_id: fastrand::i32(1..=TYPES), quantity, amount: f64::from(quantity) * price, seq }
}

async fn tpcb<D: Driver>(driver: &mut D, sizes: Sizes, source: Uuid, seq: i32) -> Result<u64, DbError> {
    driver.begin().await?;
    let done = tpcb_body(driver, sizes, source, seq).await;
    match done {
        Ok(1) => driver.commit().await.map(|()| 1),
        // A repeat: the balances have had this delta.
        Ok(_) => driver.rollback().await.map(|()| 0),
        Err(error) => {
            // The first error counts. If the transaction cannot even be undone, the connection is no good any more.
            if driver.rollback().await.is_err() {
                driver.disconnect().await;
            }
            Err(error)
        }
    }
}

async fn tpcb_body<D: Driver>(driver: &mut D, sizes: Sizes, source: Uuid, seq: i32) -> Result<u64, DbError> {
    let aid = fastrand::i64(1..=ACCOUNTS_PER_BRANCH * sizes.scale);
    let bid = fastrand::i64(1..=sizes.scale);
    let tid = fastrand::i64(1..=TELLERS_PER_BRANCH * sizes.scale);
    let delta = fastrand::i64(-5000..=5000);
    let [aid_, bid_, tid_, delta_] = [aid, bid, tid, delta].map(Value::Int);
    found(driver.execute(&TPCB_ACCOUNT, &[delta_, aid_]).await?, "pgbench_accounts", aid)?;
    driver.execute(&TPCB_BALANCE, &[aid_]).await?;
    found(driver.execute(&TPCB_TELLER, &[delta_, tid_]).await?, "pgbench_tellers", tid)?;
    found(driver.execute(&TPCB_BRANCH, &[delta_, bid_]).await?, "pgbench_branches", bid)?;
    let values = [tid_, bid_, aid_, delta_, Value::Uuid(source), Value::Int(seq.into())];
    driver.execute(&TPCB_HISTORY, &values).await
}

fn found(rows: u64, table: &str, key: i64) -> Result<u64, DbError> {
    if rows == 1 {
        return Ok(1);
    }
    Err(DbError::new(NO_DATA, format!("{table} has no row {key}: generate it with aurora-migrate")))
}
