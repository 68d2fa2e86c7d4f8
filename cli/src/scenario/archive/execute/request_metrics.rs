//! The requests of a contest by S3's request metrics in CloudWatch: on AWS, nobody counts them by function.
//!
//! The metrics are those of the whole bucket, as a contender reads, writes and lists below several prefixes. So a single contender
//! takes part, and the state machine pauses before and after its runs: what CloudWatch has of the minutes between is theirs.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::MetricsConfiguration;
use protocol::stats::real;
use results::scenario::archive::S3Use;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::Run;
use crate::aws::failed;
use crate::scenario::shared::estimate::Range;
use crate::scenario::shared::run_file::RunFile;

/// How long the contest is quiet before and after the runs. A data point may have a later time than its request.
pub const PAUSE: Duration = Duration::from_mins(4);
/// How much of the pause belongs to the runs before it.
pub const LATE: Duration = Duration::from_mins(2);
/// S3 needs so long until it collects the metrics of a new configuration.
const STARTING: Duration = Duration::from_mins(15);
/// CloudWatch has data points so late, or later.
const LAG: Duration = Duration::from_mins(10);
/// Data points that have not changed for so long are all.
const SETTLED: Duration = Duration::from_mins(5);
/// Those that are there then have to do.
const DEADLINE: Duration = Duration::from_mins(30);
/// Between two polls.
const INTERVAL: Duration = Duration::from_mins(1);
/// What a contest takes longer with them, s: they start, there are two pauses, and they come late.
pub const SECONDS: Range = {
    let before = STARTING.as_secs_f64() + 2.0 * PAUSE.as_secs_f64();
    let expected = before + LAG.as_secs_f64() + 3.0 * INTERVAL.as_secs_f64();
    Range::new(before + LAG.as_secs_f64(), expected, before + DEADLINE.as_secs_f64())
};
/// The configuration's name in the bucket.
const ID: &str = "lambench-requests";
/// The metrics of requests that S3 charges for: the first three as reads, the others as writes.
const METRICS: [&str; 6] =
    ["GetRequests", "HeadRequests", "SelectRequests", "PutRequests", "PostRequests", "ListRequests"];
const READS: usize = 3;

/// A metrics configuration of the bucket, as long as a contest lasts.
pub struct RequestMetrics<'a> {
    run: &'a Run,
    bucket: String,
    file: RunFile,
}

/// What a process that was killed has left in a bucket.
#[derive(Debug, Serialize, Deserialize)]
struct Configured {
    bucket: String,
}

impl<'a> RequestMetrics<'a> {
    /// Has S3 collect the metrics of a bucket, from some minutes later on.
    ///
    /// # Errors
    /// If S3 refuses.
    pub async fn begin(run: &'a Run, bucket: &str) -> Result<Self> {
        let file = file(run)?;
        // Before it is there: a process that is killed meanwhile leaves no configuration that nobody knows.
        file.write(&Configured { bucket: bucket.to_owned() })?;
        // Without a filter: all of the bucket.
        let configuration = MetricsConfiguration::builder().id(ID).build()?;
        let request = aws_sdk_s3::Client::new(&run.config).put_bucket_metrics_configuration();
        let request = request.bucket(bucket).id(ID).metrics_configuration(configuration);
        if let Err(error) = request.send().await {
            file.remove();
            return Err(failed("PutBucketMetricsConfiguration", run.deployment())(&error));
        }
        Ok(Self { run, bucket: bucket.to_owned(), file })
    }

    /// Waits until S3 collects them.
    pub async fn wait_for_start(&self) {
        let minutes = STARTING.as_secs() / 60;
        let what = format!("waiting {minutes} minutes, until S3 collects the bucket's request metrics");
        let _spinner = self.run.context().waiting(&what);
        sleep(STARTING).await;
    }

