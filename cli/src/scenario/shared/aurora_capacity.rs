//! The capacity that Aurora had during a run, which is what it charges for.

use std::time::Duration;

use anyhow::Result;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use protocol::stats::{Spread, real};
use tokio::time::{Instant, sleep};

use crate::aws::failed;
use crate::scenario::shared::run_context::RunContext;

/// Aurora publishes its capacity once a minute.
const PERIOD_SECONDS: i32 = 60;
/// How long to wait for it: it comes some minutes late.
const TIMEOUT: Duration = Duration::from_mins(4);
/// Between two polls.
const INTERVAL: Duration = Duration::from_secs(10);

/// What a load used of a cluster.
pub struct Used<'a> {
    /// The cluster's identifier.
    pub cluster: &'a str,
    /// Its instances.
    pub instances: u64,
    /// When the load ran, from and to ms since 1970.
    pub span_ms: (i64, i64),
    /// How long it loaded the cluster.
    pub seconds: f64,
}

/// The load's ACU-hours; none locally, where there are no ACUs. There is a warning if CloudWatch doesn't know them in
/// time.
pub async fn acu_hours(
    context: RunContext<'_>,
    used: &Used<'_>,
    load_ended: Instant,
    warnings: &mut Vec<String>,
) -> Result<Option<f64>> {
    if !context.deployment.is_on_aws() {
        return Ok(None);
    }
    let minutes = Minutes::around(used.span_ms);
    let mut capacities = capacities(context, used.cluster, minutes).await?;
    if capacities.len() < minutes.count() {
        context.notify("waiting for CloudWatch to tell Aurora's capacity …");
    }
    while capacities.len() < minutes.count() && Instant::now() < load_ended + TIMEOUT {
        sleep(INTERVAL).await;
        capacities = self::capacities(context, used.cluster, minutes).await?;
    }
    if capacities.len() < minutes.count() {
        warnings.push(format!(
            "CloudWatch has ServerlessDatabaseCapacity of {} for {} of {} minutes of the load, so Aurora's part of the \
             price is a guess, or missing: let the load last some minutes",
            used.cluster,
            capacities.len(),
            minutes.count()
        ));
    }
    // The cluster's metric is the mean of its instances.
    let hours = real(used.instances) * used.seconds / 3600.0;
    Ok(Spread::of(&capacities).map(|spread| spread.mean * hours))
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

/// The cluster's capacity in each minute that CloudWatch knows, ACUs.
async fn capacities(context: RunContext<'_>, cluster: &str, minutes: Minutes) -> Result<Vec<f64>> {
    let cluster = Dimension::builder().name("DBClusterIdentifier").value(cluster);
    let metric = Metric::builder()
        .namespace("AWS/RDS")
        .metric_name("ServerlessDatabaseCapacity")
        .dimensions(cluster.build());
    let average = MetricStat::builder().metric(metric.build()).period(PERIOD_SECONDS).stat("Average");
    let query = MetricDataQuery::builder().id("capacity").metric_stat(average.build());
    let mut pages = aws_sdk_cloudwatch::Client::new(context.config)
        .get_metric_data()
        .start_time(DateTime::from_secs(minutes.from))
        .end_time(DateTime::from_secs(minutes.to))
        .metric_data_queries(query.build())
        .into_paginator()
        .send();
    let mut values = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("GetMetricData", context.deployment)(&error))?;
        values.extend(page.metric_data_results().iter().flat_map(MetricDataResult::values));
    }
    Ok(values)
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
}
