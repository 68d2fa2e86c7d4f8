//! Bounds the bytes that are held at once.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Counted in KiB.
const SHIFT: u64 = 10;

/// Memory to be shared.
pub struct Room {
    free: Semaphore,
    all: u32,
}

impl Room {
    /// So many bytes.
    pub fn new(bytes: u64) -> Self {
        let all = u32::try_from(bytes >> SHIFT).unwrap_or(u32::MAX >> 3).max(1);
        Self { free: Semaphore::new(all as usize), all }
    }

    /// Waits for room for so many bytes; more than there ever is count as all.
    pub async fn take(&self, bytes: u64) -> Option<SemaphorePermit<'_>> {
        let kib = u32::try_from((bytes >> SHIFT) + 1).unwrap_or(u32::MAX).min(self.all);
        self.free.acquire_many(kib).await.ok()
    }
}
