//! Reading objects: whole where they fit into memory, else in ranges.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use bytes::Bytes;
use lambda_kit::{Failure, Object, error_chain};
use tokio::time::sleep;

use crate::error::ArchiveError;

/// What one request reads at most, bytes: larger than nearly all objects of the contest, of which ten are in memory at once.
const PIECE_BYTES: u64 = 8 << 20;
/// The SDK repeats requests, but not what breaks while a body is read.
const ATTEMPTS: u32 = 8;
const BACKOFF: Duration = Duration::from_millis(100);

/// An object, or a range of it.
pub struct Piece<'a> {
    object: &'a Object,
    /// As the header `Range` names it; without one the SDK checks the object's checksum.
    range: Option<String>,
}

/// Whether an object is read by one request.
pub fn is_one_piece(object: &Object) -> bool {
    object.size <= PIECE_BYTES
}

/// An object's pieces, in order.
pub fn pieces(object: &Object) -> impl Iterator<Item = Piece<'_>> {
    let count = object.size.div_ceil(PIECE_BYTES).max(1);
    (0..count).map(move |index| {
        let (start, end) = (index * PIECE_BYTES, ((index + 1) * PIECE_BYTES).min(object.size));
        Piece { object, range: (count > 1).then(|| format!("bytes={start}-{}", end - 1)) }
    })
}

/// Reads a piece of the object that was listed.
pub async fn download(s3: &Client, bucket: &str, piece: Piece<'_>) -> Result<Bytes, Failure> {
    let mut attempt = 1;
    loop {
        let object = s3.get_object().bucket(bucket).key(&piece.object.key).if_match(&piece.object.etag);
        let response = object.set_range(piece.range.clone()).send().await;
        let response = response.map_err(|error| explained(&piece.object.key, &error))?;
        match response.body.collect().await {
            Ok(body) => return Ok(body.into_bytes()),
            Err(_) if attempt < ATTEMPTS => sleep(BACKOFF * attempt).await,
            Err(error) => {
                let (key, cause) = (piece.object.key.clone(), error_chain(&error));
                return Err(ArchiveError::Unread { key, attempts: attempt, cause }.into());
            }
        }
        attempt += 1;
    }
}

fn explained(key: &str, error: &SdkError<GetObjectError>) -> Failure {
    match error.raw_response().map(|response| response.status().as_u16()) {
        Some(412) => ArchiveError::Changed(key.to_owned()).into(),
        Some(404) => ArchiveError::Deleted(key.to_owned()).into(),
        _ => Failure::aws(format_args!("read {key}"), error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_an_object_once() {
        for (size, expected) in [
            (0, vec![None]),
            (PIECE_BYTES, vec![None]),
            (PIECE_BYTES + 1, vec![Some("bytes=0-8388607"), Some("bytes=8388608-8388608")]),
        ] {
            let object = Object { key: "files/a".to_owned(), size, etag: String::new() };
            let ranges: Vec<_> = pieces(&object).map(|piece| piece.range).collect();
            assert_eq!(
                ranges,
                expected.into_iter().map(|range| range.map(str::to_owned)).collect::<Vec<_>>()
            );
        }
    }
}
