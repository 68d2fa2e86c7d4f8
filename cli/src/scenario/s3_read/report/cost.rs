//! What reading costs on AWS: the functions' time, and the requests to the queue, the bucket and the table.

use protocol::s3_read::Variant;
use protocol::stats::real;
use results::cost::{Cost, Usage};
use results::prices::{DYNAMODB_WRITE, S3_READ, S3_WRITE, SQS_REQUEST, STATE_TRANSITION};
use results::scenario::COST_OF_LOAD;
use results::scenario::s3_read::ReadRun;

use super::Aggregate;
use crate::scenario::s3_read::Run;
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::cost::{lambda, lambda_as, usd_of};

/// What the costs of a run are for.
pub const THOUSAND_OBJECTS: &str = "1,000 objects";
/// What the costs of a run are for, too.
pub const GB: &str = "a GB";
/// Messages of a `SendMessageBatch`: 64 KB, a request's unit, have room for ten signed URLs.
const MESSAGES_PER_SEND: u64 = 10;
/// Objects of a LIST request.
const OBJECTS_PER_LIST: u64 = 1000;

/// Of fewer bytes, a GB's price would only be that of so many requests.
const MIN_BYTES: u64 = 1_000_000;

/// What 1,000 objects cost, and a GB; nothing if nothing was read, and no GB if hardly anything was. Behind them the functions that
/// sent the messages together, which are no part of the price of an object.
pub fn costs(run: &Run, aggregate: &Aggregate) -> Vec<Cost> {
    let quantities = quantities(aggregate);
    let usage = quantities.usage(run);
    let (objects, bytes) = (aggregate.run.objects.read, aggregate.run.bytes);
    let shares = [(THOUSAND_OBJECTS, 1e3, objects, 1), (GB, 1e9, bytes, MIN_BYTES)];
    let measured = shares.into_iter().filter(|(.., all, least)| all >= least);
    let item = |what| format!("{}: {what}", aggregate.run.variant);
    let costs = measured.map(|(what, unit, all, _)| usage.cost(item(what), unit / real(all)));
    let load = quantities.load_usage(run).map(|usage| usage.cost(load_item(aggregate.run.variant), 1.0));
    costs.chain(load).collect()
}

/// What the cost is called of the functions that send the messages of a variant together.
pub fn load_item(variant: Variant) -> String {
    format!("{variant}: {COST_OF_LOAD}")
}

/// What a run costs: [`THOUSAND_OBJECTS`], or a [`GB`].
pub fn of_run(costs: &[Cost], run: &ReadRun, what: &str) -> Option<f64> {
    items_of_run(run, what).iter().find_map(|item| usd_of(costs, item))
}

/// What that cost may be called: where one result had several memory sizes in `runs`, their costs had the size in their names.
pub fn items_of_run(ReadRun { variant, memory_mb, .. }: &ReadRun, what: &str) -> [String; 2] {
    [format!("{variant}: {what}"), format!("{variant} {memory_mb} MB: {what}")]
}

/// What a run used, without what its REPORT lines have to say if they are missing.
fn quantities(aggregate: &Aggregate) -> Quantities {
    let Aggregate { observation, run: ReadRun { listing, objects, memory_mb, .. }, .. } = aggregate;
    Quantities {
        memory_mb: *memory_mb,
        reader: observation.reader,
        generator: observation.generator,
        transitions: observation.generation.as_ref().map(|generation| generation.transitions),
        lists: listing.lists.unwrap_or_else(|| lists(listing.listed, listing.calls)),
        sent: listing.sent,
        dead_lettered: objects.dead_lettered,
        gets: aggregate.gets,
        write_units: aggregate.write_units,
    }
}

/// LIST requests that so many objects take in so many invocations.
pub fn lists(objects: u64, invocations: u64) -> u64 {
    objects.div_ceil(OBJECTS_PER_LIST).max(invocations)
}

/// What a run used.
#[derive(Debug, Clone, Copy)]
pub struct Quantities {
    /// Memory of each reader, MB.
    pub memory_mb: u64,
    /// The readers' invocations; none if they are unknown.
    pub reader: Option<Billed>,
    /// The generator's invocations; none if they are unknown.
    pub generator: Option<Billed>,
    /// State transitions that started generators which sent the messages together; none if one sent them alone.
    pub transitions: Option<u64>,
    /// LIST requests of the generator.
    pub lists: u64,
    /// Messages that it sent, one an object.
    pub sent: u64,
    /// Those of them that were given up.
    pub dead_lettered: u64,
    /// Requests for objects that were read.
    pub gets: u64,
    /// A unit for each KB of an item.
    pub write_units: u64,
}

impl Quantities {
    /// What they cost on a stack.
    pub fn usage(&self, run: &Run) -> Usage {
        let (prices, architecture) = (&run.prices, &run.deployment().architecture);
        // Lambda takes a batch of messages for each invocation and deletes it, with a request each; polls that find the
        // queue empty are not counted: they are made whether there is load or not.
        let queue = self.reader.map(|billed| {
            let sends = self.sent.div_ceil(MESSAGES_PER_SEND);
            real(sends + 2 * billed.invocations + self.dead_lettered)
        });
        let mut usage = lambda(prices, architecture, self.memory_mb, self.reader);
        if self.transitions.is_none() {
            usage = usage.with(self.generator(run, ["generator compute", "generator requests"]));
        }
        usage.add("queue", queue, prices.quote(SQS_REQUEST));
        usage.add("GET", real(self.gets), prices.quote(S3_READ));
        usage.add("table", real(self.write_units), prices.quote(DYNAMODB_WRITE));
        usage
    }

