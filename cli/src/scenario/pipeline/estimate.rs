//! What a load will cost and meet, before it begins.

use anyhow::Result;
use protocol::pipeline::message_id;
use protocol::stats::{real, whole};
use results::cost::{Cost, Usage};
use results::prices::{KINESIS_CONSUMER_SHARD_HOUR, KINESIS_SHARD_HOUR, KINESIS_STREAM_HOUR};
use results::scenario::pipeline::{COST, Delivery};
use results::scenario::{COST_OF_LOAD, Detail};

use super::Run;
use super::execute::generator;
use super::limits;
use super::options::Options;
use super::report::Quantities;
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::cost::quantity_of;
use crate::scenario::shared::estimate::{
    Bound, Part, Past, Plan, Range, Standing, database, hourly, of_run, scaling,
};
use crate::scenario::shared::load_generator;

/// The item of an estimate.
const ITEM: &str = "messages";
/// A billed invocation of `upstream`, and of a stream's reader, ms.
const INVOCATION_MS: Range = Range::new(3.0, 6.0, 30.0);
/// What a reader takes longer for each further record of its batch, ms.
const RECORD_MS: Range = Range::new(0.05, 0.2, 1.0);
/// What a worker waits for late answers, s.
const LATE_SECONDS: f64 = 30.0;
/// From the last request to the last row, s.
const DRAIN_SECONDS: Range = Range::new(0.01, 1.0, 15.0);
/// Around the load: asking whether the database is ready, and the REPORT lines, s.
const AROUND_SECONDS: Range = Range::new(5.0, 15.0, 60.0);
/// Batches per second that a shard's reader takes at most while records keep coming: it asks again as soon as one is done.
const BATCHES_PER_SECOND: Range = Range::new(1.0, 5.0, 50.0);

/// What a load will cost and meet.
pub async fn plan(run: &Run, options: &Options, invocations_at_once: u64, pasts: &[&Past]) -> Result<Plan> {
    let load = Load::new(run, options, pasts);
    let delays = load.loads.iter().map(start_delay).sum();
    let seconds = load.seconds().plus(Range::exact(delays)).plus(AROUND_SECONDS);
    let messages = Part::of(ITEM, |bound| load.usage(bound));
    Ok(Plan {
        standing: standing(run),
        parts: std::iter::once(messages).chain(generator_part(run, &load.loads)?).collect(),
        besides: scaling(&run.prices, run.deployment(), 1, seconds),
        seconds,
        limits: Box::pin(limits::met(run, options, invocations_at_once, &load.quantities(Bound::Expected)))
            .await,
        assumptions: load.assumptions(),
        not_counted: "Aurora's storage and I/O, and its least capacity, which is in the stack's price per hour; logs, metrics and tracing; \
                      data through the interface endpoints",
    })
}

/// What the run of a result used.
pub fn used(delivery: &Delivery, costs: &[Cost]) -> Vec<Cost> {
    let share = quantity_of(costs, COST, "HTTP API").map(|requests| real(api_requests(delivery)) / requests);
    // A search has the price of one of its trials, and sent the others' messages, too.
    let of_all = delivery.search.as_ref().map_or(1.0, |search| {
        real(search.sent()) / search.measured().map_or(1.0, |trial| real(trial.stage.sent().max(1)))
    });
    let messages = share.and_then(|share| of_run(costs, ITEM, &[COST], share * of_all));
    messages.into_iter().chain(of_run(costs, COST_OF_LOAD, &[COST_OF_LOAD], 1.0)).collect()
}

/// The requests that the API is charged for, each of which is a unit: also those of functions that have died, as far as their messages
/// arrived.
fn api_requests(delivery: &Delivery) -> u64 {
    let messages = &delivery.messages;
    let arrived = delivery.requests.accepted + messages.unaccepted_stored + messages.unaccepted_dead_lettered;
    delivery.requests.sent.max(arrived)
}

/// Until the load starts that functions send, s.
pub fn start_delay(options: &Options) -> f64 {
    options.workers().map_or(0.0, |workers| real(load_generator::start_delay_ms(workers)) / 1e3)
}

