//! The ledger: which units a source has, and how many of them are counted already.

use lambda_kit::sql::{Cell, DbError, Value};
use protocol::aurora::{Action, Outcome};
use serde::Serialize;
use uuid::Uuid;

use crate::driver::Driver;
use crate::statements::{
    LEDGER_BEGIN, LEDGER_LAST, LEDGER_MISSING, SETTLE_ATTEMPT, SETTLE_COUNT, SETTLE_LOCK, SETTLE_RECORD,
    SETTLE_SOURCE, SETTLE_TIMEOUT,
};

/// A source of units: a message of the queue, or a worker of the ramp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its id: each of its units' rows has it.
    pub id: Uuid,
    /// The run.
    pub run: String,
    /// What its units execute.
    pub action: Action,
    /// How many units it wants; none for as many as time allows.
    pub wanted: Option<u32>,
}

/// What is recorded of a source when an attempt at it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// Attempts, this one included.
    pub attempts: i64,
    /// Whether there is nothing left to do.
    pub done: bool,
    /// Completions recorded.
    pub completions: u64,
}

/// Records that an attempt starts.
///
/// # Errors
/// The database's.
pub async fn start<D: Driver>(driver: &mut D, source: &Source) -> Result<Started, DbError> {
    let (kind, action) = (text(&D::KIND), text(&source.action));
    let values = [
        Value::Uuid(source.id),
        Value::Text(&source.run),
        Value::Text(&kind),
        Value::Text(&action),
        Value::Int(source.wanted.unwrap_or(0).into()),
    ];
    let rows = driver.fetch(&LEDGER_BEGIN, &values).await?;
    let [attempts, done, completions] = rows.first().map(Vec::as_slice).unwrap_or_default() else {
        return Err(unexpected("ledger-begin"));
    };
    Ok(Started { attempts: attempts.int(), done: done.is_true(), completions: natural(completions) })
}

/// The units that are left to a source.
///
/// # Errors
/// The database's.
pub async fn left<D: Driver>(driver: &mut D, source: &Source, started: Started) -> Result<Vec<i32>, DbError> {
    let wanted = i32::try_from(source.wanted.unwrap_or(0)).unwrap_or(i32::MAX);
    if source.action.reads() {
        let counted = i32::try_from(started.completions).unwrap_or(i32::MAX);
        return Ok((counted.saturating_add(1)..=wanted).collect());
    }
    if started.attempts == 1 {
        return Ok((1..=wanted).collect());
    }
    let values = [Value::Uuid(source.id), Value::Int(wanted.into())];
    let rows = driver.fetch(&LEDGER_MISSING, &values).await?;
    Ok(rows.iter().filter_map(|row| i32::try_from(row.first()?.int()).ok()).collect())
}

/// The last unit that an earlier attempt at a source without end has left; 0 for none.
///
/// # Errors
/// The database's.
pub async fn last<D: Driver>(driver: &mut D, source: &Source, started: Started) -> Result<i32, DbError> {
    if started.attempts == 1 {
        return Ok(0);
    }
    let last = one(driver, &LEDGER_LAST, &[Value::Uuid(source.id)]).await?;
    Ok(i32::try_from(last.int()).unwrap_or(i32::MAX))
}

/// An attempt at its end.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// Its own id.
    pub id: Uuid,
    /// Whether the source ends with it, whatever it wanted.
    pub last: bool,
    /// Whether settling has been tried before: its answer may have got lost.
    pub again: bool,
}

/// Records an attempt in one transaction, and counts its completions: for writes the units that are in the tables and not
/// counted yet, those of attempts that were killed included. Returns all completions of the source.
///
/// # Errors
/// The database's; nothing is recorded then, or all of it.
pub async fn settle<D: Driver>(
    driver: &mut D,
    source: &Source,
    attempt: Attempt,
    outcome: &mut Outcome,
) -> Result<u64, DbError> {
    driver.begin().await?;
    match settle_body(driver, source, attempt, outcome).await {
        Ok(completions) => driver.commit().await.map(|()| completions),
        Err(error) => {
            // Whether or not this works: who retries does so on a new connection.
            let _ = driver.rollback().await;
            Err(error)
        }
    }
}

async fn settle_body<D: Driver>(
    driver: &mut D,
    source: &Source,
    attempt: Attempt,
    outcome: &mut Outcome,
) -> Result<u64, DbError> {
    let (source_id, attempt_id) = (Value::Uuid(source.id), Value::Uuid(attempt.id));
    driver.execute(&SETTLE_TIMEOUT, &[]).await?;
    let counted = natural(&one(driver, &SETTLE_LOCK, &[source_id]).await?);
    if attempt.again
        && let Some(recorded) = recorded(driver, attempt_id).await?
    {
        outcome.completions = recorded.completions;
        return Ok(counted);
    }
    let all = if source.action.reads() {
        counted + outcome.completions
    } else {
        natural(&one(driver, &SETTLE_COUNT, &[source_id]).await?)
    };
    outcome.completions = all.saturating_sub(counted);
    let last = Value::Int(attempt.last.into());
    driver.execute(&SETTLE_SOURCE, &[source_id, Value::Int(all.cast_signed()), last]).await?;
    let json = serde_json::to_string(outcome).expect("an outcome has a form in JSON");
    driver.execute(&SETTLE_RECORD, &[attempt_id, source_id, Value::Text(&json)]).await?;
    Ok(all)
}

async fn recorded<D: Driver>(driver: &mut D, attempt: Value<'_>) -> Result<Option<Outcome>, DbError> {
    let rows = driver.fetch(&SETTLE_ATTEMPT, &[attempt]).await?;
    let Some(cell) = rows.first().and_then(|row| row.first()) else {
        return Ok(None);
    };
    serde_json::from_str(cell.text()).map(Some).map_err(|_| unexpected("settle-attempt"))
}

async fn one<D: Driver>(
    driver: &mut D,
    statement: &'static lambda_kit::sql::Statement,
    values: &[Value<'_>],
) -> Result<Cell, DbError> {
    let rows = driver.fetch(statement, values).await?;
    rows.into_iter().flatten().next().ok_or_else(|| unexpected("the ledger"))
}

/// The name by which a kind of something is known outside: `INSERT`, `data-api`.
pub fn text(kind: &impl Serialize) -> String {
    let value = serde_json::to_value(kind).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn natural(cell: &Cell) -> u64 {
    u64::try_from(cell.int()).unwrap_or(0)
}

fn unexpected(what: &str) -> DbError {
    DbError::new("XX000", format!("{what} answered with rows in a different form than this version expects"))
}
