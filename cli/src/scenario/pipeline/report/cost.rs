//! What a million messages cost on AWS, by what they use on their way.

use protocol::pipeline::message_id;
use protocol::stats::real;
use results::cost::{Cost, Usage};
use results::price_list::PriceList;
use results::prices::{
    AURORA_ACU_HOUR, DATA_API_REQUEST, DYNAMODB_WRITE, HTTP_API_REQUEST, KINESIS_CONSUMER_GB,
    KINESIS_CONSUMER_SHARD_HOUR, KINESIS_GB_IN, KINESIS_GB_OUT, KINESIS_ON_DEMAND_CONSUMER_GB,
    KINESIS_PUT_UNIT, KINESIS_SHARD_HOUR, KINESIS_STREAM_HOUR,
};
use results::scenario::COST_OF_LOAD;
use results::scenario::pipeline::{COST, COST_WITH_AURORA};

use crate::scenario::pipeline::Run;
use crate::scenario::pipeline::execute::{Arrived, Observation, RequestStatus};
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::cost::lambda;

const KB: u64 = 1024;
const GB: f64 = 1024.0 * 1024.0 * 1024.0;

/// A million messages, without and, where it was measured, with Aurora's capacity; none if nothing was stored. Behind them the
/// functions that sent the load, which are no part of the pipeline.
pub fn costs(run: &Run, observation: &Observation) -> Vec<Cost> {
    let mut costs = Quantities::new(run, observation).costs();
    costs.extend(cost_of_load(run, observation));
    costs
}

fn cost_of_load(run: &Run, observation: &Observation) -> Option<Cost> {
    let (workers, generator) = observation.workers.as_ref().zip(run.deployed.load.as_ref())?;
    let usage = workers.generation.usage(&run.prices, &run.deployment().architecture, generator);
    Some(usage.cost(COST_OF_LOAD, 1.0))
}

/// What a run used.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantities {
    /// What it is charged for.
    pub prices: PriceList,
    /// Messages with a confirmed row.
    pub rows: u64,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Memory of each function, MB.
    pub memory_mb: u64,
    /// The invocations of all functions together; none if those of one are unknown.
    pub billed: Option<Billed>,
    /// Requests that reached the API.
    pub requests: u64,
    /// Messages that were put into the stream.
    pub puts: u64,
    /// Items that were written, duplicates included.
    pub writes: u64,
    /// Length of an id, bytes.
    pub id_bytes: u64,
    /// Length of a text, bytes.
    pub message_bytes: u64,
    /// Shards of the stream; 0 if it is on demand.
    pub shards: u64,
    /// Whether Kinesis pushes the records to a consumer (enhanced fan-out).
    pub has_consumer: bool,
    /// From the first request to the last row, s.
    pub seconds: f64,
    /// Whether `downstream` writes by the Data API.
    pub is_data_api: bool,
    /// Invocations of `downstream`; none if they are unknown.
    pub batches: Option<u64>,
    /// Aurora's capacity × time; none if that was not measured.
    pub acu_hours: Option<f64>,
}

impl Quantities {
    fn new(run: &Run, observation: &Observation) -> Self {
        let options = &observation.options;
        let deployment = run.deployment();
        let Arrived { tally, reconciliation, .. } = &observation.arrived;
        let requests = &observation.load.requests;
        let unaccepted = reconciliation.unaccepted_stored + reconciliation.unaccepted_dead_lettered;
        let puts = requests.count(RequestStatus::Accepted) + unaccepted;
        let downstream = observation.functions.iter().find(|(part, _)| *part == "downstream");
        Self {
            prices: run.prices.clone(),
            rows: tally.rows,
            architecture: deployment.architecture.clone(),
            memory_mb: deployment.setting("memory").unwrap_or_default(),
            billed: sum(&observation.functions),
            // What arrived was sent, whether its sender lived to tell it or not.
            requests: requests.sent().max(puts),
            puts,
            writes: tally.deliveries.max(tally.rows),
            id_bytes: message_id(&run.name, requests.statuses.len() as u64).len() as u64,
            message_bytes: options.size,
            shards: deployment.setting("shards").unwrap_or_default(),
            has_consumer: deployment.text_setting("fanOut") == "on",
            seconds: observation.seconds(),
            is_data_api: deployment.text_setting("driver") == "data-api",
            batches: downstream.and_then(|(_, billed)| Some(billed.as_ref()?.invocations)),
            acu_hours: observation.acu_hours,
        }
    }

