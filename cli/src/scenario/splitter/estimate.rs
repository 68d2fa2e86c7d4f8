//! What splits will cost and meet, before they begin.

use anyhow::Result;
use protocol::load_generator::LoadGenerator;
use protocol::stats::{real, whole};
use results::cost::{Cost, Usage};
use results::prices::{ALARM_MONTH, KEY_MONTH};
use results::scenario::splitter::{RUN_LOG_COST, SPLIT_COST, SplitRun, Splitting, Trigger, cost_item};
use results::scenario::{COST_OF_LOAD, Detail};

use super::Run;
use super::execute::{Event, batch_size};
use super::options::Options;
use super::report::Quantities;
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::estimate::{Bound, Part, Past, Plan, Range, monthly, of_run};
use crate::scenario::shared::limits::{Allowed, Limit, concurrency};
use crate::scenario::shared::load_generator;

/// What an invocation takes besides its items' time, ms.
const OVERHEAD_MS: Range = Range::new(2.0, 30.0, 150.0);
/// What it takes to write an item's two entries and to send its message, in the invocation that splits, ms.
const SPLIT_ITEM_MS: Range = Range::new(0.5, 2.0, 10.0);
/// What functions that send items take for one, ms.
const SENT_ITEM_MS: Range = Range::new(0.02, 0.1, 1.0);
/// Between two splits, and for the REPORT lines at the end, s.
const AROUND_SECONDS: Range = Range::new(3.0, 5.0, 30.0);
/// From the event until all invocations that the queue is allowed are under way, s.
const START_SECONDS: Range = Range::new(0.1, 2.0, 30.0);
/// What EventBridge takes of an entry, bytes (EventBridge User Guide, "Quotas").
const EVENT_BYTES: f64 = 1_000_000.0;

/// What splits will cost and meet.
pub fn plan(run: &Run, options: &Options, invocations_at_once: u64, pasts: &[&Past]) -> Result<Plan> {
    let event = Event::new(options, run)?;
    let concurrencies = match options.concurrency.as_slice() {
        [] => vec![run.deployment().required("concurrency")?],
        all => all.to_vec(),
    };
    let of = |concurrency: &u64| Split::new(run, &event, *concurrency, pasts);
    let splits: Vec<Split<'_>> = concurrencies.iter().map(of).collect();
    let mut limits = vec![concurrency(run, invocations_at_once)];
    if splits.iter().any(|split| split.trigger == Trigger::EventBus) {
        let bytes = event.bytes(&run.name);
        limits.push(Limit::new(
            "bytes of an event (EventBridge)",
            real(bytes),
            Allowed::documented(EVENT_BYTES),
            "lower --items",
        ));
    }
    limits.extend(splits.first().map(Split::execution).unwrap_or_default());
    let mut assumptions = vec!["each item is done at its first attempt".to_owned()];
    assumptions.extend(splits.first().map(Split::assumption));
    Ok(Plan {
        standing: vec![
            monthly(&run.prices, "1 KMS key", 1.0, KEY_MONTH),
            monthly(&run.prices, "1 alarm (an account's first ten cost nothing)", 1.0, ALARM_MONTH),
        ],
        parts: splits.iter().flat_map(Split::parts).collect(),
        besides: Vec::new(),
        seconds: splits.iter().fold(Range::default(), |sum, split| sum.plus(split.seconds())),
        limits,
        assumptions,
        not_counted: "logs and tracing; requests to KMS; polls that find the queue empty",
    })
}

/// What the splits of a result used.
pub fn used(splitting: &Splitting, costs: &[Cost]) -> Vec<Cost> {
    let of = |run: &SplitRun| {
        let [split, run_log] = [SPLIT_COST, RUN_LOG_COST].map(|what| cost_item(run.concurrency, what));
        let millions = real(run.items.done) / 1e6;
        let items = of_run(costs, &item(run.concurrency), &[&split, &run_log], millions);
        let load = cost_item(run.concurrency, COST_OF_LOAD);
        items.into_iter().chain(of_run(costs, &load, &[&load], 1.0))
    };
    splitting.runs.iter().flat_map(of).collect()
}

fn item(concurrency: u64) -> String {
    format!("concurrency {concurrency}")
}

/// A split that is to come.
struct Split<'a> {
    run: &'a Run,
    event: &'a Event,
    concurrency: u64,
    trigger: Trigger,
    items: u64,
    /// What an invocation takes besides its items' time, and how much longer it may be, ms.
    overhead_ms: Range,
    past: Option<&'a Past>,
}

