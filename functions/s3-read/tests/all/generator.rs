//! A bucket on its way into a queue: what is sent, what is left out, and how it goes on.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::aws::Aws;
use crate::support::server::Server;
use crate::support::{VARIANTS, s3_config};
use lambda_kit::{Failure, is_xml_text};
use protocol::load_generator::Task;
use protocol::s3_read::slices::{Division, DivisionRequest, SharedListing, Slice};
use protocol::s3_read::{GeneratorReport, GeneratorRequest, Variant};
use s3_read::bucket_url::BucketUrl;
use s3_read::generator::Generator;
use s3_read::message::{Target, by_url};
use s3_read::queue::Queue;
use serde_json::{Value, json};
use test_kit::awkward_keys::taken;

const NEW: &str = "2999-01-01T00:00:00.000Z";
const OLD: &str = "2020-01-01T00:00:00.000Z";
const LONG: Duration = Duration::from_mins(1);

struct World {
    server: Server,
    aws: Aws,
    generator: Generator,
}

impl World {
    async fn new(variant: Variant) -> Self {
        let (server, aws) = (Server::start().await, Aws::new());
        let queue = Queue::new(aws.config(), "https://sqs/queue".to_owned());
        let valid = (variant == Variant::Signed).then_some(Duration::from_hours(1));
        let config = s3_config(&server);
        let generator = Generator::new(&config, variant, "shop".to_owned(), queue, valid).await.unwrap();
        Self { server, aws, generator }
    }

    async fn generate(&self, request: Value, remaining: Duration) -> Result<GeneratorReport, Failure> {
        let request: GeneratorRequest = serde_json::from_value(request).unwrap();
        self.generator.handle(request, remaining).await
    }

    fn list_numbered(&self, count: usize) {
        (0..count).for_each(|number| self.server.list(&key(number), 10, NEW));
    }

    fn bodies(&self) -> Vec<String> {
        self.aws.state().queue.iter().map(|entry| entry["MessageBody"].as_str().unwrap().to_owned()).collect()
    }
}

fn key(number: usize) -> String {
    format!("files/{number:05}")
}

#[tokio::test]
async fn both_variants_send_the_same_objects_with_their_run() {
    for variant in VARIANTS {
        let world = World::new(variant).await;
        for (key, size, modified) in [
            ("files/", 0, NEW),
            ("files/empty", 0, NEW),
            ("files/folder/", 5, NEW),
            ("files/old", 5, OLD),
            ("files/a b+ü%.bin", 7, NEW),
            ("files/z", 8, NEW),
            ("other", 9, NEW),
        ] {
            world.server.list(key, size, modified);
        }
        let report = world.generate(json!({ "run": "run-1", "prefix": "files/" }), LONG).await.unwrap();
        let expected = GeneratorReport {
            run: "run-1".to_owned(),
            variant,
            listed: 6,
            skipped: 3,
            unsendable: 0,
            sent: 3,
            bytes: 20,
            lists: 1,
            continuation: None,
            elapsed_ms: report.elapsed_ms,
            request_id: String::new(),
        };
        assert_eq!(report, expected);
        let bucket_url = BucketUrl::new(&format!("{}/shop/", world.server.url()), "shop").unwrap();
        let key = |body: &String| match variant {
            Variant::Sdk => body.clone(),
            Variant::Signed => {
                let Target { key, url } = by_url(body, &bucket_url).unwrap();
                let query = url.unwrap().query().unwrap().to_owned();
                for part in ["X-Amz-Expires=3600", "X-Amz-Security-Token=token", "X-Amz-Signature="] {
                    assert!(query.contains(part), "{part} in {query}");
                }
                key
            }
        };
        let keys: Vec<_> = world.bodies().iter().map(key).collect();
        assert_eq!(keys, ["files/a b+ü%.bin", "files/folder/", "files/z"], "a folder's object has content");
        let attributes = world.aws.state().queue[0]["MessageAttributes"].clone();
        assert_eq!(attributes["Run"], json!({ "DataType": "String", "StringValue": "run-1" }));
        assert!(attributes["SentAt"]["StringValue"].as_str().unwrap().len() == 16, "{attributes}");
    }
}

#[tokio::test]
async fn every_key_that_s3_takes_is_sent_or_counted() {
    for variant in VARIANTS {
        let world = World::new(variant).await;
        let keys = taken("");
        for key in &keys {
            world.server.list(key, 1, NEW);
        }
        let report = world.generate(json!({}), LONG).await.unwrap();
        let unsendable =
            if variant == Variant::Sdk { keys.iter().filter(|key| !is_xml_text(key)).count() } else { 0 };
        assert_eq!((report.listed, report.unsendable), (keys.len() as u64, unsendable as u64), "{variant}");
        assert_eq!(report.sent + report.unsendable, report.listed, "{variant}");
    }
}

