//! Reading source objects piece by piece, over broken connections, and never another version than the listed one.

use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use http::HeaderMap;
use lambda_kit::Object;
use s3_client::{Error, Failed, S3};
use tokio::time::{sleep, timeout};

/// Connections in a row that may break without a single byte.
const MAX_FAILURES: u32 = 6;
/// Before the first reconnection; doubled for each one after.
const BACKOFF: Duration = Duration::from_millis(100);
/// A connection on which nothing comes for so long is broken.
const STALL: Duration = Duration::from_secs(20);

type Pieces = BoxStream<'static, Result<Bytes, Error>>;

/// An object that is being read.
pub struct Reader {
    s3: S3,
    object: Object,
    /// What is still to come.
    rest: Range<u64>,
    body: Option<Pieces>,
    failures: u32,
}

impl Reader {
    /// Starts to read a range that isn't empty; also returns the response's headers.
    ///
    /// # Errors
    /// S3's, once the attempts are used up.
    pub async fn open(s3: S3, object: Object, range: Range<u64>) -> Result<(Self, HeaderMap), Failed> {
        let mut reader = Self { s3, object, rest: range, body: None, failures: 0 };
        let (headers, body) = connect(&reader.s3, &reader.object, &reader.rest).await?;
        reader.body = Some(body);
        Ok((reader, headers))
    }

    /// All pieces; the range's end is the stream's, or an error.
    pub fn pieces(self) -> impl Stream<Item = Result<Bytes, Failed>> + Send {
        let next = |mut reader: Self| -> Pin<Box<dyn Future<Output = _> + Send>> {
            Box::pin(async move {
                let piece = reader.next().await?;
                Ok(piece.map(|piece| (piece, reader)))
            })
        };
        stream::try_unfold(self, next)
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Failed> {
        while !self.rest.is_empty() {
            let Some(body) = &mut self.body else {
                self.body = Some(connect(&self.s3, &self.object, &self.rest).await?.1);
                continue;
            };
            let error = match timeout(STALL, body.next()).await {
                Ok(Some(Ok(piece))) if piece.len() as u64 <= self.rest.end - self.rest.start => {
                    self.rest.start += piece.len() as u64;
                    self.failures = 0;
                    return Ok(Some(piece));
                }
                Ok(Some(Ok(_)) | None) => {
                    Error::Broken("the answer has a different length than requested".to_owned())
                }
                Ok(Some(Err(error))) => error,
                Err(_) => Error::Silent(STALL),
            };
            self.broken(error).await?;
        }
        Ok(None)
    }

    /// Prepares for another connection, or gives up.
    async fn broken(&mut self, error: Error) -> Result<(), Failed> {
        self.body = None;
        self.failures += 1;
        if self.failures > MAX_FAILURES {
            return Err(Failed { doing: format!("read '{}'", self.object.key), error });
        }
        tracing::debug!(key = self.object.key, at = self.rest.start, %error, "reconnecting");
        sleep(BACKOFF * 2_u32.pow(self.failures - 1)).await;
        Ok(())
    }
}

async fn connect(s3: &S3, object: &Object, rest: &Range<u64>) -> Result<(HeaderMap, Pieces), Failed> {
    let Object { key, size, etag } = object;
    // Only of a whole object does S3 tell the checksum.
    let range = (*rest != (0..*size)).then(|| rest.clone());
    let open = |_| {
        let range = range.clone();
        async move {
            let (headers, body) = s3.open(key, range, etag).await?;
            Ok((headers, body.boxed()))
        }
    };
    s3.again(&format!("read '{key}'"), open).await
}
