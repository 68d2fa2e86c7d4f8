//! Messages of items from functions that send them together: the same as splitting an event of all of them makes.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::load_generator::Task;
use protocol::splitter::{SharedItems, generated_event};
use serde_json::json;

use crate::support::{World, delivered};

const LONG: Duration = Duration::from_mins(1);

fn task(items: u64, workers: u64, worker: u64) -> Task<SharedItems> {
    let load = SharedItems { run: "run-1".to_owned(), items, workers, item_seconds: Some(0.0) };
    Task { load, worker, start_at_ms: 0 }
}

/// Messages as they are compared: of each item its runs and bodies, without the time at which they were sent.
fn messages(world: &World) -> BTreeMap<String, Vec<[String; 2]>> {
    let mut messages = BTreeMap::<_, Vec<_>>::new();
    for message in &world.state().queue {
        let attribute =
            |name: &str| message["MessageAttributes"][name]["StringValue"].as_str().unwrap().to_owned();
        assert_eq!(attribute("SentAt").len(), 16, "µs since 1970");
        let body = message["MessageBody"].as_str().unwrap().to_owned();
        messages.entry(attribute("Item")).or_default().push([attribute("Run"), body]);
    }
    messages
}

#[tokio::test]
async fn functions_send_the_messages_that_splitting_makes() {
    let world = World::new();
    for worker in 0..3 {
        let report = world.sender().send(task(25, 3, worker), LONG).await.unwrap();
        assert_eq!((report.worker, report.unsent, report.reason), (worker, vec![], None));
        assert!(report.span.end_us >= report.span.late_us, "late, as nobody has waited for it");
    }
    let split = World::new();
    let mut event = generated_event("lambench.splitter", 0..25, Some(0.0));
    event["detail"]["run"] = json!("run-1");
    split.invoke(&event.to_string(), "r").await.unwrap();
    assert_eq!((messages(&world).len(), world.state().queue.len()), (25, 25));
    assert_eq!(messages(&world), messages(&split));
}

#[tokio::test]
async fn an_item_that_was_sent_is_done_by_its_own_id() {
    let world = World::new();
    world.sender().send(task(12_001, 1, 0), LONG).await.unwrap();
    assert_eq!(world.state().queue.len(), 12_001);
    let last = world.state().queue.last().map(|sent| delivered(sent, "m")).unwrap();
    assert_eq!(last["messageAttributes"]["Item"]["stringValue"], "12000");
    assert!(world.deliver(&[last], "r").await.is_empty());
    assert!(world.state().entry("12000").get("ended_us").is_some());
}

#[tokio::test]
async fn what_the_queue_refuses_is_sent_again_and_what_is_given_up_is_named() {
    let world = World::new();
    world.state().failing = [("0001", (1, false)), ("0003", (1, true)), ("0004", (usize::MAX, true))].into();
    let report = world.sender().send(task(20, 2, 1), LONG).await.unwrap();
    assert_eq!((report.sent, report.unsent), (8, vec![(13, 14)]), "ids of entries are those of the part");
    assert_eq!(report.reason.as_deref(), Some("Broken: not now"));
    assert_eq!(world.state().queue.len(), 8, "nothing is in it twice");
}

#[tokio::test]
async fn without_time_nothing_is_sent_and_all_is_named() {
    let world = World::new();
    let report = world.sender().send(task(30_000, 1, 0), Duration::ZERO).await.unwrap();
    assert_eq!(
        (report.sent, report.unsent, report.reason.as_deref()),
        (0, vec![(0, 29_999)], Some("time was up"))
    );
}

#[tokio::test]
async fn a_worker_that_is_none_of_the_loads_is_refused() {
    let failure = World::new().sender().send(task(10, 2, 2), LONG).await.unwrap_err();
    assert_eq!(failure.to_string(), "worker is 2, but must be below workers, 2");
}