    /// The costs of a million messages.
    fn costs(&self) -> Vec<Cost> {
        if self.rows == 0 {
            return Vec::new();
        }
        let (usage, million) = (self.usage(), 1e6 / real(self.rows));
        let without = usage.cost(COST, million);
        let with_aurora = self.acu_hours.map(|hours| {
            let mut aurora = Usage::default();
            aurora.add("Aurora", hours, self.prices.quote(AURORA_ACU_HOUR));
            usage.with(aurora).cost(COST_WITH_AURORA, million)
        });
        std::iter::once(without).chain(with_aurora).collect()
    }

    /// All but Aurora's capacity.
    pub fn usage(&self) -> Usage {
        let mut api = Usage::default();
        api.add("HTTP API", real(self.requests), self.prices.quote(HTTP_API_REQUEST));
        let mut usage = api.with(lambda(&self.prices, &self.architecture, self.memory_mb, self.billed));
        self.add_stream(&mut usage);
        usage.add("table", real(self.writes * self.write_units()), self.prices.quote(DYNAMODB_WRITE));
        if self.is_data_api {
            let requests = self.batches.map(|batches| real(self.data_api_requests(batches)));
            usage.add("Data API", requests, self.prices.quote(DATA_API_REQUEST));
        }
        usage
    }

    /// A provisioned stream is charged by shards and units of 25 KB, one on demand by its time and by GB, where what is put
    /// in is rounded up to the next KB.
    fn add_stream(&self, usage: &mut Usage) {
        let (hours, puts, bytes) = (self.seconds / 3600.0, real(self.puts), self.record_bytes());
        if self.shards == 0 {
            let rounded = bytes.div_ceil(KB) * KB;
            usage.add("stream", hours, self.prices.quote(KINESIS_STREAM_HOUR));
            usage.add("stream data in", puts * real(rounded) / GB, self.prices.quote(KINESIS_GB_IN));
            let out = if self.has_consumer { KINESIS_ON_DEMAND_CONSUMER_GB } else { KINESIS_GB_OUT };
            usage.add("stream data out", puts * real(bytes) / GB, self.prices.quote(out));
        } else {
            usage.add("stream", real(self.shards) * hours, self.prices.quote(KINESIS_SHARD_HOUR));
            usage.add(
                "stream data in",
                puts * real(bytes.div_ceil(25 * KB)),
                self.prices.quote(KINESIS_PUT_UNIT),
            );
            if self.has_consumer {
                usage.add(
                    "fan-out",
                    real(self.shards) * hours,
                    self.prices.quote(KINESIS_CONSUMER_SHARD_HOUR),
                );
                usage.add("fan-out data", puts * real(bytes) / GB, self.prices.quote(KINESIS_CONSUMER_GB));
            }
        }
    }

    /// A record in the stream: its partition key and its JSON, whose names, signs and times are some 72 bytes.
    pub fn record_bytes(&self) -> u64 {
        2 * self.id_bytes + self.message_bytes + 72
    }

    /// Write request units of an item, of a KB each. An item's size are its names and values (DynamoDB Developer Guide,
    /// "Item sizes and formats"): six names of 46 bytes together, and numbers of 9 bytes at most.
    pub fn write_units(&self) -> u64 {
        (self.id_bytes + self.message_bytes + 46 + 4 * 9).div_ceil(KB)
    }

    /// Requests to the Data API: in each batch one statement that writes the rows and one that confirms them, each
    /// counted by 32 KB.
    fn data_api_requests(&self, batches: u64) -> u64 {
        let rows = self.writes.div_ceil(batches.max(1));
        let units = |row_bytes: u64| (rows * row_bytes).div_ceil(32 * KB).max(1);
        batches * (units(self.record_bytes() + 60) + units(self.id_bytes + 3))
    }
}

