//! The capacity that Aurora had during a run, which is what it charges for.

use std::time::Duration;

use anyhow::Result;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use results::stats::real;
use tokio::time::{Instant, sleep};

use super::Test;
use super::outcome::Findings;
use crate::aws::failed;

/// Aurora publishes its capacity once a minute.
const PERIOD_SECONDS: i32 = 60;
/// How long to wait for it.
const TIMEOUT: Duration = Duration::from_mins(2);
/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(10);

/// ACU-hours of a load of some seconds within a time (ms since 1970); none locally, where there are no ACUs. None and a
/// warning if CloudWatch doesn't know them in time.
pub async fn acu_hours(
    test: &Test,
    (from_ms, to_ms): (i64, i64),
    seconds: f64,
    load_ended: Instant,
    findings: &mut Findings,
) -> Result<Option<f64>> {
    if !test.aurora.is_on_aws() {
        return Ok(None);
    }
    loop {
        if let Some(capacity) = mean(&capacities(test, from_ms, to_ms).await?) {
            // The cluster's metric is the mean of its instances.
            let instances = real(1 + test.aurora.place.setting("readers").unwrap_or(0));
            return Ok(Some(capacity * instances * seconds / 3600.0));
        }
        if Instant::now() >= load_ended + TIMEOUT {
            findings.warnings.push(format!(
                "CloudWatch has no ServerlessDatabaseCapacity of {} for the run's time, so its price is without Aurora's \
                 capacity: let the load last some minutes",
                test.aurora.cluster.identifier
            ));
            return Ok(None);
        }
        sleep(INTERVAL).await;
    }
}

/// The cluster's capacity in each minute that overlaps the time, ACUs.
async fn capacities(test: &Test, from_ms: i64, to_ms: i64) -> Result<Vec<f64>> {
    let cluster = Dimension::builder().name("DBClusterIdentifier").value(&test.aurora.cluster.identifier);
    let metric = Metric::builder()
        .namespace("AWS/RDS")
        .metric_name("ServerlessDatabaseCapacity")
        .dimensions(cluster.build());
    let average = MetricStat::builder().metric(metric.build()).period(PERIOD_SECONDS).stat("Average");
    let query = MetricDataQuery::builder().id("capacity").metric_stat(average.build());
    let minute = i64::from(PERIOD_SECONDS);
    let mut pages = aws_sdk_cloudwatch::Client::new(&test.config)
        .get_metric_data()
        .start_time(DateTime::from_secs(from_ms / 1000 / minute * minute))
        .end_time(DateTime::from_secs((to_ms / 1000 / minute + 1) * minute))
        .metric_data_queries(query.build())
        .into_paginator()
        .send();
    let mut values = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("GetMetricData", &test.aurora.place)(&error))?;
        values.extend(page.metric_data_results().iter().flat_map(MetricDataResult::values));
    }
    Ok(values)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / real(values.len() as u64))
}