impl<'a> Split<'a> {
    fn new(run: &'a Run, event: &'a Event, concurrency: u64, pasts: &[&'a Past]) -> Self {
        let trigger = match (concurrency, &event.file) {
            _ if event.functions.is_some() => Trigger::Functions,
            (1, _) => Trigger::Sequential,
            (_, None) => Trigger::EventBus,
            (_, Some(_)) => Trigger::Invoke,
        };
        let seen = pasts.iter().find_map(|past| Some((*past, overhead_ms(past)?)));
        let memory_mb = run.deployment().setting("memory").unwrap_or_default();
        let overhead_ms = seen.map_or(OVERHEAD_MS, |(past, ms)| {
            past.durations(run.deployment(), past.memory_mb, memory_mb).map(|longer| longer * ms)
        });
        Self {
            run,
            event,
            concurrency,
            trigger,
            items: event.items(),
            overhead_ms,
            past: seen.map(|(past, _)| past),
        }
    }

    fn item(&self) -> String {
        item(self.concurrency)
    }

    /// Whether an event is split, whose items go through the queue.
    fn is_split(&self) -> bool {
        !matches!(self.trigger, Trigger::Sequential | Trigger::Functions) && self.items > 1
    }

    /// What the items take, and the functions that send them.
    fn parts(&self) -> Vec<Part> {
        let items = Part::of(self.item(), |bound| self.usage(bound));
        let load = self.generator().map(|(generator, workers)| {
            let transitions = load_generator::transitions(generator, workers);
            Part::of(cost_item(self.concurrency, COST_OF_LOAD), |bound| {
                // They are started one after the other, and wait for the time at which all begin.
                let waits = real(workers * load_generator::start_delay_ms(workers));
                let sends = SENT_ITEM_MS.map(|ms| ms * real(self.items));
                let ms = Range::new(0.0, waits, waits).plus(sends).at(bound);
                let billed = Billed { invocations: workers, ms, ..Billed::default() };
                let architecture = &self.run.deployment().architecture;
                load_generator::usage(&self.run.prices, architecture, generator, Some(billed), transitions)
            })
        });
        std::iter::once(items).chain(load).collect()
    }

    /// What starts the functions that send the items; none if an event is split.
    fn generator(&self) -> Option<(&LoadGenerator, u64)> {
        let workers = self.event.functions.map(|functions| functions.workers);
        self.run.deployed.load.as_ref().zip(workers)
    }

    /// What starting the functions that send takes; nothing if none do.
    fn execution(&self) -> Vec<Limit> {
        let generator = self.generator();
        generator.map_or_else(Vec::new, |(generator, workers)| {
            load_generator::limits(self.run, generator, workers)
        })
    }

    fn usage(&self, bound: Bound) -> Usage {
        let quantities = self.quantities(bound);
        quantities.split_usage().with(quantities.run_log_usage())
    }

    fn quantities(&self, bound: Bound) -> Quantities<'_> {
        let invocations = self.invocations().at(bound);
        let serial_ms = real(self.items) * self.event.item_seconds * 1e3;
        let mut ms = serial_ms + invocations * self.overhead_ms.at(bound);
        // An earlier run's overhead has it.
        if self.is_split() && self.past.is_none() {
            ms += real(self.items) * SPLIT_ITEM_MS.at(bound);
        }
        Quantities {
            prices: &self.run.prices,
            concurrency: self.concurrency,
            trigger: self.trigger,
            items: self.items,
            done: self.items,
            one_invocation_seconds: serial_ms / 1e3,
            architecture: &self.run.deployment().architecture,
            memory_mb: self.run.deployment().setting("memory").unwrap_or_default(),
            billed: Some(Billed { invocations: whole(invocations), ms, ..Billed::default() }),
            split_attempts: u64::from(self.is_split()),
            item_attempts: self.items,
            batch_size: batch_size(self.run),
            event_bytes: self.event.bytes(&self.run.name),
            message_bytes: self.event.message_bytes(&self.run.name),
        }
    }

    /// One for each item, or for a full batch of them; and one that splits.
    fn invocations(&self) -> Range {
        let items = real(self.items);
        if self.trigger == Trigger::Sequential || (self.items <= 1 && self.trigger != Trigger::Functions) {
            return Range::exact(items.max(1.0));
        }
        let batches = real(self.items.div_ceil(batch_size(self.run).max(1)));
        let splits = if self.is_split() { 1.0 } else { 0.0 };
        Range::new(batches, batches, items).map(|invocations| invocations + splits)
    }