/// The functions that send the loads; none if this machine does.
fn generator_part(run: &Run, loads: &[Options]) -> Result<Option<Part>> {
    let sent: Vec<(&Options, u64)> = loads.iter().filter_map(|load| Some((load, load.workers()?))).collect();
    if sent.is_empty() {
        return Ok(None);
    }
    let generator = generator(run)?;
    let transitions: u64 =
        sent.iter().map(|(_, workers)| load_generator::transitions(generator, *workers)).sum();
    let ms = |(load, workers): &(&Options, u64), bound| {
        let (seconds, delay) = (load_seconds(load), start_delay(load));
        // They are started one after the other, and wait for the time at which all begin.
        let seconds = Range::new(seconds, seconds + delay, seconds + delay + LATE_SECONDS);
        real(*workers) * seconds.at(bound) * 1e3
    };
    let invocations = sent.iter().map(|(_, workers)| workers).sum();
    Ok(Some(Part::of(COST_OF_LOAD, |bound| {
        let ms = sent.iter().map(|one| ms(one, bound)).sum();
        let billed = Billed { invocations, ms, ..Billed::default() };
        let architecture = &run.deployment().architecture;
        load_generator::usage(&run.prices, architecture, generator, Some(billed), transitions)
    })))
}

/// From the first request to the last one, s.
fn load_seconds(load: &Options) -> f64 {
    (load.ramp + load.schedule().duration()).as_secs_f64()
}

fn standing(run: &Run) -> Vec<Standing> {
    let (prices, deployment) = (&run.prices, run.deployment());
    let shards = deployment.setting("shards").unwrap_or_default();
    // Functions in the network reach Secrets Manager; with sqlx, SQS too.
    let endpoints = if deployment.text_setting("driver") == "sqlx" { 2 } else { 1 };
    let mut all = database(prices, deployment, 1, endpoints);
    if shards == 0 {
        all.push(hourly(prices, "1 on-demand stream", 1.0, KINESIS_STREAM_HOUR));
        return all;
    }
    all.push(hourly(prices, format!("a stream's shards: {shards}"), real(shards), KINESIS_SHARD_HOUR));
    if deployment.text_setting("fanOut") == "on" {
        let item = format!("enhanced fan-out of shards: {shards}");
        all.push(hourly(prices, item, real(shards), KINESIS_CONSUMER_SHARD_HOUR));
    }
    all
}

/// A load that is to come.
struct Load<'a> {
    run: &'a Run,
    options: &'a Options,
    /// One, or the trials of the search that sends most.
    loads: Vec<Options>,
    /// Of all of them.
    messages: u64,
    /// What an earlier run says.
    past: Option<Seen<'a>>,
}

/// What each message of an earlier run took.
struct Seen<'a> {
    past: &'a Past,
    /// Invocations of `midstream`.
    midstream: f64,
    /// Invocations of `downstream`.
    downstream: f64,
    /// Billed time of all functions, ms.
    ms: f64,
}