    /// What generators cost that sent the messages together; none if one sent them alone.
    pub fn load_usage(&self, run: &Run) -> Option<Usage> {
        let transitions = self.transitions?;
        let mut usage = self.generator(run, ["compute", "Lambda requests"]);
        usage.add("Step Functions", real(transitions), run.prices.quote(STATE_TRANSITION));
        Some(usage)
    }

    fn generator(&self, run: &Run, names: [&'static str; 2]) -> Usage {
        let (architecture, memory_mb) = (&run.deployment().architecture, run.deployed.generator_memory);
        let mut usage = lambda_as(names, &run.prices, architecture, memory_mb, self.generator);
        usage.add("LIST", real(self.lists), run.prices.quote(S3_WRITE));
        usage
    }
}

#[cfg(test)]
mod tests {
    use results::scenario::s3_read::Listing;

    use super::*;
    use crate::scenario::s3_read::testing::{aggregate, billed, observation_of_functions, run};

    /// 2,000 objects of 1 MB; 200 invocations of 500 ms at 512 MB, one of 4 s for the generator.
    fn two_gb() -> Aggregate {
        let mut aggregate = aggregate(Variant::Sdk, 512);
        aggregate.observation.reader = Some(billed(200, 100_000.0));
        aggregate.observation.generator = Some(billed(1, 4000.0));
        aggregate.run.listing = Listing { calls: 1, listed: 2000, sent: 2000, ..Listing::default() };
        aggregate.run.objects.read = 2000;
        aggregate.run.bytes = 2_000_000_000;
        Aggregate { gets: 2100, write_units: 2000, ..aggregate }
    }

    fn assert_close(got: Option<f64>, want: f64) {
        assert!(got.is_some_and(|got| (got - want).abs() < 1e-12), "{got:?} is not {want}");
    }

    #[test]
    fn every_line_is_for_a_thousand_objects() {
        let [thousand, gb] = &costs(&run(), &two_gb())[..] else { panic!("two costs") };
        assert_eq!((thousand.item.as_str(), gb.item.as_str()), ("sdk: 1,000 objects", "sdk: a GB"));
        let line = |name: &str| thousand.lines.iter().find(|line| line.name == name).unwrap().usd;
        assert_close(line("compute"), 200.0 * 0.5 * 0.5 * 0.000_013_333_4 / 2.0);
        assert_close(line("Lambda requests"), 200.0 * 0.000_000_2 / 2.0);
        assert_close(line("generator compute"), 1769.0 / 1024.0 * 4.0 * 0.000_013_333_4 / 2.0);
        assert_close(line("generator requests"), 0.000_000_2 / 2.0);
        assert_close(line("LIST"), 2.0 * 0.000_005 / 2.0);
        assert_close(line("queue"), (200.0 + 400.0 + 0.0) * 0.000_000_4 / 2.0);
        assert_close(line("GET"), 2100.0 * 0.000_000_4 / 2.0);
        assert_close(line("table"), 2000.0 * 0.000_000_625 / 2.0);
        let all = thousand.usd.unwrap();
        assert_close(gb.usd, all * 2.0 / 2.0);
        assert!(all > line("compute").unwrap() + line("table").unwrap());
    }

    #[test]
    fn functions_that_sent_together_are_apart() {
        let aggregate = Aggregate::of(observation_of_functions(Variant::Sdk));
        let [thousand, _, load] = &costs(&run(), &aggregate)[..] else { panic!("three costs") };
        let names = |cost: &Cost| cost.lines.iter().map(|line| line.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(thousand), ["compute", "Lambda requests", "queue", "GET", "table"]);
        assert_eq!(load.item, "sdk: the load generator, for this run");
        assert_eq!(names(load), ["compute", "Lambda requests", "LIST", "Step Functions"]);
        let compute = 1769.0 / 1024.0 * 12.0 * 0.000_013_333_4;
        assert_close(load.usd, compute + 3.0 * 0.000_000_2 + 6.0 * 0.000_005 + 8.0 * 0.000_025);
    }

    #[test]
    fn hardly_anything_read_has_no_price_per_gb_and_nothing_no_price() {
        let read = |objects, bytes| {
            let mut aggregate = two_gb();
            (aggregate.run.objects.read, aggregate.run.bytes) = (objects, bytes);
            costs(&run(), &aggregate).into_iter().map(|cost| cost.item).collect::<Vec<_>>()
        };
        assert_eq!(read(1, 57), ["sdk: 1,000 objects"]);
        assert_eq!(read(0, 0), [""; 0]);
    }

    #[test]
    fn a_part_that_is_unknown_leaves_no_sum_rather_than_a_low_one() {
        let (mut no_reader, mut no_generator) = (two_gb(), two_gb());
        no_reader.observation.reader = None;
        no_generator.observation.generator = None;
        for aggregate in [no_reader, no_generator] {
            for cost in costs(&run(), &aggregate) {
                assert_eq!(cost.usd, None);
                assert!(cost.lines.iter().any(|line| line.name == "GET" && line.usd.is_some()));
            }
        }
    }

    #[test]
    fn a_run_that_read_nothing_has_no_cost() {
        let mut nothing = two_gb();
        nothing.run.objects.read = 0;
        nothing.run.bytes = 0;
        assert_eq!(costs(&run(), &nothing), []);
    }
}
