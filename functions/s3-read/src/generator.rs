//! The generator: lists a bucket into the queue, as far as its time goes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::Client;
use futures::future::LocalBoxFuture;
use lambda_kit::env::EnvError;
use lambda_kit::{Deadline, Failure, aws, env, is_xml_text, now_us};
use protocol::run_name;
use protocol::s3_read::slices::{Division, SliceReport};
use protocol::s3_read::{GeneratorReport, GeneratorRequest, Variant, signed_body};
use tokio::time::timeout_at;

use crate::bucket_url::BucketUrl;
use crate::event::{Answer, Event};
use crate::listing::{Listed, Listing, Page};
use crate::mode::Mode;
use crate::presign::{MAX_VALID_SECONDS, Signer};
use crate::queue::Queue;

const SECONDS_PER_HOUR: f64 = 3600.0;

/// What a generator is set up with.
pub struct Generator {
    variant: Variant,
    client: Client,
    bucket: String,
    queue: Queue,
    /// With `signed`.
    signing: Option<(Signer, SharedCredentialsProvider)>,
}

/// What a generator cannot work with.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// No URL can be signed.
    #[error("there are no region and credentials to sign URLs with")]
    NoCredentials,
    /// A request that means nothing.
    #[error("modifiedWithinHours is {0}, but must be a number of hours from 0 on")]
    Hours(f64),
}

impl Generator {
    /// From the environment; see the crate's documentation.
    ///
    /// # Errors
    /// If a variable is missing or wrong, or there are no credentials.
    #[must_use]
    pub fn from_env(config: &SdkConfig) -> LocalBoxFuture<'_, Result<Self, Failure>> {
        Box::pin(async move {
            let variant = Mode::from_env()?;
            let bucket: String = env::setting("s3bucket", "the bucket's name")?;
            let queue = Queue::new(config, env::setting("sqsqueue", "the queue's URL")?);
            let valid = match variant {
                Variant::Signed => Some(validity()?),
                Variant::Sdk => None,
            };
            Self::new(config, variant, bucket, queue, valid).await
        })
    }

    /// A generator of these parts; with `signed`, URLs are valid so long.
    ///
    /// # Errors
    /// If there are no credentials to sign with.
    pub async fn new(
        config: &SdkConfig,
        variant: Variant,
        bucket: String,
        queue: Queue,
        valid: Option<Duration>,
    ) -> Result<Self, Failure> {
        let client = aws::s3(config);
        let signing = match valid {
            Some(valid) => {
                let (Some(region), Some(provider)) = (config.region(), config.credentials_provider()) else {
                    return Err(SetupError::NoCredentials.into());
                };
                let url = BucketUrl::find(&client, &bucket).await?;
                Some((Signer::new(url.base(), region.as_ref(), valid), provider))
            }
            None => None,
        };
        Ok(Self { variant, client, bucket, queue, signing })
    }

    /// Does what it is asked for, in the invocation with this request id.
    ///
    /// # Errors
    /// S3's or SQS's, once the retries are used up.
    #[must_use]
    pub fn answer(
        &self,
        event: Event,
        request_id: String,
        remaining: Duration,
    ) -> LocalBoxFuture<'_, Result<Answer, Failure>> {
        Box::pin(async move {
            Ok(match event {
                Event::Generate(request) => Answer::Generated(GeneratorReport {
                    request_id,
                    ..self.handle(request, remaining).await?
                }),
                Event::Divide(request) => {
                    Answer::Divided(Division { request_id, ..self.divide(request, remaining).await? })
                }
                Event::SendSlice(task) => {
                    let sent = self.send_slice(task, remaining).await?;
                    let report = GeneratorReport { request_id, ..sent.report };
                    Answer::SentSlice(SliceReport { report, ..sent })
                }
            })
        })
    }

    /// Lists into the queue until the listing ends, `max_objects` are sent, or the time is up.
    ///
    /// # Errors
    /// S3's or SQS's, once the retries are used up. What is sent by then is in the queue.
    #[must_use]
    pub fn handle(
        &self,
        request: GeneratorRequest,
        remaining: Duration,
    ) -> LocalBoxFuture<'_, Result<GeneratorReport, Failure>> {
        Box::pin(async move {
            let deadline = Deadline::after(remaining);
            let run = if request.run.is_empty() { format!("run-{}", now_us()) } else { request.run };
            let lists = AtomicU64::new(0);
            let work = Work {
                listing: self.listing(&request.prefix, None, &lists),
                oldest: modified_since(request.modified_within_hours)?,
                max: if request.max_objects == 0 { u64::MAX } else { request.max_objects },
                end: deadline.work(),
            };
            self.generate(run, &work, request.continuation.unwrap_or_default(), deadline).await
        })
    }

    /// The bucket's objects whose keys start with a prefix, up to a last one.
    pub(crate) fn listing<'a>(
        &'a self,
        prefix: &'a str,
        until: Option<&'a str>,
        requests: &'a AtomicU64,
    ) -> Listing<'a> {
        Listing { client: &self.client, bucket: &self.bucket, prefix, until, requests }
    }

    /// Sends the objects behind a key.
    pub(crate) async fn generate(
        &self,
        run: String,
        work: &Work<'_>,
        after: String,
        deadline: Deadline,
    ) -> Result<GeneratorReport, Failure> {
        run_name::check(&run)?;
        let mut report = GeneratorReport::new(run, self.variant);
        report.continuation = self.list(work, after, &mut report).await?;
        report.lists = work.listing.requests.load(Ordering::Relaxed);
        report.elapsed_ms = u64::try_from(deadline.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(?report, "listed");
        Ok(report)
    }

    /// Page by page; the next one is asked for while one is sent. Returns the key to go on behind, if it isn't done.
    async fn list(
        &self,
        work: &Work<'_>,
        mut after: String,
        report: &mut GeneratorReport,
    ) -> Result<Option<String>, Failure> {
        let mut next = work.page(&after).await?;
        while let Some(page) = next {
            let last = page.objects.last().map_or(after.as_str(), |object| object.key.as_str());
            let following = async { if page.has_more { work.page(last).await } else { Ok(None) } };
            let (progress, following) = futures::join!(self.send(work, &page.objects, report), following);
            match progress? {
                Progress::All => {}
                Progress::Enough => return Ok(None),
                Progress::Before(0) => return Ok(Some(after)),
                Progress::Before(index) => return Ok(Some(page.objects[index - 1].key.clone())),
            }
            if !page.has_more {
                return Ok(None);
            }
            next = following?;
            after = last.to_owned();
        }
        Ok(Some(after))
    }

    /// Sends the messages of a page's objects.
    async fn send(
        &self,
        work: &Work<'_>,
        objects: &[Listed],
        report: &mut GeneratorReport,
    ) -> Result<Progress, Failure> {
        let room = usize::try_from(work.max - report.sent).unwrap_or(usize::MAX);
        let wanted: Vec<_> = (0..objects.len()).filter(|index| work.wants(&objects[*index])).collect();
        let sendable = |index: &usize| self.can_name(&objects[*index]);
        let mut chosen: Vec<_> = wanted.iter().copied().filter(sendable).collect();
        let enough = chosen.get(room).copied();
        chosen.truncate(room);
        let bodies = self.bodies(chosen.iter().map(|index| objects[*index].key.as_str())).await?;
        let sent = self.queue.send(&report.run, &bodies, work.end).await?;
        let done = chosen.get(sent).copied().or(enough).unwrap_or(objects.len());
        report.listed += done as u64;
        report.sent += sent as u64;
        report.bytes += chosen[..sent].iter().map(|index| objects[*index].size).sum::<u64>();
        report.unsendable += wanted.iter().filter(|index| **index < done && !sendable(index)).count() as u64;
        report.skipped = report.listed - report.sent;
        Ok(match () {
            () if sent < chosen.len() => Progress::Before(done),
            () if report.sent == work.max => Progress::Enough,
            () => Progress::All,
        })
    }

    /// Whether a message can name an object: SQS takes what XML can hold, and a URL has nothing else.
    pub(crate) fn can_name(&self, object: &Listed) -> bool {
        self.signing.is_some() || is_xml_text(&object.key)
    }

    /// The bodies of messages that name objects.
    async fn bodies(&self, keys: impl Iterator<Item = &str>) -> Result<Vec<String>, Failure> {
        let Some((signer, provider)) = &self.signing else {
            return Ok(keys.map(str::to_owned).collect());
        };
        let (credentials, now) = (provider.provide_credentials().await?, SystemTime::now());
        keys.map(|key| Ok(signed_body(&signer.url(key, credentials.clone(), now)?))).collect()
    }
}