#[tokio::test]
async fn every_page_is_sent_in_full_batches() {
    let world = World::new(Variant::Sdk).await;
    world.list_numbered(2500);
    let report = world.generate(json!({ "maxObjects": 0 }), LONG).await.unwrap();
    assert_eq!((report.listed, report.sent, report.continuation), (2500, 2500, None));
    assert_eq!(world.bodies().into_iter().collect::<BTreeSet<_>>().len(), 2500);
    assert!(world.aws.state().batches.iter().all(|size| *size == 10));
}

#[tokio::test]
async fn the_limit_is_of_messages() {
    for (request, sent, listed) in [(json!({}), 1000, 1000), (json!({ "maxObjects": 1503 }), 1503, 1503)] {
        let world = World::new(Variant::Sdk).await;
        world.list_numbered(2500);
        let report = world.generate(request, LONG).await.unwrap();
        assert_eq!((report.sent, report.listed, report.continuation), (sent, listed, None));
        assert_eq!(world.bodies().len() as u64, sent);
    }
}

#[tokio::test]
async fn old_objects_are_sent_on_demand() {
    let world = World::new(Variant::Sdk).await;
    world.server.list("old", 1, OLD);
    assert_eq!(world.generate(json!({}), LONG).await.unwrap().sent, 0);
    assert_eq!(world.generate(json!({ "modifiedWithinHours": 0 }), LONG).await.unwrap().sent, 1);
}

#[tokio::test]
async fn a_generator_that_runs_out_of_time_goes_on_where_it_was() {
    let world = World::new(Variant::Sdk).await;
    world.list_numbered(1200);
    world.aws.state().refused = BTreeSet::from([key(1043)]);
    let short = Duration::from_secs(3);
    let first = world.generate(json!({ "run": "r", "maxObjects": 0 }), short).await.unwrap();
    assert_eq!((first.sent, first.listed), (1043, 1043));
    assert_eq!(first.continuation, Some(key(1042)));
    world.aws.state().refused.clear();
    let rest = json!({ "run": "r", "maxObjects": 0, "continuation": first.continuation });
    let second = world.generate(rest, LONG).await.unwrap();
    assert_eq!((second.sent, second.listed, second.continuation), (157, 157, None));
    assert_eq!(first.bytes + second.bytes, 12_000);
    assert_eq!(world.bodies().into_iter().collect::<BTreeSet<_>>().len(), 1200);
}

#[tokio::test]
async fn no_time_at_all_leads_back_to_the_beginning() {
    let world = World::new(Variant::Sdk).await;
    world.list_numbered(3);
    let report = world.generate(json!({}), Duration::ZERO).await.unwrap();
    assert_eq!((report.sent, report.continuation.as_deref()), (0, Some("")));
    let report = world.generate(json!({ "continuation": "" }), LONG).await.unwrap();
    assert_eq!(report.sent, 3);
}

#[tokio::test]
async fn a_refused_message_is_an_error() {
    let world = World::new(Variant::Sdk).await;
    world.list_numbered(3);
    world.aws.state().refused = BTreeSet::from([key(1)]);
    world.aws.state().is_senders_fault = true;
    let failure = world.generate(json!({}), LONG).await.unwrap_err();
    assert_eq!(failure.to_string(), "the queue https://sqs/queue refuses 1 messages: Broken: not now");
}

#[tokio::test]
async fn a_key_that_no_message_can_hold_is_counted() {
    for (variant, sent, unsendable) in [(Variant::Sdk, 1, 1), (Variant::Signed, 2, 0)] {
        let world = World::new(variant).await;
        world.server.list("a\u{1}b", 1, NEW);
        world.server.list("c", 1, NEW);
        let report = world.generate(json!({}), LONG).await.unwrap();
        assert_eq!(
            (report.sent, report.unsendable, report.skipped),
            (sent, unsendable, unsendable),
            "{variant}"
        );
    }
}

#[tokio::test]
async fn a_run_that_no_message_can_name_is_refused_before_anything_is_sent() {
    for name in ["a\u{1}", &"x".repeat(257)] {
        let world = World::new(Variant::Sdk).await;
        world.list_numbered(1);
        let failure = world.generate(json!({ "run": name }), LONG).await.unwrap_err().to_string();
        assert!(failure.starts_with("the name of a run must have 1 to 256 bytes"), "{failure}");
        assert!(world.bodies().is_empty());
    }
}