    fn seconds(&self) -> Range {
        let at_once = real(self.concurrency.min(self.items).max(1));
        let each = self.overhead_ms.map(|ms| self.event.item_seconds + ms / 1e3);
        let sends =
            self.generator().map_or(0.0, |(_, workers)| real(load_generator::start_delay_ms(workers)) / 1e3);
        let done = each.map(|seconds| sends + seconds * real(self.items) / at_once);
        done.plus(START_SECONDS).plus(AROUND_SECONDS)
    }

    fn assumption(&self) -> String {
        let what = "what an invocation takes besides its items' time";
        match self.past {
            Some(past) => past.says(self.run.deployment(), what),
            None => format!("{what}: assumed: {} to {} ms", OVERHEAD_MS.low, OVERHEAD_MS.high),
        }
    }
}

/// What invocations of an earlier run took besides their items' time, ms; none if that is not known.
fn overhead_ms(past: &Past) -> Option<f64> {
    let Detail::Splitter(splitting) = &past.detail else { return None };
    let known = splitting.runs.iter().filter_map(|run| {
        let function = run.function.as_ref()?;
        Some((function.billed_ms - run.serial_seconds * 1e3, real(function.invocations)))
    });
    let (ms, invocations) = known.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    (invocations > 0.0).then(|| ms.max(0.0) / invocations)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::scenario::shared::estimate::testing::{again, assert_alike};
    use crate::scenario::shared::testing::parsed;
    use crate::scenario::splitter::Splitter;
    use crate::scenario::splitter::testing::{options_of_functions, run};

    #[tokio::test]
    async fn the_same_splits_again_are_estimated_as_they_were() {
        let line = "--items 50 --item-seconds 1 --concurrency 1,5,10,50";
        let splitter = Splitter::new(&parsed(line).unwrap()).unwrap();
        assert_alike(&again(&splitter, run()).await, &[]);
    }

    #[tokio::test]
    async fn functions_that_send_items_are_estimated_apart() {
        let plan = plan(&run(), &options_of_functions(1000), 10, &[]).unwrap();
        let items: Vec<_> = plan.parts.iter().map(|part| part.expected.item.as_str()).collect();
        assert_eq!(items, ["concurrency 5", "concurrency 5: the load generator, for this run"]);
        let quantity = |part: usize, name: &str| {
            let lines = &plan.parts[part].expected.lines;
            lines.iter().find(|line| line.name == name).and_then(|line| line.quantity)
        };
        // Each item is sent with nine others, received and deleted alone, and claimed and ended in the log.
        assert_eq!(quantity(0, "Lambda requests"), Some(1000.0));
        assert_eq!((quantity(0, "SQS"), quantity(0, "run log")), (Some(2100.0), Some(2000.0)));
        assert_eq!((quantity(1, "Lambda requests"), quantity(1, "Step Functions")), (Some(2.0), Some(8.0)));
        assert!(!plan.limits.iter().any(|limit| limit.of_run.what.contains("EventBridge")));
    }

    #[tokio::test]
    async fn items_time_is_known_and_requests_depend_on_how_full_batches_are() {
        let mut run = run();
        run.deployed.deployment.settings.insert("batchSize".to_owned(), 10.into());
        let options: Options = parsed("--items 100 --item-seconds 2 --concurrency 10").unwrap();
        let plan = plan(&run, &options, 10, &[]).unwrap();
        let line = |name: &str| {
            let lines = &plan.parts[0].expected.lines;
            lines.iter().find(|line| line.name == name).and_then(|line| line.quantity).unwrap()
        };
        // Ten batches, and the invocation that splits.
        assert!((line("Lambda requests") - 11.0).abs() < 1e-9);
        assert!((line("SQS") - (10.0 + 2.0 * 10.0)).abs() < 1e-9);
        assert!((line("run log") - (100.0 + 2.0 * 101.0)).abs() < 1e-9);
        let least = 200.0 / 8.0;
        assert!((least..1.05 * least).contains(&line("compute")), "{}", line("compute"));
        assert!(plan.seconds.low > 20.0 && plan.seconds.high < 120.0, "{:?}", plan.seconds);
        assert!(plan.assumptions[1].contains("assumed: 2 to 150 ms"), "{:?}", plan.assumptions);
    }
}