/// What is to be done.
pub(crate) struct Work<'a> {
    pub(crate) listing: Listing<'a>,
    /// Objects that were modified before are skipped, seconds since 1970; none for all.
    pub(crate) oldest: Option<i64>,
    /// Messages at most.
    pub(crate) max: u64,
    pub(crate) end: Instant,
}

/// How far a page got.
enum Progress {
    /// To its end.
    All,
    /// To the last message that is wanted.
    Enough,
    /// Time was up before the object with this index.
    Before(usize),
}

impl Work<'_> {
    /// The objects behind a key; none if the time is up.
    async fn page(&self, after: &str) -> Result<Option<Page>, Failure> {
        timeout_at(self.end.into(), self.listing.page(after)).await.map_or(Ok(None), |page| page.map(Some))
    }

    pub(crate) fn wants(&self, object: &Listed) -> bool {
        object.size > 0 && self.oldest.is_none_or(|oldest| object.modified >= oldest)
    }
}

/// The time before which objects are too old, seconds since 1970; none for 0 hours.
pub(crate) fn modified_since(hours: f64) -> Result<Option<i64>, SetupError> {
    if !hours.is_finite() || hours < 0.0 {
        return Err(SetupError::Hours(hours));
    }
    if hours == 0.0 {
        return Ok(None);
    }
    #[expect(clippy::cast_possible_truncation, reason = "so long ago that it is before all objects")]
    let seconds = (hours * SECONDS_PER_HOUR) as i64;
    let now = i64::try_from(now_us() / 1_000_000).unwrap_or(i64::MAX);
    // S3 is younger.
    Ok(Some(now.saturating_sub(seconds).max(0)))
}

/// How long URLs are valid.
fn validity() -> Result<Duration, EnvError> {
    const NAME: &str = "URL_VALID_SECONDS";
    const WHAT: &str = "how long a URL is valid, 1 to 604800 seconds";
    let seconds: u64 = env::setting(NAME, WHAT)?;
    if !(1..=MAX_VALID_SECONDS).contains(&seconds) {
        return Err(EnvError::Invalid { name: NAME, value: seconds.to_string(), expected: WHAT });
    }
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_a_moment_or_none() {
        assert_eq!(modified_since(0.0).unwrap(), None);
        let hour_ago = i64::try_from(now_us() / 1_000_000).unwrap() - 3600;
        assert!((modified_since(1.0).unwrap().unwrap() - hour_ago).abs() <= 1);
        assert!(modified_since(-1.0).is_err() && modified_since(f64::NAN).is_err());
    }
}
