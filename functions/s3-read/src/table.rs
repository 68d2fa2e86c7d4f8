//! The table of what was read: an item an object, whose attributes are named in [`protocol::s3_read::item`].

use std::collections::HashMap;
use std::time::Instant;

use aws_config::SdkConfig;
use lambda_kit::dynamodb::{BatchWriter, Item};
use protocol::s3_read::item as attribute;

/// The attributes that are an item's key.
const KEY: &[&str] = &[attribute::RUN, attribute::OBJECT];

/// An item's key.
pub type Key = (String, String);

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
