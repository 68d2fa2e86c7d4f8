//! The store's figures for the admin endpoint.

use super::Store;
use crate::admin::{Contents, Holds};

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl Holds for Store {
    fn contents(&self) -> Contents {
        let state = self.state();
        let objects = || state.buckets.values().flat_map(|bucket| bucket.objects.values());
        Contents {
            buckets: number(state.buckets.len()),
            objects: number(state.buckets.values().map(|bucket| bucket.objects.len()).sum()),
            object_bytes: objects().map(|object| object.rope.len()).sum(),
            open_uploads: number(state.uploads.len()),
            stored_bytes: self.blobs.stored(),
        }
    }
}
