//! What splits will cost and meet, before they begin.

use anyhow::Result;
use protocol::stats::{real, whole};
use results::cost::{Cost, Usage};
use results::prices::{ALARM_MONTH, KEY_MONTH};
use results::scenario::Detail;
use results::scenario::splitter::{RUN_LOG_COST, SPLIT_COST, SplitRun, Splitting, Trigger, cost_item};

use super::Run;
use super::execute::{Event, batch_size};
use super::options::Options;
use super::report::Quantities;
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::estimate::{Bound, Part, Past, Plan, Range, monthly, of_run};
use crate::scenario::shared::limits::{Allowed, Limit, concurrency};

/// What an invocation takes besides its items' time, ms.
const OVERHEAD_MS: Range = Range::new(2.0, 30.0, 150.0);
/// What it takes to write an item's two entries and to send its message, in the invocation that splits, ms.
const SPLIT_ITEM_MS: Range = Range::new(0.5, 2.0, 10.0);
/// Between two splits, and for the REPORT lines at the end, s.
const AROUND_SECONDS: Range = Range::new(3.0, 5.0, 30.0);
/// From the event until all invocations that the queue is allowed are under way, s.
const START_SECONDS: Range = Range::new(0.1, 2.0, 30.0);
/// What EventBridge takes of an entry, bytes (EventBridge User Guide, "Quotas").
const EVENT_BYTES: f64 = 1_000_000.0;

/// What splits will cost and meet.
pub async fn plan(run: &Run, options: &Options, invocations_at_once: u64, pasts: &[&Past]) -> Result<Plan> {
    let event = Event::new(options, run)?;
    let concurrencies = match options.concurrency.as_slice() {
        [] => vec![run.deployment().required("concurrency")?],
        all => all.to_vec(),
    };
    let of = |concurrency: &u64| Split::new(run, &event, *concurrency, pasts);
    let splits: Vec<Split<'_>> = concurrencies.iter().map(of).collect();
    let mut limits = vec![concurrency(run, invocations_at_once)];
    if splits.iter().any(|split| split.trigger == Trigger::EventBus) {
        let bytes = event.in_run(&run.name).to_string().len() as u64;
        limits.push(Limit::new(
            "bytes of an event (EventBridge)",
            real(bytes),
            Allowed::documented(EVENT_BYTES),
            "lower --items",
        ));
    }
    let mut assumptions = vec!["each item is done at its first attempt".to_owned()];
    assumptions.extend(splits.first().map(Split::assumption));
    Ok(Plan {
        standing: vec![
            monthly(&run.prices, "1 KMS key", 1.0, KEY_MONTH),
            monthly(&run.prices, "1 alarm (an account's first ten cost nothing)", 1.0, ALARM_MONTH),
        ],
        parts: splits.iter().map(|split| Part::of(split.item(), |bound| split.usage(bound))).collect(),
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
        of_run(costs, &item(run.concurrency), &[&split, &run_log], millions)
    };
    splitting.runs.iter().filter_map(of).collect()
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

    /// Whether items go through the queue.
    fn is_queued(&self) -> bool {
        self.trigger != Trigger::Sequential && self.items > 1
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
        if self.is_queued() && self.past.is_none() {
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
            split_attempts: u64::from(self.is_queued()),
            item_attempts: self.items,
            batch_size: batch_size(self.run),
            event_bytes: self.event.in_run(&self.run.name).to_string().len() as u64,
            message_bytes: self.event.message_bytes(&self.run.name),
        }
    }

    /// One for each item, or for a full batch of them; and one that splits.
    fn invocations(&self) -> Range {
        let items = real(self.items);
        if !self.is_queued() {
            return Range::exact(items.max(1.0));
        }
        let batches = real(self.items.div_ceil(batch_size(self.run).max(1)));
        Range::new(batches, batches, items).map(|invocations| invocations + 1.0)
    }

    fn seconds(&self) -> Range {
        let at_once = real(self.concurrency.min(self.items).max(1));
        let each = self.overhead_ms.map(|ms| self.event.item_seconds + ms / 1e3);
        each.map(|seconds| seconds * real(self.items) / at_once).plus(START_SECONDS).plus(AROUND_SECONDS)
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
    use crate::scenario::splitter::testing::run;

    #[tokio::test]
    async fn the_same_splits_again_are_estimated_as_they_were() {
        let line = "--items 50 --item-seconds 1 --concurrency 1,5,10,50";
        let splitter = Splitter::new(&parsed(line).unwrap()).unwrap();
        assert_alike(&again(&splitter, run()).await, &[]);
    }

    #[tokio::test]
    async fn items_time_is_known_and_requests_depend_on_how_full_batches_are() {
        let mut run = run();
        run.deployed.deployment.settings.insert("batchSize".to_owned(), 10.into());
        let options: Options = parsed("--items 100 --item-seconds 2 --concurrency 10").unwrap();
        let plan = plan(&run, &options, 10, &[]).await.unwrap();
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
