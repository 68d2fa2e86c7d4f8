//! A function's log group, read again and again.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::Result;
use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use protocol::deployment::Deployment;

use super::event::Event;
use super::functions::Function;
use super::window::Window;
use crate::aws::failed;

/// Events on a page, at most (API reference of `FilterLogEvents`). An emulator may end there, without a token for the rest.
const PAGE: usize = 10_000;
/// An event may become searchable after one that is newer: so much before the newest is searched again.
const OVERLAP_MS: i64 = 30_000;

/// A log, and what of it was read.
pub struct Log<'a> {
    client: Client,
    deployment: &'a Deployment,
    group: &'a str,
    from_ms: i64,
    to_ms: Option<i64>,
    /// How often each event was read, by its time and what tells it from others.
    read: HashMap<(i64, u64), usize>,
}

impl<'a> Log<'a> {
    /// The log of a function, none of which was read yet.
    pub fn new(
        config: &SdkConfig,
        deployment: &'a Deployment,
        function: &'a Function,
        window: &Window,
    ) -> Self {
        Self {
            client: Client::new(config),
            deployment,
            group: &function.log_group,
            from_ms: window.from_ms,
            to_ms: window.to_ms,
            read: HashMap::new(),
        }
    }

    /// Hands over each event that was not there before, in the order of their times; returns how many these were.
    ///
    /// # Errors
    /// If CloudWatch Logs fails, or `each` does.
    pub async fn read_new(&mut self, mut each: impl FnMut(Event) -> Result<()>) -> Result<usize> {
        let mut count = 0;
        loop {
            let (new, is_cut) = self.search(&mut each).await?;
            count += new;
            if !is_cut || new == 0 {
                self.go_on_from(self.newest().saturating_sub(OVERLAP_MS));
                return Ok(count);
            }
            self.go_on_from(self.newest());
        }
    }

    /// One search with all its pages: how many events were new, and whether it may have ended too soon.
    async fn search(&mut self, each: &mut impl FnMut(Event) -> Result<()>) -> Result<(usize, bool)> {
        let request = self.client.filter_log_events().log_group_name(self.group).start_time(self.from_ms);
        let mut pages = request.set_end_time(self.to_ms).into_paginator().send();
        let (mut new, mut is_cut) = (0, false);
        let mut seen: HashMap<(i64, u64), usize> = HashMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("FilterLogEvents", self.deployment)(&error))?;
            is_cut = page.events().len() >= PAGE;
            for event in page.events.unwrap_or_default() {
                let key = key(&event);
                let times = seen.entry(key).or_default();
                *times += 1;
                let before = self.read.entry(key).or_default();
                if *times > *before {
                    *before = *times;
                    new += 1;
                    each(Event {
                        at_ms: key.0,
                        stream: event.log_stream_name.unwrap_or_default(),
                        message: event.message.unwrap_or_default(),
                    })?;
                }
            }
        }
        Ok((new, is_cut))
    }

    fn newest(&self) -> i64 {
        self.read.keys().map(|(at_ms, _)| *at_ms).max().unwrap_or(self.from_ms)
    }

    fn go_on_from(&mut self, from_ms: i64) {
        self.from_ms = self.from_ms.max(from_ms);
        self.read.retain(|(at_ms, _), _| *at_ms >= self.from_ms);
    }
}

/// What tells an event from others. Two that have the same are counted.
fn key(event: &FilteredLogEvent) -> (i64, u64) {
    let mut hasher = DefaultHasher::new();
    (&event.log_stream_name, &event.event_id, &event.message).hash(&mut hasher);
    (event.timestamp.unwrap_or_default(), hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;
    use crate::scenario::shared::testing::{self, Deployed};

    type Events = Arc<Mutex<Vec<Value>>>;

    fn event(at_ms: i64, message: &str) -> Value {
        json!({ "timestamp": at_ms, "logStreamName": "s", "message": message })
    }

    /// CloudWatch Logs with events in the order of their times, so many per answer; with a token for the rest, or without.
    fn logs(page: usize, has_tokens: bool) -> (SdkConfig, Events) {
        let events = Events::default();
        let all = Arc::clone(&events);
        let answer = move |_: &str, request: &Value| {
            let from = request["startTime"].as_i64().unwrap();
            let to = request["endTime"].as_i64().unwrap_or(i64::MAX);
            let skipped = request["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
            let all = all.lock().unwrap();
            let found = all.iter().filter(|one| (from..=to).contains(&one["timestamp"].as_i64().unwrap()));
            let rest: Vec<&Value> = found.skip(skipped).collect();
            let token = (has_tokens && rest.len() > page).then(|| (skipped + page).to_string());
            (200, json!({ "events": &rest[..rest.len().min(page)], "nextToken": token }))
        };
        (test_kit::aws::config(answer).0, events)
    }

    async fn read(log: &mut Log<'_>) -> Vec<String> {
        let mut messages = Vec::new();
        let count = log
            .read_new(|event| {
                messages.push(event.message);
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(count, messages.len());
        messages
    }

    fn function() -> Function {
        Function { scenario: "x".to_owned(), name: "f".to_owned(), log_group: "/aws/lambda/f".to_owned() }
    }

    #[tokio::test]
    async fn every_page_is_read_and_no_event_twice() {
        let (config, events) = logs(2, true);
        let run = testing::run::<Deployed>("x", json!({ "settings": {} }));
        let (function, window) = (function(), super::super::window::last(std::time::Duration::ZERO));
        let mut log = Log { from_ms: 1000, ..Log::new(&config, run.deployment(), &function, &window) };
        *events.lock().unwrap() =
            ["a", "b", "c", "d", "e"].iter().zip(1000..).map(|(message, ms)| event(ms, message)).collect();
        assert_eq!(read(&mut log).await, ["a", "b", "c", "d", "e"]);
        assert!(read(&mut log).await.is_empty());
        // Late, at a time that was read; and the same line again at the same time.
        events.lock().unwrap().extend([event(1001, "late"), event(1001, "b")]);
        assert_eq!(read(&mut log).await, ["late", "b"]);
        events.lock().unwrap().push(event(100_000, "much later"));
        assert_eq!(read(&mut log).await, ["much later"]);
        assert!(read(&mut log).await.is_empty());
        assert_eq!(log.read.len(), 1, "what is not searched any more is forgotten");
    }

    #[tokio::test]
    async fn a_full_page_without_a_token_is_not_taken_for_the_end() {
        let (config, events) = logs(PAGE, false);
        let run = testing::run::<Deployed>("x", json!({ "settings": {} }));
        let (function, window) = (function(), super::super::window::last(std::time::Duration::ZERO));
        let mut log = Log { from_ms: 0, ..Log::new(&config, run.deployment(), &function, &window) };
        let count = 2 * PAGE + 5;
        *events.lock().unwrap() = (0..count)
            .map(|number| event(1000 + i64::try_from(number / 3).unwrap(), &number.to_string()))
            .collect();
        let expected: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        assert_eq!(read(&mut log).await, expected);
    }
}
