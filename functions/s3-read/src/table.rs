//! The table of what was read: an item an object.
//!
//! Beside its keys (`Run`, `Fileurl`) an item has `Filesize` (bytes), the hash (`Md5`, `Crc32` or `Sha256`), `Bucket`,
//! `Variant`, `FirstByteMs`, `TotalMs` (both from the first try on), `StartedUs`, `EndedUs` (µs since 1970), `SentUs` (when the
//! message was sent, where it says so), `Tries`, `Cold` (whether the environment was new), `MemoryMb`, `Worker` (the
//! environment, by the name of its log stream) and `MessageId`.

use std::collections::HashMap;
use std::time::Instant;

use aws_config::SdkConfig;
use lambda_kit::dynamodb::{BatchWriter, Item};

/// The attributes that are an item's key.
const KEY: &[&str] = &["Run", "Fileurl"];

/// An item's key.
pub type Key = (String, String);

/// The hash key of a run's items.
#[must_use]
pub fn run_key(run: &str, variant: impl std::fmt::Display) -> String {
    format!("{run}#{variant}")
}

/// The table.
pub struct Table(BatchWriter);

impl Table {
    /// A table by its name.
    #[must_use]
    pub fn new(config: &SdkConfig, name: String) -> Self {
        Self(BatchWriter::new(config, name, KEY))
    }

    /// Writes items, none of them twice; returns why not for those that are not written by `end`.
    pub async fn write(&self, items: Vec<Item>, end: Instant) -> HashMap<Key, String> {
        let unwritten = self.0.write(&items, end).await;
        unwritten.into_iter().map(|item| (key(&items[item.index]), item.reason)).collect()
    }
}

/// An item's key.
#[must_use]
pub fn key(item: &Item) -> Key {
    let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    (text(KEY[0]), text(KEY[1]))
}
