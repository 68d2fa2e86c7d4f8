//! The capacity that Aurora had during a run, which is what it charges for.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use protocol::stats::{Spread, real};
use results::scenario::aurora::CapacityRange;
use tokio::time::{Instant, sleep};

use crate::aws::failed;
use crate::scenario::shared::run_context::RunContext;

/// Aurora publishes its capacity once a minute.
const PERIOD_SECONDS: i32 = 60;
/// How long to wait for it: it comes some minutes late.
const TIMEOUT: Duration = Duration::from_mins(4);
/// Between two polls.
const INTERVAL: Duration = Duration::from_secs(10);

/// The capacity of a cluster's instances by the minute: CloudWatch's `ServerlessDatabaseCapacity`, of which `ACUUtilization` is
/// only a share of the maximum. Empty locally, where there are no ACUs.
#[derive(Debug, Clone, Default)]
pub struct Capacities {
    mean: BTreeMap<i64, f64>,
    min: BTreeMap<i64, f64>,
    max: BTreeMap<i64, f64>,
}

impl Capacities {
    /// What a load of so many seconds used of a cluster with so many instances, of which the metric is the mean; none if nothing
    /// is known.
    pub fn acu_hours(&self, instances: u64, seconds: f64) -> Option<f64> {
        let means: Vec<f64> = self.mean.values().copied().collect();
        Spread::of(&means).map(|spread| spread.mean * real(instances) * seconds / 3600.0)
    }

    fn add(&mut self, result: &MetricDataResult) {
        let values = match result.id() {
            Some("minimum") => &mut self.min,
            Some("maximum") => &mut self.max,
            _ => &mut self.mean,
        };
        let minutes = result.timestamps().iter().map(DateTime::secs);
        values.extend(minutes.zip(result.values().iter().copied()));
    }

    /// The least and the most in the minutes that a time touches, from and to ms since 1970; none if nothing is known of them.
    pub fn range(&self, span_ms: (i64, i64)) -> Option<CapacityRange> {
        let Minutes { from, to } = Minutes::around(span_ms);
        let within = |values: &BTreeMap<i64, f64>| -> Vec<f64> {
            values.range(from..to).map(|(_, acus)| *acus).collect()
        };
        let (min, max) = (Spread::of(&within(&self.min))?, Spread::of(&within(&self.max))?);
        Some(CapacityRange { min: min.min, max: max.max })
    }
}

/// A cluster's capacity during a load, from and to ms since 1970. There is a warning if CloudWatch doesn't know it in time.
pub async fn capacities(
    context: RunContext<'_>,
    cluster: &str,
    span_ms: (i64, i64),
    load_ended: Instant,
    warnings: &mut Vec<String>,
) -> Result<Capacities> {
    if !context.deployment.is_on_aws() {
        return Ok(Capacities::default());
    }
    let minutes = Minutes::around(span_ms);
    let _spinner = context.waiting("waiting for CloudWatch to report Aurora's capacity");
    let mut capacities = read(context, cluster, minutes).await?;
    while capacities.mean.len() < minutes.count() && Instant::now() < load_ended + TIMEOUT {
        sleep(INTERVAL).await;
        capacities = read(context, cluster, minutes).await?;
    }
    if capacities.mean.len() < minutes.count() {
        warnings.push(format!(
            "CloudWatch has ServerlessDatabaseCapacity of {cluster} for {} of {} minutes of the load, so \
             Aurora's part of the price is a guess, or missing: let the load last a few minutes",
            capacities.mean.len(),
            minutes.count()
        ));
    }
    Ok(capacities)
}

/// Whole minutes, as CloudWatch counts them: from and to s since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Minutes {
    from: i64,
    to: i64,
}

impl Minutes {
    /// Those in which there was a time of, ms since 1970.
    fn around((from_ms, to_ms): (i64, i64)) -> Self {
        let minute = i64::from(PERIOD_SECONDS);
        let floor = |ms: i64| ms.div_euclid(1000 * minute) * minute;
        Self { from: floor(from_ms), to: floor(to_ms) + minute }
    }

    fn count(self) -> usize {
        usize::try_from((self.to - self.from) / i64::from(PERIOD_SECONDS)).unwrap_or(0)
    }
}

/// What CloudWatch knows of these minutes.
async fn read(context: RunContext<'_>, cluster: &str, minutes: Minutes) -> Result<Capacities> {
    let mut pages = aws_sdk_cloudwatch::Client::new(context.config)
        .get_metric_data()
        .start_time(DateTime::from_secs(minutes.from))
        .end_time(DateTime::from_secs(minutes.to))
        .set_metric_data_queries(Some(STATISTICS.map(|statistic| query(cluster, statistic)).to_vec()))
        .into_paginator()
        .send();
    let mut capacities = Capacities::default();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("GetMetricData", context.deployment)(&error))?;
        page.metric_data_results().iter().for_each(|result| capacities.add(result));
    }
    Ok(capacities)
}

/// Statistics of a minute; as ids of queries they begin with a small letter.
const STATISTICS: [&str; 3] = ["Average", "Minimum", "Maximum"];

fn query(cluster: &str, statistic: &str) -> MetricDataQuery {
    let cluster = Dimension::builder().name("DBClusterIdentifier").value(cluster);
    let metric = Metric::builder()
        .namespace("AWS/RDS")
        .metric_name("ServerlessDatabaseCapacity")
        .dimensions(cluster.build());
    let metric = MetricStat::builder().metric(metric.build()).period(PERIOD_SECONDS).stat(statistic);
    MetricDataQuery::builder().id(statistic.to_lowercase()).metric_stat(metric.build()).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_priced_by_every_minute_that_it_touches() {
        let minutes = Minutes::around((59_000, 121_000));
        assert_eq!((minutes, minutes.count()), (Minutes { from: 0, to: 180 }, 3));
        assert_eq!(Minutes::around((60_000, 60_001)).count(), 1);
    }

    fn capacities() -> Capacities {
        let mut capacities = Capacities::default();
        // CloudWatch answers newest first.
        for (id, values) in
            [("average", [8.0, 4.0, 1.0]), ("minimum", [8.0, 2.0, 0.5]), ("maximum", [8.0, 6.0, 2.0])]
        {
            let minutes = [120, 60, 0].map(DateTime::from_secs);
            let result = MetricDataResult::builder().id(id);
            let result = result.set_timestamps(Some(minutes.to_vec())).set_values(Some(values.to_vec()));
            capacities.add(&result.build());
        }
        capacities
    }

    #[test]
    fn a_stage_had_what_the_minutes_that_it_touches_had() {
        let range = |from, to| capacities().range((from, to));
        assert_eq!(range(61_000, 71_000), Some(CapacityRange { min: 2.0, max: 6.0 }));
        assert_eq!(range(55_000, 65_000), Some(CapacityRange { min: 0.5, max: 6.0 }));
        assert_eq!(range(180_000, 190_000), None, "CloudWatch doesn't know it yet");
    }

    #[test]
    fn capacity_is_charged_for_each_instance() {
        let hours = capacities().acu_hours(2, 1800.0).unwrap();
        assert!((hours - 13.0 / 3.0).abs() < 1e-9, "{hours}");
        assert_eq!(Capacities::default().acu_hours(2, 1800.0), None);
    }
}