/// All functions together; none if one of them is unknown.
fn sum(functions: &[(&str, Option<Billed>)]) -> Option<Billed> {
    functions.iter().try_fold(Billed::default(), |sum, (_, billed)| {
        let billed = billed.as_ref()?;
        Some(Billed { invocations: sum.invocations + billed.invocations, ms: sum.ms + billed.ms, ..sum })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::pipeline::testing::{observation, observation_of_functions, run};

    fn quantities() -> Quantities {
        Quantities {
            prices: PriceList::default(),
            rows: 36_000,
            architecture: "arm64".to_owned(),
            memory_mb: 512,
            billed: Some(Billed { invocations: 36_720, ms: 200_000.0, ..Billed::default() }),
            requests: 36_000,
            puts: 36_000,
            writes: 36_000,
            id_bytes: 33,
            message_bytes: 100,
            shards: 1,
            has_consumer: false,
            seconds: 180.0,
            is_data_api: false,
            batches: None,
            acu_hours: None,
        }
    }

    /// What is paid for a line of a million messages without Aurora's capacity.
    fn usd(quantities: &Quantities, line: &str) -> Option<f64> {
        let costs = quantities.costs();
        costs[0].lines.iter().find(|one| one.name == line)?.usd
    }

    fn assert_close(got: Option<f64>, want: f64) {
        assert!(got.is_some_and(|got| (got - want).abs() < 1e-9), "{got:?} is not {want}");
    }

    #[test]
    fn each_part_of_the_way_has_its_price() {
        let quantities = quantities();
        assert_close(usd(&quantities, "HTTP API"), 1.0);
        let compute = 100.0 * 0.000_013_333_4 / 0.036;
        assert_close(usd(&quantities, "compute"), compute);
        assert_close(usd(&quantities, "Lambda requests"), 0.2 * 1.02);
        // 180 s of a shard that 36,000 messages share.
        let stream = 0.05 * 0.015 / 0.036;
        assert_close(usd(&quantities, "stream"), stream);
        assert_close(usd(&quantities, "stream data in"), 0.014);
        assert_close(usd(&quantities, "table"), 0.625);
        let costs = quantities.costs();
        assert_eq!(costs.len(), 1, "Aurora's capacity wasn't measured");
        assert_close(costs[0].usd, compute + 0.2 * 1.02 + stream + 1.0 + 0.014 + 0.625);
        assert_eq!(usd(&quantities, "Data API"), None);
    }

    #[test]
    fn large_messages_take_more_units() {
        let quantities = Quantities { message_bytes: 26_000, ..quantities() };
        assert_close(usd(&quantities, "stream data in"), 2.0 * 0.014);
        assert_close(usd(&quantities, "table"), 26.0 * 0.625);
    }

    #[test]
    fn an_item_that_just_exceeds_a_kilobyte_takes_two_units() {
        let fits = Quantities { message_bytes: 1024 - 33 - 46 - 36, ..quantities() };
        assert_eq!(fits.write_units(), 1);
        assert_eq!(Quantities { message_bytes: fits.message_bytes + 1, ..fits }.write_units(), 2);
    }

    #[test]
    fn an_on_demand_stream_is_charged_by_the_hour_and_by_what_goes_in_and_out() {
        let quantities = Quantities { shards: 0, ..quantities() };
        assert_close(usd(&quantities, "stream"), 0.05 * 0.04 / 0.036);
        let gb = 1e6 / (1024.0 * 1024.0 * 1024.0);
        assert_close(usd(&quantities, "stream data in"), 1024.0 * gb * 0.08);
        assert_close(usd(&quantities, "stream data out"), 238.0 * gb * 0.04);
    }

    #[test]
    fn fan_out_is_charged_by_what_is_pushed_and_where_there_are_shards_by_their_hours() {
        let fanned_out = Quantities { has_consumer: true, ..quantities() };
        assert_close(usd(&fanned_out, "fan-out"), 0.05 * 0.015 / 0.036);
        let gb = 238.0 * 1e6 / (1024.0 * 1024.0 * 1024.0);
        assert_close(usd(&fanned_out, "fan-out data"), gb * 0.013);
        assert_eq!(usd(&quantities(), "fan-out"), None);
        let on_demand = Quantities { shards: 0, ..fanned_out };
        assert_close(usd(&on_demand, "stream data out"), gb * 0.05);
        assert_eq!(usd(&on_demand, "fan-out"), None);
    }

    #[test]
    fn the_data_api_is_asked_twice_a_batch_and_more_often_for_more_data() {
        let quantities = Quantities { is_data_api: true, batches: Some(360), ..quantities() };
        assert_eq!(quantities.data_api_requests(360), 720);
        assert_close(usd(&quantities, "Data API"), 720.0 * 0.35 / 36_000.0);
        let large = Quantities { message_bytes: 1000, ..quantities };
        assert_eq!(large.data_api_requests(360), 360 * 5, "100 rows are 117 KB");
    }

    #[test]
    fn duplicates_are_paid_for_as_well() {
        assert_close(usd(&Quantities { writes: 72_000, ..quantities() }, "table"), 2.0 * 0.625);
    }

    #[test]
    fn without_the_billed_time_there_is_no_price_rather_than_a_low_one() {
        let costs = Quantities { billed: None, acu_hours: Some(1.0), ..quantities() }.costs();
        assert_eq!(costs.iter().map(|cost| cost.usd).collect::<Vec<_>>(), [None, None]);
        assert!(Quantities { rows: 0, ..quantities() }.costs().is_empty());
    }

    #[test]
    fn aurora_is_a_part_of_its_own() {
        let quantities = Quantities { acu_hours: Some(0.3), ..quantities() };
        let costs = quantities.costs();
        let [without, with] = &costs[..] else { panic!("Aurora's capacity was measured: {costs:?}") };
        assert_close(with.lines.last().unwrap().usd, 0.3 * 0.12 / 0.036);
        assert_close(with.usd, without.usd.unwrap() + 1.0);
    }

    #[test]
    fn a_price_says_whether_auroras_capacity_is_in_it() {
        let mut observation = observation();
        let items = |observation: &Observation| -> Vec<String> {
            costs(&run(), observation).into_iter().map(|cost| cost.item).collect()
        };
        assert_eq!(items(&observation), ["a million messages, without Aurora's capacity"]);
        observation.acu_hours = Some(0.1);
        let both =
            ["a million messages, without Aurora's capacity", "a million messages, with Aurora's capacity"];
        assert_eq!(items(&observation), both);
    }

    #[test]
    fn functions_that_send_the_load_have_a_price_of_their_own() {
        let alone = costs(&run(), &observation());
        let mut sent_by_functions = observation();
        sent_by_functions.workers = observation_of_functions().workers;
        let all = costs(&run(), &sent_by_functions);
        assert_eq!(all[..1], alone, "the pipeline costs the same, whoever loads it");
        let [_, load] = &all[..] else { panic!("{all:?}") };
        assert_eq!(load.item, "the load generator, for this run");
        // 300 s of 1,769 MB, 4 requests and 30 transitions.
        let usd = 300.0 * 1769.0 / 1024.0 * 0.000_013_333_4 + 4.0 * 0.2e-6 + 30.0 * 0.025e-3;
        assert_close(load.usd, usd);
    }

    #[test]
    fn only_prices_that_were_used_are_quoted() {
        let units = |quantities: &Quantities| -> Vec<String> {
            quantities.costs()[0].lines.iter().map(|line| line.price.unit.clone()).collect()
        };
        let provisioned = units(&quantities());
        assert!(provisioned.iter().any(|unit| unit == "PUT payload unit of 25 KB"), "{provisioned:?}");
        assert!(!provisioned.iter().any(|unit| unit.contains("on-demand stream")), "{provisioned:?}");
        let on_demand = units(&Quantities { shards: 0, ..quantities() });
        assert_eq!(on_demand.iter().filter(|unit| unit.contains("on-demand stream")).count(), 3);
    }
}
