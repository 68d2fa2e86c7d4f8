//! The limits that a load meets on its way: those of functions, of the API and its account, of the stream's shards, and of the table.

use load::Schedule;
use protocol::stats::{real, whole};
use tokio::join;

use super::Run;
use super::estimate::start_delay;
use super::options::Options;
use super::report::Quantities;
use crate::scenario::shared::limits::{
    Allowed, Limit, SCALING_SECONDS, THROTTLE_BURST, THROTTLE_RATE, concurrency, environments, open_shards,
    table_writes,
};
use crate::scenario::shared::load_generator;
use crate::scenario::shared::tables::count;

/// What a shard takes per second (Kinesis Data Streams Developer Guide, "Quotas and limits").
const SHARD_RECORDS: f64 = 1000.0;
const SHARD_BYTES: f64 = 1024.0 * 1024.0;
/// Shards that a new on-demand stream has, from the same page.
const ON_DEMAND_SHARDS: u64 = 4;

/// What a load meets, by what it is made of.
pub async fn met(
    run: &Run,
    options: &Options,
    invocations_at_once: u64,
    quantities: &Quantities,
) -> Vec<Limit> {
    let loads = options.loads();
    // Of a search, the trial that sends most.
    let options = loads.iter().max_by_key(|load| load.highest_rate()).unwrap_or(options);
    let rate = real(options.highest_rate());
    let mut limits = vec![
        concurrency(run, invocations_at_once),
        environments(new_environments(options), "raise --ramp, or lower --rate or --workers"),
    ];
    if let Some((workers, generator)) = options.workers().zip(run.deployed.load.as_ref()) {
        limits.extend(load_generator::limits(run, generator, workers));
    }
    limits.extend(api(run, options));
    let writes = rate * real(quantities.write_units());
    let (stream, table) = join!(
        stream(run, rate, quantities.record_bytes()),
        table_writes(run.context(), &run.deployed.table.name, writes)
    );
    limits.extend(stream.into_iter().chain([table]));
    limits
}

/// Environments that start within the time by which Lambda limits them: of `upstream`, or of the functions that send the load, all of
/// which have to be there when it starts.
fn new_environments(options: &Options) -> f64 {
    let in_period = |count: u64, seconds: f64| real(count) * (SCALING_SECONDS / seconds).min(1.0);
    let upstream = in_period(options.requests_at_once(), options.ramp.as_secs_f64());
    upstream.max(in_period(options.workers().unwrap_or_default(), start_delay(options)))
}

/// The stage's own throttling, and the account's for all of its APIs. Both are buckets of tokens, of which a request takes one, and
/// which are refilled at a rate (API Gateway Developer Guide, "Throttle requests to your HTTP APIs").
fn api(run: &Run, options: &Options) -> Vec<Limit> {
    let (deployment, context, rate) = (run.deployment(), run.context(), real(options.highest_rate()));
    let setting = |name, what: &str, needed: f64| {
        let allowed = real(deployment.setting(name)?);
        let enough = deployment.clamp(name, whole(needed.ceil()));
        let advice = format!("{}, or lower --rate", context.set_command(name, enough));
        Some(Limit::new(
            format!("{what} (the API's setting {name})"),
            needed,
            Allowed::stack(allowed),
            advice,
        ))
    };
    let of_account = run.account.allows(&THROTTLE_RATE, deployment);
    let refill = deployment.setting("apiRate").map_or(of_account.value, real);
    let [burst, burst_of_account] = bursts(options, [refill, of_account.value]);
    let account = [
        Limit::new(
            "requests per second (API Gateway, of the account)",
            rate,
            of_account,
            format!("{}, or lower --rate", THROTTLE_RATE.raise()),
        ),
        Limit::new(
            "requests in a burst (API Gateway, of the account)",
            burst_of_account,
            run.account.allows(&THROTTLE_BURST, deployment),
            format!("it grows with the rate: {}, or send evenly spaced requests", THROTTLE_RATE.raise()),
        ),
    ];
    let stage =
        [setting("apiRate", "requests per second", rate), setting("apiBurst", "requests in a burst", burst)];
    stage.into_iter().flatten().chain(account).collect()
}

/// The tokens that a load takes out of full buckets at most, each refilled at its rate; of a load that is faster than that, as if the
/// bucket was refilled as fast: such a load is limited by the rate.
fn bursts<const N: usize>(options: &Options, refills: [f64; N]) -> [f64; N] {
    // Who sends makes no difference to what arrives.
    let plan = Schedule { workers: 1, ..options.schedule() }.plan(0);
    let due: Vec<f64> = (0..plan.total()).map(|index| plan.due(index).as_secs_f64()).collect();
    refills.map(|refill| burst(&due, refill.max(real(options.highest_rate()))))
}

/// The tokens that requests take at most out of a full bucket that is refilled at a rate, by when each is due, s.
fn burst(due: &[f64], refill: f64) -> f64 {
    let (mut missing, mut most, mut last) = (0.0_f64, 0.0_f64, 0.0);
    for due in due {
        missing = (missing - refill * (due - last)).max(0.0) + 1.0;
        most = most.max(missing);
        last = *due;
    }
    // Whole tokens: when evenly spaced requests are due is rounded to the nanosecond.
    (most - 0.01).ceil().max(1.0)
}

/// What the stream's shards take, among which the messages' ids distribute them evenly.
async fn stream(run: &Run, rate: f64, record_bytes: u64) -> [Limit; 2] {
    let setting = run.deployment().setting("shards").filter(|shards| *shards > 0);
    let shards = open_shards(run.context(), &run.deployed.stream.name, setting, ON_DEMAND_SHARDS).await;
    [("records", rate, SHARD_RECORDS), ("bytes", rate * real(record_bytes), SHARD_BYTES)].map(
        |(unit, needed, each)| {
            let advice = match setting {
                Some(_) => {
                    let enough = run.deployment().clamp("shards", whole((needed / each).ceil()));
                    format!("{}, or lower --rate", run.context().set_command("shards", enough))
                }
                None => "an on-demand stream grows within minutes: run it again, or lower --rate".to_owned(),
            };
            let what = format!("{unit} per second (Kinesis, {})", count(shards.count, "shard"));
            Limit::new(what, needed, shards.times(each), advice)
        },
    )
}

#[cfg(test)]
mod tests;