    /// The requests of the mean of so many runs, from and to ms since 1970; none if CloudWatch has no data of them in time.
    ///
    /// # Errors
    /// If CloudWatch refuses.
    pub async fn mean_of(&self, runs: u64, span_ms: (i64, i64), ended: Instant) -> Result<Option<S3Use>> {
        let _spinner = self.run.context().waiting("waiting for CloudWatch to have S3's request metrics");
        let requests = settled(ended, || self.read(span_ms)).await?;
        Ok(requests.mean_of(runs))
    }

    /// Has S3 collect them no longer.
    ///
    /// # Errors
    /// If S3 refuses.
    pub async fn end(self) -> Result<()> {
        remove(self.run, &self.bucket).await?;
        self.file.remove();
        Ok(())
    }

    async fn read(&self, (from_ms, to_ms): (i64, i64)) -> Result<Requests> {
        let late_ms = i64::try_from(LATE.as_millis()).unwrap_or(0);
        let minute = |ms: i64| ms.div_euclid(60_000) * 60;
        let mut pages = aws_sdk_cloudwatch::Client::new(&self.run.config)
            .get_metric_data()
            .start_time(DateTime::from_secs(minute(from_ms)))
            .end_time(DateTime::from_secs(minute(to_ms + late_ms) + 60))
            .set_metric_data_queries(Some(METRICS.map(|metric| query(&self.bucket, metric)).to_vec()))
            .into_paginator()
            .send();
        let mut requests = Requests::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("GetMetricData", self.run.deployment())(&error))?;
            page.metric_data_results().iter().for_each(|result| requests.add(result));
        }
        Ok(requests)
    }
}

/// Removes the configuration that a process has left that was killed.
pub async fn recover(run: &Run) -> Result<()> {
    let file = file(run)?;
    if let Some(Configured { bucket }) = file.left_behind()? {
        remove(run, &bucket).await?;
        file.remove();
    }
    Ok(())
}

fn file(run: &Run) -> Result<RunFile> {
    RunFile::of(run, "request-metrics")
}

async fn remove(run: &Run, bucket: &str) -> Result<()> {
    let request = aws_sdk_s3::Client::new(&run.config).delete_bucket_metrics_configuration();
    match request.bucket(bucket).id(ID).send().await {
        Err(error) if error.code() != Some("NoSuchConfiguration") => {
            Err(failed("DeleteBucketMetricsConfiguration", run.deployment())(&error))
        }
        _ => Ok(()),
    }
}

fn query(bucket: &str, metric: &str) -> MetricDataQuery {
    let dimension = |name, value| Dimension::builder().name(name).value(value).build();
    let stat = Metric::builder()
        .namespace("AWS/S3")
        .metric_name(metric)
        .dimensions(dimension("BucketName", bucket))
        .dimensions(dimension("FilterId", ID));
    let stat = MetricStat::builder().metric(stat.build()).period(60).stat("Sum");
    // As an id, it begins with a small letter.
    MetricDataQuery::builder().id(metric.to_lowercase()).metric_stat(stat.build()).build()
}

/// The sum of each metric's data points.
#[derive(Debug, Clone, Default, PartialEq)]
struct Requests(BTreeMap<String, f64>);

impl Requests {
    fn add(&mut self, result: &MetricDataResult) {
        if let Some(id) = result.id() {
            *self.0.entry(id.to_owned()).or_default() += result.values().iter().sum::<f64>();
        }
    }

    fn total(&self) -> f64 {
        self.0.values().sum()
    }

    /// None without any: every run lists the bucket at least.
    fn mean_of(&self, runs: u64) -> Option<S3Use> {
        let sum = |metrics: &[&str]| -> f64 {
            metrics.iter().filter_map(|metric| self.0.get(&metric.to_lowercase())).sum()
        };
        let (reads, writes) = METRICS.split_at(READS);
        (runs > 0 && self.total() > 0.0).then(|| S3Use {
            writes: sum(writes) / real(runs),
            reads: sum(reads) / real(runs),
            sent_bytes: None,
            received_bytes: None,
            slow_downs: None,
        })
    }
}

