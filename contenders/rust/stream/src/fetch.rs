//! Reading source objects, over broken connections, and never another version than the listed one.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use lambda_kit::{Failure, Object};

/// Connections in a row that may break without a single byte.
const MAX_FAILURES: u32 = 6;
/// Before the first reconnection; doubled for each one after.
const BACKOFF: Duration = Duration::from_millis(100);

/// A source object that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It was replaced after it was listed.
    #[error("'{0}' changed while the archive was made: run it again when nobody writes to the bucket")]
    Changed(String),
    /// It was deleted after it was listed.
    #[error("'{0}' was deleted while the archive was made: run it again when nobody writes to the bucket")]
    Deleted(String),
    /// S3 refuses it.
    #[error("{0}")]
    Refused(String),
    /// The connection keeps breaking.
    #[error("cannot read '{key}': {cause}")]
    Failed {
        /// The object.
        key: String,
        /// The last error.
        cause: String,
    },
}

/// Where the source objects are.
#[derive(Debug, Clone)]
pub struct Source {
    /// The S3 client.
    pub client: Client,
    /// The bucket.
    pub bucket: String,
}

/// An object that is being read.
pub struct Download {
    source: Source,
    object: Object,
    offset: u64,
    body: Option<ByteStream>,
    failures: u32,
}

impl Download {
    /// Reads `object` from its start; the request is sent when the first bytes are wanted.
    pub fn new(source: Source, object: Object) -> Self {
        Self { source, object, offset: 0, body: None, failures: 0 }
    }

    /// The whole object.
    ///
    /// # Errors
    /// [`FetchError`], also if the object is not as long as it was listed.
    pub async fn whole(mut self) -> Result<Vec<u8>, FetchError> {
        let mut content = Vec::with_capacity(usize::try_from(self.object.size).unwrap_or_default());
        while let Some(chunk) = self.next().await? {
            content.extend_from_slice(&chunk);
        }
        Ok(content)
    }

    /// The object piece by piece; the last item is an error if the object is not as long as it was listed.
    pub fn pieces(self) -> BoxStream<'static, Result<Bytes, FetchError>> {
        let next = async |mut download: Self| {
            let piece = download.next().await?;
            Ok(piece.map(|piece| (piece, download)))
        };
        stream::try_unfold(self, next).boxed()
    }

    /// The next bytes; none at the end of the object.
    async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        loop {
            if self.body.is_none() {
                self.body = Some(self.open().await?);
            }
            let Some(body) = &mut self.body else { continue };
            match body.next().await {
                Some(Ok(chunk)) => {
                    self.offset += chunk.len() as u64;
                    self.failures = 0;
                    return Ok(Some(chunk));
                }
                None if self.offset == self.object.size => return Ok(None),
                None => self.broken("the body has another length than listed".to_owned()).await?,
                Some(Err(error)) => self.broken(Failure::from(error).to_string()).await?,
            }
        }
    }

    async fn open(&self) -> Result<ByteStream, FetchError> {
        let request = self.source.client.get_object().bucket(&self.source.bucket).key(&self.object.key);
        let rest = (self.offset > 0).then(|| format!("bytes={}-", self.offset));
        match request.if_match(&self.object.etag).set_range(rest).send().await {
            Ok(response) => Ok(response.body),
            Err(error) => {
                let key = self.object.key.clone();
                match error.raw_response().map(|response| response.status().as_u16()) {
                    Some(412) => Err(FetchError::Changed(key)),
                    Some(404) => Err(FetchError::Deleted(key)),
                    _ => Err(FetchError::Refused(
                        Failure::aws(format_args!("read '{key}'"), &error).to_string(),
                    )),
                }
            }
        }
    }

    /// Prepares for another connection, or gives up.
    async fn broken(&mut self, cause: String) -> Result<(), FetchError> {
        self.failures += 1;
        if self.failures > MAX_FAILURES || self.offset > self.object.size {
            return Err(FetchError::Failed { key: self.object.key.clone(), cause });
        }
        tracing::warn!(key = self.object.key, self.offset, cause, "reconnecting");
        tokio::time::sleep(BACKOFF * 2_u32.pow(self.failures - 1)).await;
        self.body = None;
        Ok(())
    }
}
