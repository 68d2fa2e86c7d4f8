//! CRCs that S3 knows, so that an object's header can be sent before the object has been read.

use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;
use lambda_kit::Object;
use s3_client::{Failed, S3, Upload, stored_crc};
use tokio::sync::OnceCell;

/// S3 copies no more at once, bytes.
const MAX_COPY: u64 = 5 << 30;

/// Asks S3 for CRCs.
pub struct Checksums {
    s3: S3,
    /// The key of an upload that is never completed.
    key: String,
    scratch: OnceCell<Upload>,
    /// Whether an upload was asked for, be it that nobody waited for the answer.
    is_asked_for: AtomicBool,
}

impl Checksums {
    /// `key` is for an upload that S3 computes CRCs for, if it has to.
    pub fn new(s3: S3, key: String) -> Self {
        Self { s3, key, scratch: OnceCell::new(), is_asked_for: AtomicBool::new(false) }
    }

    /// The CRC of an object, if its response's headers tell it.
    pub fn told(headers: &HeaderMap) -> Option<u32> {
        stored_crc(headers)
    }

    /// The CRC of a large object: the one that is stored with it, or one that S3 computes while it copies the object into a
    /// part that nobody needs.
    pub async fn of_large(&self, object: &Object) -> Result<Vec<(std::ops::Range<u64>, u32)>, Failed> {
        if let Some(crc) = self.s3.crc(&object.key, &object.etag).await? {
            return Ok(vec![(0..object.size, crc)]);
        }
        self.is_asked_for.store(true, Ordering::Relaxed);
        let upload = self.scratch.get_or_try_init(|| self.s3.create_upload(&self.key, true)).await?;
        let count = object.size.div_ceil(MAX_COPY);
        let mut crcs = Vec::new();
        for part in 0..count {
            let start = part * MAX_COPY;
            let range = start..object.size.min(start + MAX_COPY);
            let some = (count > 1).then(|| range.clone());
            // A part replaces the one before it.
            let copied = upload.copy(1, &object.key, some, Some(&object.etag)).await?;
            crcs.push((range, copied.crc_of_copy(&object.key)?));
        }
        Ok(crcs)
    }

    /// Removes what was needed; a part that is sent again asks for an upload again, so there may be several.
    pub async fn close(&self) {
        if self.is_asked_for.load(Ordering::Relaxed)
            && let Err(failed) = self.abort_all().await
        {
            tracing::warn!(%failed, "a part that nobody needs stays");
        }
    }

    async fn abort_all(&self) -> Result<(), Failed> {
        self.s3.settled().await;
        self.s3.abort_uploads(self.s3.list_uploads(&self.key).await?).await
    }
}
