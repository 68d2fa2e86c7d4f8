//! Sending the objects to the readers: the generator is asked until it has listed all of them.

use anyhow::{Result, bail};
use jiff::Timestamp;
use results::scenario::s3_read::{Asked, Listing};
use serde::Deserialize;
use serde_json::json;

use super::{Road, Test};
use crate::progress::Progress;
use crate::scenario::shared::invoke::invoke;

/// The generator's answer.
#[derive(Debug, Deserialize)]
struct Report {
    listed: u64,
    skipped: u64,
    unsendable: u64,
    sent: u64,
    bytes: u64,
    continuation: Option<String>,
}

/// A run's messages, all sent.
pub struct Sent {
    /// What the generator says.
    pub listing: Listing,
    /// From its first call to its last answer, from and to ms since 1970.
    pub span_ms: (i64, i64),
}

/// Sends every object that is to be read, with as many calls as the generator's time-out makes of it.
pub async fn send(test: &Test, road: &Road, asked: &Asked, run: &str) -> Result<Sent> {
    let start = Timestamp::now();
    let mut progress = Progress::new(test.progress, asked.max_objects);
    let mut listing = Listing::default();
    let mut continuation = None;
    loop {
        let event = json!({
            "run": run,
            "prefix": asked.prefix,
            "modifiedWithinHours": asked.modified_within_hours,
            "maxObjects": asked.max_objects.saturating_sub(listing.sent),
            "continuation": continuation,
        });
        let report: Report = invoke(&test.config, &test.s3_read.deployment, &road.generator, &event).await?;
        add(&mut listing, &report);
        progress.set(listing.sent, "objects are in the queue");
        let is_full = asked.max_objects > 0 && listing.sent >= asked.max_objects;
        match report.continuation {
            Some(_) if is_full => break,
            // A call that got nowhere would be followed by another one that doesn't.
            Some(key) if continuation.as_ref() == Some(&key) => bail!(
                "{} gets no further than the object '{key}' of s3://{}: see its logs",
                road.generator,
                asked.bucket
            ),
            Some(key) => continuation = Some(key),
            None => break,
        }
    }
    progress.end();
    let end = Timestamp::now();
    listing.seconds = end.duration_since(start).as_secs_f64();
    if listing.sent == 0 {
        bail!("{}", nothing(asked, &listing));
    }
    Ok(Sent { listing, span_ms: (start.as_millisecond(), end.as_millisecond()) })
}

fn add(listing: &mut Listing, report: &Report) {
    listing.calls += 1;
    listing.listed += report.listed;
    listing.skipped += report.skipped;
    listing.unsendable += report.unsendable;
    listing.sent += report.sent;
    listing.bytes += report.bytes;
}

fn nothing(asked: &Asked, listing: &Listing) -> String {
    let deployment = format!("s3://{}/{}", asked.bucket, asked.prefix);
    if listing.listed == 0 {
        return format!(
            "there is nothing to read: {deployment} has no object; check --prefix and the bucket"
        );
    }
    let limit = match asked.modified_within_hours {
        0.0 => String::new(),
        hours => format!(", or not modified within {hours} hours (--modified-within)"),
    };
    format!(
        "there is nothing to read: all {} objects of {deployment} are empty, folder markers{limit}",
        listing.listed
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::s3_read::testing::test;

    #[test]
    fn a_bucket_with_nothing_to_read_says_why() {
        let mut asked = test().asked();
        let empty = Listing::default();
        assert!(nothing(&asked, &empty).contains("has no object; check --prefix"));
        let skipped = Listing { listed: 3, skipped: 3, ..Listing::default() };
        let said = nothing(&asked, &skipped);
        assert!(
            said.ends_with("all 3 objects of s3://lambench-dev-s3-read/ are empty, folder markers"),
            "{said}"
        );
        asked.modified_within_hours = 24.0;
        assert!(nothing(&asked, &skipped).ends_with("not modified within 24 hours (--modified-within)"));
    }
}
