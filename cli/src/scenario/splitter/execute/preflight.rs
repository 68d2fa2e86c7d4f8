//! What is checked before anything is sent.

use anyhow::Result;
use protocol::splitter::DETAIL_TYPE;
use protocol::stats::{real, whole};
use serde_json::Value;

use super::{Event, Run, batch_size, split_name};
use crate::exit::Usage;

/// What EventBridge takes since January 2026: an entry's source, type, detail and resources together must be smaller than 1 MB
/// (<https://aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-payloads-up-to-1-mb>), bytes. Counted
/// in thousands: what EventBridge adds must fit into the megabyte that an asynchronous invocation takes.
const MAX_ENTRY: usize = 1_000_000;
/// The payload of a synchronous invocation that Lambda takes, bytes.
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;
/// Seconds of a timeout beyond what is needed, where one is recommended.
const MARGIN_SECONDS: u64 = 5;

/// Fails if the event, or one of its items, is more than its way or the function can take.
pub fn check(run: &Run, event: &Event, concurrencies: &[u64]) -> Result<()> {
    let last = concurrencies.len() - 1;
    let sent = event.in_run(&split_name(run, last, concurrencies[last]));
    match &event.file {
        None if event.functions.is_some() => {}
        None => check_entry(run, event, &sent)?,
        Some(file) => check_payload(file, &sent)?,
    }
    if concurrencies.contains(&1) && event.items() == 0 {
        let file = event.file.as_deref().unwrap_or_default();
        return usage(format!(
            "{file} has no tags in detail.requestParameters.tagSet.items, so there is nothing to hand over one after the \
             other: leave out --concurrency 1"
        ));
    }
    check_time(run, event)
}

/// What is put on the event bus.
fn check_entry(run: &Run, event: &Event, sent: &Value) -> Result<()> {
    let detail = sent["detail"].to_string();
    let parts = [&run.deployed.source, &run.deployed.function_arn, DETAIL_TYPE, &detail];
    let bytes = parts.map(str::len).iter().sum::<usize>();
    if bytes < MAX_ENTRY {
        return Ok(());
    }
    let items = event.items();
    let fit = items * (MAX_ENTRY as u64 - 1024) / bytes as u64;
    usage(format!(
        "an event of {items} items has {bytes} bytes, and EventBridge takes less than {MAX_ENTRY} bytes: use --items {fit} at most"
    ))
}

/// What the function is invoked with.
fn check_payload(file: &str, sent: &Value) -> Result<()> {
    match sent.to_string().len() {
        ..=MAX_PAYLOAD => Ok(()),
        bytes => usage(format!("{file} has {bytes} bytes, and an invocation takes {MAX_PAYLOAD} bytes")),
    }
}

/// The items of a batch are done one after the other.
fn check_time(run: &Run, event: &Event) -> Result<()> {
    let (timeout, batch) = (run.deployment().required("timeoutSeconds")?, batch_size(run));
    let (item, reserve) = (event.item_seconds, run.deployed.item_reserve_seconds);
    let needed = real(batch) * (item + reserve);
    if needed < real(timeout) {
        return Ok(());
    }
    let ample = whole(needed.ceil()) + MARGIN_SECONDS;
    let advice = if run.deployment().clamp("timeoutSeconds", ample) == ample {
        let set = run.context().set_command("timeoutSeconds", ample);
        format!("{set}, then {}", run.deployment().pulumi("up"))
    } else {
        "lower --item-seconds, or batchSize".to_owned()
    };
    usage(format!(
        "an invocation is stopped after {timeout} s, too soon for {batch} × {item} s plus the {reserve} s \
         that each item needs in addition: {advice}"
    ))
}

fn usage<T>(message: String) -> Result<T> {
    Err(Usage(message).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::splitter::testing::{event, fixture, generated, options_of_functions, run};

    /// What is said of an event of 20 items of 0.2 s, after a change, at the concurrencies 1 and 5.
    fn refused(change: impl FnOnce(&mut Event)) -> String {
        let mut event = event();
        change(&mut event);
        let error = check(&run(), &event, &[5, 1]).unwrap_err();
        assert!(error.is::<Usage>(), "{error}");
        error.to_string()
    }

    #[test]
    fn an_event_that_eventbridge_does_not_take_is_refused_with_how_many_items_fit() {
        let said = refused(|event| *event = generated(40_000));
        let (_, fit) = said.split_once("--items ").unwrap();
        let fit: u64 = fit.trim_end_matches(" at most").parse().unwrap();
        check(&run(), &generated(fit), &[1, 5]).unwrap();
        assert!(fit > 24_000, "{said}");
    }

    #[test]
    fn what_functions_send_is_no_event_that_could_be_too_large() {
        let many = Event::new(&options_of_functions(1_000_000), &run()).unwrap();
        check(&run(), &many, &[5]).unwrap();
    }

    #[test]
    fn items_that_take_longer_than_an_invocation_may_are_refused_with_the_setting_that_helps() {
        let said = refused(|event| event.item_seconds = 29.8);
        assert!(said.contains("pulumi config set --path splitter.timeoutSeconds 36 --stack dev"), "{said}");
        assert!(said.ends_with("then pulumi up --stack dev"), "{said}");
        let said = refused(|event| event.item_seconds = 899.0);
        assert!(said.ends_with("lower --item-seconds, or batchSize"), "{said}");
    }

    #[test]
    fn what_has_no_tags_cannot_be_handed_over_one_after_the_other() {
        let said = refused(|event| *event = fixture("malformed.json", None));
        assert!(said.contains("malformed.json has no tags"), "{said}");
    }
}
