//! The DynamoDB table.

use std::time::Instant;

use aws_config::SdkConfig;
use lambda_kit::dynamodb::BatchWriter;

use crate::batch::{BatchResult, Entry};
use crate::fields::Name;
use crate::image;

/// The attribute that is the table's key.
const KEY: &[&str] = &[Name::Id.text()];

/// The table of messages.
pub struct Table(BatchWriter);

impl Table {
    /// A table by its name.
    pub fn new(config: &SdkConfig, name: String) -> Self {
        Self(BatchWriter::new(config, name, KEY))
    }

    /// Writes the items; what is refused, and what isn't written by `end`, goes into `result`.
    pub async fn write(&self, entries: &[Entry], end: Instant, result: &mut BatchResult) {
        let items: Vec<_> = entries.iter().map(|entry| image::attributes(&entry.delivery)).collect();
        for unwritten in self.0.write(&items, end).await {
            let entry = &entries[unwritten.index];
            if unwritten.is_permanent {
                result.reject(entry, &unwritten.reason);
            } else {
                result.fail([entry]);
            }
        }
    }
}
