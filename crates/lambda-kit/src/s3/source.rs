//! The objects that a scenario is about.

use aws_sdk_s3::Client;
use futures::future::BoxFuture;

use super::{Object, list_objects};
use crate::{Failure, aws, env};

/// The objects below a prefix of a bucket.
#[derive(Debug, Clone)]
pub struct SourceObjects {
    /// The S3 client.
    pub client: Client,
    /// The bucket.
    pub bucket: String,
    /// The objects' prefix, without the slash at its end.
    pub prefix: String,
}

impl SourceObjects {
    /// The bucket in `BUCKET` and the prefix in `PREFIX`.
    ///
    /// # Errors
    /// If one of them is missing.
    #[must_use]
    pub fn from_env() -> BoxFuture<'static, Result<Self, Failure>> {
        Box::pin(async move {
            let bucket = env::setting("BUCKET", "the bucket's name")?;
            let prefix = env::setting("PREFIX", "the source objects' prefix, such as files")?;
            Ok(Self { client: aws::s3(&aws::config().await), bucket, prefix })
        })
    }

    /// The prefix of the objects' keys: `files/`.
    #[must_use]
    pub fn key_prefix(&self) -> String {
        format!("{}/", self.prefix)
    }

    /// All of them.
    ///
    /// # Errors
    /// S3's, once the retries are used up.
    pub async fn list(&self) -> Result<Vec<Object>, Failure> {
        list_objects(&self.client, &self.bucket, &self.key_prefix()).await
    }
}
