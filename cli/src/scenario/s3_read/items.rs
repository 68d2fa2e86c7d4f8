//! What the readers have written down: an item for each object that was read.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use super::Test;
use crate::aws::failed;

/// An object that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its key.
    pub object: String,
    /// Its size.
    pub bytes: u64,
    /// Its hash.
    pub hash: String,
    /// To the first byte, ms.
    pub first_byte_ms: f64,
    /// To the last byte, hashed, ms.
    pub total_ms: f64,
    /// When it was begun, µs since 1970.
    pub started_us: u64,
    /// When it was done, µs since 1970.
    pub ended_us: u64,
    /// Requests to S3.
    pub tries: u64,
    /// In the first invocation of an environment.
    pub cold: bool,
    /// The reader's memory, MB.
    pub memory_mb: u64,
    /// The environment.
    pub worker: String,
    /// The size of the item itself, bytes.
    pub stored_bytes: u64,
}

/// A run's items.
pub async fn collect(test: &Test, run_key: &str, hash: &str) -> Result<Vec<Item>> {
    let table = &test.s3_read.table.name;
    let mut pages = Client::new(&test.config)
        .query()
        .table_name(table)
        .key_condition_expression("#run = :run")
        .expression_attribute_names("#run", "Run")
        .expression_attribute_values(":run", AttributeValue::S(run_key.to_owned()))
        .consistent_read(true)
        .into_paginator()
        .send();
    let mut items = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("Query", &test.s3_read.deployment)(&error))?;
        for item in page.items() {
            items.push(Item::read(item, hash).with_context(|| {
                format!("an item of the table {table} is from another version: deploy the stack again")
            })?);
        }
    }
    Ok(items)
}

type Attributes = HashMap<String, AttributeValue>;

impl Item {
    /// From a table's item; `hash` is the one that the stack is set to.
    fn read(item: &Attributes, hash: &str) -> Option<Self> {
        let text = |name: &str| item.get(name)?.as_s().ok().cloned();
        let whole = |name: &str| item.get(name)?.as_n().ok()?.parse::<u64>().ok();
        let real = |name: &str| item.get(name)?.as_n().ok()?.parse::<f64>().ok();
        Some(Self {
            object: text("Fileurl")?,
            bytes: whole("Filesize")?,
            hash: text(attribute(hash)?)?,
            first_byte_ms: real("FirstByteMs")?,
            total_ms: real("TotalMs")?,
            started_us: whole("StartedUs")?,
            ended_us: whole("EndedUs")?,
            tries: whole("Tries")?,
            cold: *item.get("Cold")?.as_bool().ok()?,
            memory_mb: whole("MemoryMb")?,
            worker: text("Worker")?,
            stored_bytes: item.iter().map(|(name, value)| name.len() as u64 + size(value)).sum(),
        })
    }
}

/// The attribute that has a hash.
fn attribute(hash: &str) -> Option<&'static str> {
    match hash {
        "md5" => Some("Md5"),
        "crc32" => Some("Crc32"),
        "sha256" => Some("Sha256"),
        _ => None,
    }
}

/// What DynamoDB counts of a value (DynamoDB Developer Guide, "Item sizes and formats"), bytes: of a number a byte for each
/// two digits, and one.
fn size(value: &AttributeValue) -> u64 {
    match value {
        AttributeValue::S(text) => text.len() as u64,
        AttributeValue::N(number) => {
            let digits = number.bytes().filter(u8::is_ascii_digit).count() as u64;
            digits.div_ceil(2) + 1
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes() -> Attributes {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let number = |value: &str| AttributeValue::N(value.to_owned());
        [
            ("Run", text("run#sdk")),
            ("Fileurl", text("files/a")),
            ("Filesize", number("5242880")),
            ("Md5", text("900150983cd24fb0d6963f7d28e17f72")),
            ("FirstByteMs", number("4.25")),
            ("TotalMs", number("71.5")),
            ("StartedUs", number("1795255200000000")),
            ("EndedUs", number("1795255200071500")),
            ("Tries", number("2")),
            ("Cold", AttributeValue::Bool(true)),
            ("MemoryMb", number("512")),
            ("Worker", text("2026/11/21/[$LATEST]0123")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    #[test]
    fn an_item_is_what_the_reader_has_written() {
        let item = Item::read(&attributes(), "md5").unwrap();
        assert_eq!(
            (item.object.as_str(), item.bytes, item.tries, item.cold),
            ("files/a", 5_242_880, 2, true)
        );
        assert!((item.first_byte_ms - 4.25).abs() < f64::EPSILON);
        // Names: 3+7+8+3+11+7+9+7+5+4+8+6; texts 7+7+32+24; numbers 5+3+3+9+9+2+3; one truth value.
        assert_eq!(item.stored_bytes, 78 + 70 + 34 + 1);
    }

    #[test]
    fn an_item_that_lacks_something_is_no_item() {
        assert_eq!(Item::read(&attributes(), "sha256"), None, "the stack was set to another hash");
        let mut without = attributes();
        without.remove("EndedUs");
        assert_eq!(Item::read(&without, "md5"), None);
    }
}
