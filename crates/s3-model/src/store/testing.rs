//! What the tests of the store share.

#![expect(clippy::missing_panics_doc, clippy::must_use_candidate, reason = "a test that panics has failed")]

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Reader, Rope, Store};

/// An empty store in a folder that goes with the test.
pub fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    (folder, store)
}

/// The rope of a body that is written now.
pub fn rope_of(store: &Store, body: &[u8]) -> Rope {
    let mut writer = store.writer(None);
    body.chunks(100_000).for_each(|piece| writer.write(Bytes::copy_from_slice(piece)).unwrap());
    writer.finish().unwrap().rope
}

/// The bytes of a rope.
pub fn bytes_of(rope: &Rope) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(rope.len()).unwrap()];
    let mut reader = Reader::new(rope.clone());
    assert_eq!(reader.read(&mut bytes).unwrap(), bytes.len());
    assert_eq!(reader.left(), 0);
    bytes
}

/// Waits until `is_so`, which another thread makes come true.
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < deadline, "in ten seconds never: {what}");
        std::thread::yield_now();
    }
}
