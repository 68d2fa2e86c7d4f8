//! What the run log says of a run.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::{Context, Result};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use futures::future::try_join_all;
use protocol::decimal;
use protocol::run_log::{
    ATTEMPTS, COLD, COUNT, ENDED_US, ENVIRONMENT, ITEM, QUEUED_US, REQUEST_IDS, STARTED_US,
};
use protocol::splitter::{SPLIT_ID, entry_id};

use super::Run;
use crate::aws::failed;
use crate::scenario::shared::run_log;

/// An entry, as `lambda_kit::run_log` writes it; times are µs since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// When its message was sent.
    pub queued_us: Option<u64>,
    /// When the latest attempt started.
    pub started_us: Option<u64>,
    /// When it was done.
    pub ended_us: Option<u64>,
    /// How many attempts were started.
    pub attempts: u64,
    /// The environment of the latest attempt; none if its function is of a version that didn't say so.
    pub environment: Option<String>,
    /// Whether the latest attempt was in its environment's first invocation.
    pub is_cold: bool,
    /// The items that it stands for.
    pub count: Option<u64>,
}

/// A run's entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunLog {
    /// The splitting; none if the event has one item, or hasn't arrived.
    pub split: Option<Entry>,
    /// The others, by their ids.
    pub items: BTreeMap<String, Entry>,
    /// The invocations that attempted one of them.
    pub request_ids: HashSet<String>,
}

impl RunLog {
    /// Reads a run.
    pub async fn read(run: &Run, name: &str) -> Result<Self> {
        let mut log = Self::default();
        for entry in run_log::entries(run.context(), &run.deployed.run_log.table, name).await? {
            log.add(&entry).with_context(|| format!("an entry of run {name} has no item: {entry:?}"))?;
        }
        Ok(log)
    }

    fn add(&mut self, entry: &HashMap<String, AttributeValue>) -> Option<()> {
        let number = |name| decimal::parse(entry.get(name)?.as_n().ok()?);
        let name = entry.get(ITEM)?.as_s().ok()?;
        let request_ids = entry.get(REQUEST_IDS).and_then(|ids| ids.as_ss().ok());
        self.request_ids.extend(request_ids.into_iter().flatten().cloned());
        let read = Entry {
            queued_us: number(QUEUED_US),
            started_us: number(STARTED_US),
            ended_us: number(ENDED_US),
            attempts: number(ATTEMPTS).unwrap_or_default(),
            environment: entry.get(ENVIRONMENT).and_then(|name| name.as_s().ok()).cloned(),
            is_cold: entry.get(COLD).and_then(|cold| cold.as_bool().ok()).copied().unwrap_or_default(),
            count: number(COUNT),
        };
        match entry_id(name) {
            SPLIT_ID => self.split = Some(read),
            // A second one of the same id is of other tags than the event's.
            id if self.items.contains_key(id) => drop(self.items.insert(name.clone(), read)),
            id => drop(self.items.insert(id.to_owned(), read)),
        }
        Some(())
    }

    /// The items that are done.
    pub fn done(&self) -> impl Iterator<Item = (&String, &Entry, u64, u64)> {
        self.items.iter().filter_map(|(id, entry)| Some((id, entry, entry.started_us?, entry.ended_us?)))
    }

    /// When the last item was done.
    pub fn last_end_us(&self) -> Option<u64> {
        self.done().map(|(_, _, _, end)| end).max()
    }
}

/// How many items of a run are done.
pub async fn count_done(run: &Run, name: &str) -> Result<u64> {
    let queries = run_log::queries(run.context(), &run.deployed.run_log.table, name);
    Ok(try_join_all(queries.map(|query| count(run, query))).await?.into_iter().sum())
}

async fn count(run: &Run, query: QueryFluentBuilder) -> Result<u64> {
    let ended = query
        .select(Select::Count)
        .filter_expression(format!("attribute_exists({ENDED_US}) AND NOT begins_with(#item, :split)"))
        .expression_attribute_names("#item", ITEM)
        .expression_attribute_values(":split", AttributeValue::S(SPLIT_ID.to_owned()));
    let mut pages = ended.into_paginator().send();
    let mut done = 0;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("Query", run.deployment())(&error))?;
        done += u64::try_from(page.count).unwrap_or_default();
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_known_by_its_id_and_none_hides_another() {
        let mut log = RunLog::default();
        for (item, attempts) in [("split#aa", "2"), ("0000#bb", "3"), ("0000#cc", "4")] {
            let text = AttributeValue::S(item.to_owned());
            let requests = AttributeValue::Ss(vec!["batch".to_owned(), format!("request of {item}")]);
            let attempts = AttributeValue::N(attempts.to_owned());
            let environment = AttributeValue::S(format!("stream of {item}"));
            let cold = AttributeValue::Bool(item == "0000#bb");
            let entry = [
                (ITEM, text),
                (ATTEMPTS, attempts),
                (REQUEST_IDS, requests),
                (ENVIRONMENT, environment),
                (COLD, cold),
            ];
            log.add(&entry.map(|(name, value)| (name.to_owned(), value)).into()).unwrap();
        }
        let attempts: Vec<_> = log.items.iter().map(|(id, entry)| (id.as_str(), entry.attempts)).collect();
        assert_eq!(attempts, [("0000", 3), ("0000#cc", 4)]);
        let who: Vec<_> =
            log.items.values().map(|entry| (entry.environment.as_deref(), entry.is_cold)).collect();
        assert_eq!(who, [(Some("stream of 0000#bb"), true), (Some("stream of 0000#cc"), false)]);
        assert_eq!(log.split.as_ref().unwrap().attempts, 2);
        assert_eq!(log.request_ids.len(), 4, "one batch, and three invocations more");
        assert!(log.add(&HashMap::new()).is_none());
    }
}