/// What is read once it no longer changes.
async fn settled<Read>(ended: Instant, mut read: impl FnMut() -> Read) -> Result<Requests>
where
    Read: Future<Output = Result<Requests>>,
{
    let mut last = (Requests::default(), Instant::now());
    loop {
        let requests = read().await?;
        if requests != last.0 {
            last = (requests, Instant::now());
        }
        let is_settled = last.1.elapsed() >= SETTLED && ended.elapsed() >= LAG && last.0.total() > 0.0;
        if is_settled || ended.elapsed() >= DEADLINE {
            return Ok(last.0);
        }
        sleep(INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::project::Project;
    use crate::scenario::archive::testing;

    fn requests(counts: &[(&str, &[f64])]) -> Requests {
        let mut requests = Requests::default();
        for (metric, values) in counts {
            let result = MetricDataResult::builder().id(metric.to_lowercase());
            requests.add(&result.set_values(Some(values.to_vec())).build());
        }
        requests
    }

    #[test]
    fn a_runs_requests_are_the_sums_of_all_minutes_by_price() {
        let counted = [
            ("GetRequests", [3000.0, 3000.0].as_slice()),
            ("HeadRequests", &[2.0]),
            ("PutRequests", &[100.0, 30.0]),
            ("PostRequests", &[4.0]),
            ("ListRequests", &[6.0]),
        ];
        let mean = requests(&counted).mean_of(2).unwrap();
        assert_eq!((mean.reads, mean.writes), (3001.0, 70.0));
    }

    #[test]
    fn metrics_without_data_are_no_requests_that_cost_nothing() {
        assert_eq!(requests(&[]).mean_of(2), None);
        assert_eq!(requests(&[("GetRequests", &[])]).mean_of(2), None);
    }

    /// The minutes after the contest at which something has been settled, if each minute reads the next of these GETs.
    async fn settled_after(counts: &[f64]) -> (f64, u64) {
        let (ended, mut minute) = (Instant::now(), 0);
        let read = || {
            let count = counts[minute.min(counts.len() - 1)];
            minute += 1;
            std::future::ready(Ok(requests(&[("GetRequests", &[count])])))
        };
        let total = settled(ended, read).await.unwrap().total();
        (total, ended.elapsed().as_secs() / 60)
    }

    #[tokio::test(start_paused = true)]
    async fn data_points_are_waited_for_until_they_no_longer_change() {
        assert_eq!(settled_after(&[10.0]).await, (10.0, 10), "even if they seem to be there at once");
        let mut late = vec![10.0; 9];
        late.push(20.0);
        assert_eq!(settled_after(&late).await, (20.0, 14));
        assert_eq!(settled_after(&[0.0]).await, (0.0, 30), "they may never come");
    }

    #[tokio::test]
    async fn the_whole_bucket_is_measured_as_long_as_the_contest_lasts() {
        let (config, requests) = test_kit::aws::config(|_, _| (200, json!(null)));
        let folder = TempDir::new().unwrap();
        let project = Project { root: folder.path().to_owned(), state: folder.path().join(".lambench") };
        let run = Run { project, config, ..testing::run() };
        let metrics = RequestMetrics::begin(&run, "bucket").await.unwrap();
        let body = requests.lock().unwrap()[0].1.to_string();
        assert!(body.contains("<Id>lambench-requests</Id>") && !body.contains("<Filter>"), "{body}");
        metrics.end().await.unwrap();
        let operations: Vec<_> =
            requests.lock().unwrap().iter().map(|(operation, _)| operation.clone()).collect();
        assert_eq!(operations.len(), 2, "{operations:?}");
        assert!(operations[0].starts_with("PUT ") && operations[1].starts_with("DELETE "), "{operations:?}");
        recover(&run).await.unwrap();
        assert_eq!(requests.lock().unwrap().len(), 2, "nothing is left");
    }
}
