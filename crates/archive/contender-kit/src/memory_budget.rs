//! Bounds the bytes that are held at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counted in KiB.
const SHIFT: u64 = 10;

/// Memory to be shared.
pub struct MemoryBudget {
    free: Arc<Semaphore>,
    all: u32,
}

impl MemoryBudget {
    /// So many bytes.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let all = u32::try_from(bytes >> SHIFT).unwrap_or(u32::MAX >> 3).max(1);
        Self { free: Arc::new(Semaphore::new(all as usize)), all }
    }

    /// Waits for so many bytes of it, which are given back when the permit is dropped; more than there ever is count as all.
    pub async fn take(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let kib = u32::try_from((bytes >> SHIFT) + 1).unwrap_or(u32::MAX).min(self.all);
        Arc::clone(&self.free).acquire_many_owned(kib).await.ok()
    }
}
