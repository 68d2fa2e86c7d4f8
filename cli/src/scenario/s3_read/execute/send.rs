//! Sending the objects to the readers: the generator is called until it has listed all of them.

use std::collections::HashSet;

use anyhow::{Result, bail};
use jiff::Timestamp;
use protocol::s3_read::{GeneratorReport, GeneratorRequest};
use results::scenario::s3_read::{Listing, Request};
use serde_json::json;

use super::UnderWay;
use super::slices::Slices;
use crate::exit::Interrupted;
use crate::progress::Progress;
use crate::scenario::shared::invoke::invoke;

/// A run's messages, all sent that are to be.
pub struct Sent {
    /// What the generator says.
    pub listing: Listing,
    /// From its first call to its last answer, from and to ms since 1970.
    pub span_ms: (i64, i64),
    /// The request ids of its calls.
    pub request_ids: HashSet<String>,
    /// Whether there may be more, since the user has stopped the run.
    pub is_partial: bool,
    /// What functions sent together that sent a slice each.
    pub slices: Option<Slices>,
}

/// Sends every object that is to be read, with as many calls as the generator's timeout makes of it, or until the user presses
/// Ctrl-C.
pub async fn send(under_way: UnderWay<'_>) -> Result<Sent> {
    let UnderWay { run, request, functions, .. } = under_way;
    let start = Timestamp::now();
    let mut progress = Progress::new(run.progress, request.max_objects);
    let (mut listing, mut request_ids) = (Listing::default(), HashSet::new());
    let (mut continuation, mut is_partial) = (None, false);
    loop {
        let event = json!(GeneratorRequest {
            run: run.name.clone(),
            prefix: request.prefix.clone(),
            modified_within_hours: request.modified_within_hours,
            max_objects: request.max_objects.saturating_sub(listing.sent),
            continuation: continuation.clone(),
        });
        let report: GeneratorReport =
            invoke(&run.config, run.deployment(), &functions.generator, &event).await?;
        add(&mut listing, &report);
        request_ids.insert(report.request_id);
        progress.set(listing.sent, "objects are in the queue");
        let is_full = request.max_objects > 0 && listing.sent >= request.max_objects;
        match report.continuation {
            Some(_) if is_full => break,
            Some(_) if run.stop.is_requested() => {
                is_partial = true;
                break;
            }
            // A call that got nowhere would be followed by another one that doesn't.
            Some(key) if continuation.as_ref() == Some(&key) => bail!(
                "{} gets no further than the object '{key}' of s3://{}: see its logs",
                functions.generator,
                request.bucket
            ),
            Some(key) => continuation = Some(key),
            None => break,
        }
    }
    progress.end();
    let end = Timestamp::now();
    listing.seconds = end.duration_since(start).as_secs_f64();
    if listing.sent == 0 && is_partial {
        return Err(Interrupted("no object was sent".to_owned()).into());
    }
    if listing.sent == 0 {
        bail!("{}", nothing_to_read(request, &listing));
    }
    let span_ms = (start.as_millisecond(), end.as_millisecond());
    Ok(Sent { listing, span_ms, request_ids, is_partial, slices: None })
}

/// Counts what a generator has sent.
pub fn add(listing: &mut Listing, report: &GeneratorReport) {
    listing.calls += 1;
    listing.listed += report.listed;
    listing.skipped += report.skipped;
    listing.unsendable += report.unsendable;
    listing.sent += report.sent;
    listing.bytes += report.bytes;
    listing.lists = Some(listing.lists.unwrap_or_default() + report.lists);
}

/// Why nothing was sent.
pub fn nothing_to_read(request: &Request, listing: &Listing) -> String {
    let url = format!("s3://{}/{}", request.bucket, request.prefix);
    if listing.listed == 0 {
        return format!("there is nothing to read: {url} has no object; check --prefix and the bucket");
    }
    let limit = match request.modified_within_hours {
        0.0 => String::new(),
        hours => format!(", or not modified within {hours} hours (--modified-within)"),
    };
    let listed = listing.listed;
    format!("there is nothing to read: all {listed} objects of {url} are empty, folder markers{limit}")
}

#[cfg(test)]
mod tests {
    use protocol::s3_read::Variant;

    use super::*;
    use crate::scenario::s3_read::testing::{request, run};
    use crate::scenario::s3_read::{Run, functions};

    /// What a run sends that is stopped while the first call of the generator is under way, which sends so many of many objects.
    async fn stopped(sent: u64) -> Result<Sent> {
        let stop = run().stop;
        let stopping = stop.clone();
        let (config, _) = test_kit::aws::config(move |_, _| {
            assert!(!stopping.is_requested(), "there is no second call");
            stopping.request();
            let report = json!({
                "run": "r", "variant": "sdk", "listed": 10, "skipped": 10 - sent, "unsendable": 0, "sent": sent,
                "bytes": sent, "continuation": "files/0010", "elapsed_ms": 1, "request_id": "one",
            });
            (200, report)
        });
        let run = Run { config, stop, ..run() };
        let (request, variant) = (request(), Variant::Sdk);
        let functions = functions(&run, variant).unwrap();
        send(UnderWay { run: &run, request: &request, variant, functions, memory_mb: 512 }).await
    }

    #[tokio::test]
    async fn a_run_that_is_stopped_lists_no_further() {
        let sent = stopped(8).await.unwrap();
        assert_eq!((sent.is_partial, sent.listing.sent, sent.listing.calls), (true, 8, 1));
        assert!(stopped(0).await.err().unwrap().is::<Interrupted>());
    }

    #[test]
    fn a_bucket_with_nothing_to_read_says_why() {
        let mut request = request();
        let empty = Listing::default();
        assert!(nothing_to_read(&request, &empty).contains("has no object; check --prefix"));
        let skipped = Listing { listed: 3, skipped: 3, ..Listing::default() };
        let said = nothing_to_read(&request, &skipped);
        assert!(
            said.ends_with("all 3 objects of s3://lambench-dev-s3-read/ are empty, folder markers"),
            "{said}"
        );
        request.modified_within_hours = 24.0;
        assert!(
            nothing_to_read(&request, &skipped).ends_with("not modified within 24 hours (--modified-within)")
        );
    }
}
