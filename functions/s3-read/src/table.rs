//! The table of what was read: an item an object, whose attributes are named in [`protocol::s3_read::item`].

use std::collections::HashMap;
use std::time::Instant;

use aws_config::SdkConfig;
use lambda_kit::dynamodb::{BatchWriter, Item, Unwritten};
use protocol::s3_read::{FailureKind, item as attribute};

/// The attributes that are an item's key.
const KEY: &[&str] = &[attribute::RUN, attribute::OBJECT];

/// An item's key.
pub type Key = (String, String);

/// Why an item is not in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unstored {
    /// Whether it may be later.
    pub kind: FailureKind,
    /// DynamoDB's reason.
    pub reason: String,
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
    pub async fn write(&self, items: Vec<Item>, end: Instant) -> HashMap<Key, Unstored> {
        let unstored = |item: Unwritten| {
            let kind = if item.is_permanent { FailureKind::Unstorable } else { FailureKind::Unstored };
            (key(&items[item.index]), Unstored { kind, reason: item.reason })
        };
        self.0.write(&items, end).await.into_iter().map(unstored).collect()
    }
}

/// An item's key.
#[must_use]
pub fn key(item: &Item) -> Key {
    let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    (text(KEY[0]), text(KEY[1]))
}