/// What so many generators send of a listing that one has divided, and how it was divided.
async fn send_slices(world: &World, most: u64, max: u64) -> (Division, Vec<GeneratorReport>) {
    let request =
        DivisionRequest { slices: most, prefix: String::new(), modified_within_hours: 0.0, max_objects: max };
    let division = world.generator.divide(request, LONG).await.unwrap();
    let load = SharedListing {
        run: "r".to_owned(),
        prefix: String::new(),
        modified_since: division.modified_since,
        is_limited: max > 0,
        slices: division.slices.clone(),
    };
    let mut reports = Vec::new();
    for worker in 0..load.slices.len() as u64 {
        let task = Task { load: load.clone(), worker, start_at_ms: 0 };
        let sent = world.generator.send_slice(task, LONG).await.unwrap();
        assert_eq!((sent.worker, &sent.report.continuation), (worker, &None));
        assert!(sent.span.end_us > sent.span.late_us, "late, as nobody has waited for it");
        reports.push(sent.report);
    }
    (division, reports)
}

#[tokio::test]
async fn generators_send_a_divided_listing_together_each_object_once() {
    for variant in VARIANTS {
        let world = World::new(variant).await;
        world.list_numbered(1500);
        for folder in ["a", "b/c", "b/d", "z"] {
            (0..300).for_each(|number| world.server.list(&format!("{folder}/{number:03}"), 10, NEW));
        }
        world.server.list("b/", 0, NEW);
        world.server.list("top", 10, NEW);
        let (division, reports) = send_slices(&world, 4, 0).await;
        // a/, b/c/, b/d/, files/ with top, and z/.
        assert_eq!((division.parts, division.listed, division.slices.len()), (5, 2702, 4), "{variant}");
        let all = |of: fn(&GeneratorReport) -> u64| reports.iter().map(of).sum::<u64>();
        assert_eq!((all(|one| one.sent), all(|one| one.listed), all(|one| one.skipped)), (2701, 2702, 1));
        assert!(reports.iter().all(|report| (600..=800).contains(&report.sent)), "{reports:?}");
        assert_eq!(world.bodies().len(), 2701);
        if variant == Variant::Sdk {
            assert_eq!(world.bodies().into_iter().collect::<BTreeSet<_>>().len(), 2701);
        }
    }
}

#[tokio::test]
async fn a_bucket_without_folders_is_one_listing_and_still_many_slices() {
    let world = World::new(Variant::Sdk).await;
    (0..1000).for_each(|number| world.server.list(&format!("{number:05}"), 10, NEW));
    let (division, reports) = send_slices(&world, 4, 0).await;
    assert_eq!((division.parts, division.lists, reports.len()), (1, 2, 4));
    assert_eq!(reports.iter().map(|report| report.sent).collect::<Vec<_>>(), [300, 300, 300, 100]);
    assert_eq!(world.bodies().into_iter().collect::<BTreeSet<_>>().len(), 1000);
}

#[tokio::test]
async fn the_limit_is_of_the_messages_of_all_slices() {
    let world = World::new(Variant::Sdk).await;
    world.list_numbered(2500);
    let (division, reports) = send_slices(&world, 8, 1203).await;
    assert_eq!(reports.iter().map(|report| report.sent).sum::<u64>(), 1203);
    assert_eq!(division.slices.last().unwrap().until, Some(key(1299)));
    let expected: BTreeSet<_> = (0..1203).map(key).collect();
    assert_eq!(world.bodies().into_iter().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn a_slice_whose_time_is_up_says_where_it_stopped() {
    let world = World::new(Variant::Sdk).await;
    world.list_numbered(50);
    world.aws.state().refused = BTreeSet::from([key(43)]);
    let slices = vec![Slice { until: Some(key(19)), objects: 20 }, Slice { until: None, objects: 30 }];
    let load = SharedListing {
        run: "r".to_owned(),
        prefix: String::new(),
        modified_since: None,
        is_limited: false,
        slices,
    };
    let task = Task { load, worker: 1, start_at_ms: 0 };
    let sent = world.generator.send_slice(task, Duration::from_secs(3)).await.unwrap();
    assert_eq!((sent.report.sent, sent.report.continuation), (23, Some(key(42))));
}

#[tokio::test]
async fn a_slice_that_there_is_not_is_refused() {
    let world = World::new(Variant::Sdk).await;
    let task: Task<SharedListing> =
        serde_json::from_str(include_str!("../../fixtures/slice-task.json")).unwrap();
    let failure = world.generator.send_slice(Task { worker: 2, ..task }, LONG).await.unwrap_err();
    assert_eq!(failure.to_string(), "worker is 2, but there are 2 slices");
}