impl<'a> Load<'a> {
    fn new(run: &'a Run, options: &'a Options, pasts: &[&'a Past]) -> Self {
        let past = pasts.iter().find_map(|past| Seen::new(past));
        let loads = options.loads();
        let messages = loads.iter().map(|load| load.schedule().total()).sum();
        Self { run, options, loads, messages, past }
    }

    /// From the first request to the last row.
    fn seconds(&self) -> Range {
        let loads = self.loads.iter().map(|load| DRAIN_SECONDS.map(|drain| load_seconds(load) + drain));
        loads.fold(Range::default(), Range::plus)
    }

    fn usage(&self, bound: Bound) -> Usage {
        self.quantities(bound).usage()
    }

    fn quantities(&self, bound: Bound) -> Quantities {
        let (run, options, messages) = (self.run, self.options, self.messages);
        let deployment = run.deployment();
        Quantities {
            prices: run.prices.clone(),
            rows: messages,
            architecture: deployment.architecture.clone(),
            memory_mb: deployment.setting("memory").unwrap_or_default(),
            billed: Some(self.billed(bound)),
            requests: messages,
            puts: messages,
            writes: messages,
            id_bytes: message_id(&run.name, messages).len() as u64,
            message_bytes: options.size,
            shards: deployment.setting("shards").unwrap_or_default(),
            has_consumer: deployment.text_setting("fanOut") == "on",
            seconds: self.seconds().at(bound),
            is_data_api: deployment.text_setting("driver") == "data-api",
            batches: Some(whole(self.batches().at(bound))),
            acu_hours: None,
        }
    }

    /// The invocations of all functions: one of `upstream` for each message, and its readers' batches.
    fn billed(&self, bound: Bound) -> Billed {
        let messages = real(self.messages);
        let (invocations, ms) = if let Some(seen) = &self.past {
            let deployment = self.run.deployment();
            let memory_mb = deployment.setting("memory").unwrap_or_default();
            let longer = seen.past.durations(deployment, seen.past.memory_mb, memory_mb);
            let readers = self.clamped(seen.midstream).plus(self.batches()).at(bound);
            (messages + readers, messages * seen.ms * longer.at(bound))
        } else {
            let readers = 2.0 * self.batches().at(bound);
            let records = 2.0 * messages * RECORD_MS.at(bound);
            (messages + readers, (messages + readers) * INVOCATION_MS.at(bound) + records)
        };
        Billed { invocations: whole(invocations), ms, ..Billed::default() }
    }

    /// Invocations of `downstream`: at least full batches, at most one for each message.
    fn batches(&self) -> Range {
        if let Some(seen) = &self.past {
            return self.clamped(seen.downstream);
        }
        let deployment = self.run.deployment();
        let shards = deployment.setting("shards").unwrap_or(1).max(1);
        let lanes = real(shards * deployment.setting("parallelization").unwrap_or(1));
        self.within_messages(self.seconds().times(BATCHES_PER_SECOND).map(|batches| batches * lanes))
    }

    /// So many for each message as an earlier run had.
    fn clamped(&self, of_each: f64) -> Range {
        let all = real(self.messages) * of_each;
        self.within_messages(Range::new(all * 0.5, all, all * 1.5))
    }

    fn within_messages(&self, batches: Range) -> Range {
        let batch_size = self.run.deployment().setting("batchSize").unwrap_or(1).max(1);
        batches.clamp(real(self.messages.div_ceil(batch_size)), real(self.messages))
    }

    fn assumptions(&self) -> Vec<String> {
        let every = "each message is accepted, stored once, and needs no retry".to_owned();
        let every = if self.options.find_limit {
            let trials = self.loads.len();
            format!(
                "the search sends the most that it may: {} messages in {trials} trials; {every}",
                self.messages
            )
        } else {
            every
        };
        let Some(Seen { past, .. }) = &self.past else {
            let durations = format!(
                "durations: assumed: {} to {} ms for an invocation, and {} to {} ms for each record of a batch",
                INVOCATION_MS.low, INVOCATION_MS.high, RECORD_MS.low, RECORD_MS.high
            );
            let batches = format!(
                "batches: assumed: {} to {} per second and shard",
                BATCHES_PER_SECOND.low, BATCHES_PER_SECOND.high
            );
            return vec![every, durations, batches];
        };
        vec![every, past.says(self.run.deployment(), "durations, and records in each batch")]
    }
}

impl<'a> Seen<'a> {
    /// What a result says; none if it lacks a function.
    fn new(past: &'a Past) -> Option<Self> {
        let Detail::Pipeline(delivery) = &past.detail else { return None };
        let Delivery { functions, requests, messages, .. } = &**delivery;
        if functions.len() < 3 || requests.sent == 0 || messages.stored == 0 {
            return None;
        }
        let sent = real(api_requests(delivery));
        let of_each = |function: &str| {
            let found = functions.iter().find(|one| one.function == function)?;
            Some(real(found.invocations) / sent)
        };
        Some(Self {
            past,
            midstream: of_each("midstream")?,
            downstream: of_each("downstream")?,
            ms: functions.iter().map(|one| one.billed_ms).sum::<f64>() / sent,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use test_kit::aws::{self, Answer};

    use super::*;
    use crate::scenario::Scenario;
    use crate::scenario::pipeline::Pipeline;
    use crate::scenario::pipeline::testing::run;
    use crate::scenario::shared::estimate::forecast;
    use crate::scenario::shared::estimate::testing::{again, assert_alike};
    use crate::scenario::shared::testing::parsed;

    /// What the emulator says of the stream and the table.
    fn emulator(operation: &str) -> Answer {
        let summary = json!({
            "StreamName": "s", "StreamARN": "a", "StreamStatus": "ACTIVE", "RetentionPeriodHours": 24,
            "StreamCreationTimestamp": 1.5, "EnhancedMonitoring": [], "OpenShardCount": 1,
        });
        match operation {
            "DescribeStreamSummary" => (200, json!({ "StreamDescriptionSummary": summary })),
            "DescribeTable" => (200, json!({ "Table": { "TableName": "t" } })),
            other => panic!("{other}"),
        }
    }

    fn pipeline(line: &str) -> Pipeline {
        Pipeline::new(&parsed(line).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn the_same_load_again_is_estimated_as_it_was() {
        let pipeline = pipeline("--rate 50 --duration 20s");
        assert_alike(&Box::pin(again(&pipeline, run())).await, &[]);
    }

    #[tokio::test]
    async fn what_nobody_has_measured_is_assumed_and_said_so() {
        let (config, _) = aws::config(|operation, _| emulator(operation));
        let mut run = Run { config, ..run() };
        let settings =
            [("minCapacity", 0.5.into()), ("maxCapacity", 2.into()), ("parallelization", 1.into())];
        run.deployed.deployment.settings.extend(settings.map(|(name, value)| (name.to_owned(), value)));
        let forecast = forecast(&pipeline("--rate 2000 --duration 10s --ramp 2s"), &run, &[]).await.unwrap();
        insta::assert_snapshot!(forecast.render());
    }

    #[tokio::test]
    async fn all_steps_count_and_of_a_search_the_most_it_may_send() {
        let run = run();
        let messages = async |line: &str| {
            let plan = plan(&run, &parsed(line).unwrap(), 1, &[]).await.unwrap();
            let cost = &plan.parts[0].expected;
            let requests = cost.lines.iter().find(|line| line.name == "HTTP API").unwrap();
            (requests.quantity.unwrap(), plan)
        };
        let (steps, _) = messages("--steps 100,500,1000 --step-duration 10s").await;
        assert!((steps - 16_000.0).abs() < 1e-6, "{steps}");
        let (spike, plan) = messages("--rate 10 --duration 30s --spike 100 --spike-duration 10s").await;
        assert!((spike - 1200.0).abs() < 1e-6, "{spike}");
        let rate = plan.limits.iter().find(|limit| limit.of_run.what.contains("apiRate")).unwrap();
        assert!((rate.of_run.needed - 100.0).abs() < 1e-9, "the spike's");
        // 5,000, then 10,000, and between them 7,500, 8,750 and 9,375.
        let search = "--find-limit --slo p99<500ms --rate 5000 --step-duration 2s";
        let (most, plan) = messages(search).await;
        assert!((most - 2.0 * 40_625.0).abs() < 1e-6, "{most}");
        assert!(plan.seconds.low > 10.0, "{:?}", plan.seconds);
        assert!(
            plan.assumptions[0]
                .starts_with("the search sends the most that it may: 81250 messages in 5 trials")
        );
        let (_, plan) = messages(&format!("{search} --from functions")).await;
        let invocations = plan.parts[1].expected.lines.iter().find(|line| line.name == "Lambda requests");
        // 20, 40, 30, 35 and 38 functions.
        assert!((invocations.unwrap().quantity.unwrap() - 163.0).abs() < 1e-6, "{invocations:?}");
    }

    #[tokio::test]
    async fn a_search_with_several_memory_sizes_is_refused() {
        let search = pipeline("--find-limit --slo p99<500ms");
        let error = search.estimate(&run(), Some(512), &[]).await.unwrap_err();
        assert!(error.is::<crate::exit::Usage>() && error.to_string().contains("--memory"), "{error}");
    }

    #[tokio::test]
    async fn a_stream_on_demand_has_other_lines_and_is_paid_by_the_hour() {
        let mut run = run();
        run.deployed.deployment.settings.insert("shards".to_owned(), 0.into());
        let options: Options = parsed("--rate 100 --duration 60s").unwrap();
        let plan = plan(&run, &options, 1, &[]).await.unwrap();
        let names: Vec<_> = plan.parts[0].expected.lines.iter().map(|line| line.name.as_str()).collect();
        assert!(names.contains(&"stream data out"), "{names:?}");
        let stream = plan.standing.iter().find(|one| one.item == "1 on-demand stream").unwrap();
        assert!((stream.high_usd_per_hour - 0.04).abs() < 1e-12);
        let whats: Vec<_> = plan.limits.iter().map(|limit| limit.of_run.what.as_str()).collect();
        assert!(
            whats.contains(&"records per second (Kinesis, 4 shards)"),
            "a new stream has four: {whats:?}"
        );
    }
}
