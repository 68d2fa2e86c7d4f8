//! Sends a share of the archive: in an invocation of its own, or in the first one.

use std::sync::Arc;
use std::time::Duration;

use contender_kit::{Job, explained};
use lambda_kit::Failure;
use s3_client::Sent;
use tokio::time::timeout;
use zip_stream::{Known, Transfer};

use crate::error::FanOutError;
use crate::share::{Answer, Message};

/// Sends a share in the time that its message allows; it invokes nobody.
///
/// # Errors
/// If S3 fails, if an object has changed, or [`FanOutError`].
pub async fn send_in_time(job: Arc<Job>, message: Message, whole: u64) -> Result<Answer, Failure> {
    let limit = Duration::try_from_secs_f64(message.seconds)?;
    let sent = timeout(limit, send(job, &message, whole)).await;
    sent.unwrap_or_else(|_| Err(FanOutError::Slow(message.seconds).into()))
}

/// Sends a share; objects up to `whole` bytes are not divided.
///
/// # Errors
/// If S3 fails, or if an object has changed.
pub async fn send(job: Arc<Job>, message: &Message, whole: u64) -> Result<Answer, Failure> {
    let layout = message.layout()?;
    if !is_divided_as_here(message, whole) {
        return Err(FanOutError::Foreign("an object is divided that is small enough to be whole").into());
    }
    let upload = job.s3.upload(&message.archive.archive_key, &message.upload_id);
    let transfer = Transfer::new(job, layout, message.sources(), message.pieces(), whole);
    let transfer = Arc::new(transfer);
    let sent = transfer.send(&upload, message.first_part).await;
    transfer.close().await;
    sent.map(|sent| answer(sent, transfer.known())).map_err(explained)
}

/// Whether all small objects are whole: what is to become of them is held in memory, and their CRC is that of the whole.
fn is_divided_as_here(message: &Message, whole: u64) -> bool {
    message.parts.iter().flatten().all(|(object, start, end)| {
        let size = message.objects[*object].1;
        size > whole || (*start, *end) == (0, size)
    })
}

fn answer(mut sent: Vec<Sent>, known: Known) -> Answer {
    sent.sort_unstable_by_key(|part| part.number);
    let ranges = known.ranges.into_iter();
    Answer {
        etags: sent.into_iter().map(|part| part.etag).collect(),
        crcs: known.headers,
        ranges: ranges.map(|(object, range, crc)| (object, range.start, range.end, crc)).collect(),
    }
}
