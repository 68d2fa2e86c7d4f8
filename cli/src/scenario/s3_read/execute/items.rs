//! What the readers have written down: an item for each object that was read.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use protocol::decimal;
use protocol::s3_read::{HashAlgorithm, item as attribute, run_key};

use super::UnderWay;
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
    /// When it was requested first, µs since 1970.
    pub started_us: u64,
    /// When it was done, µs since 1970.
    pub ended_us: u64,
    /// Requests to S3.
    pub attempts: u64,
    /// In the first invocation of an environment.
    pub cold: bool,
    /// The reader's memory, MB.
    pub memory_mb: u64,
    /// The environment that read it.
    pub worker: String,
    /// The invocation that read it.
    pub request_id: String,
    /// The size of the item itself, bytes.
    pub stored_bytes: u64,
}

/// A run's items.
pub async fn query(under_way: UnderWay<'_>) -> Result<Vec<Item>> {
    let UnderWay { run, request, variant, .. } = under_way;
    let table = &run.deployed.table.name;
    let mut pages = Client::new(&run.config)
        .query()
        .table_name(table)
        .key_condition_expression("#run = :run")
        .expression_attribute_names("#run", attribute::RUN)
        .expression_attribute_values(":run", AttributeValue::S(run_key(&run.name, variant)))
        .consistent_read(true)
        .into_paginator()
        .send();
    let mut items = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("Query", run.deployment())(&error))?;
        for item in page.items() {
            items.push(Item::read(item, &request.hash).with_context(|| {
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
        let hash: HashAlgorithm = hash.parse().ok()?;
        let text = |name: &str| item.get(name)?.as_s().ok().cloned();
        let whole = |name: &str| decimal::parse(item.get(name)?.as_n().ok()?);
        let real = |name: &str| item.get(name)?.as_n().ok()?.parse::<f64>().ok();
        Some(Self {
            object: text(attribute::OBJECT)?,
            bytes: whole(attribute::BYTES)?,
            hash: text(hash.attribute())?,
            first_byte_ms: real(attribute::FIRST_BYTE_MS)?,
            total_ms: real(attribute::TOTAL_MS)?,
            started_us: whole(attribute::STARTED_US)?,
            ended_us: whole(attribute::ENDED_US)?,
            attempts: whole(attribute::ATTEMPTS)?,
            cold: *item.get(attribute::COLD)?.as_bool().ok()?,
            memory_mb: whole(attribute::MEMORY_MB)?,
            worker: text(attribute::WORKER)?,
            request_id: text(attribute::REQUEST_ID)?,
            stored_bytes: item.iter().map(|(name, value)| name.len() as u64 + size(value)).sum(),
        })
    }

    /// When it was done, ms since 1970, rounded up.
    pub fn ended_ms(&self) -> i64 {
        i64::try_from(self.ended_us / 1000 + 1).unwrap_or(i64::MAX)
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
            ("RequestId", text("3897a7c2")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    #[test]
    fn an_item_is_what_the_reader_has_written() {
        let item = Item::read(&attributes(), "md5").unwrap();
        assert_eq!(
            (item.object.as_str(), item.bytes, item.attempts, item.cold),
            ("files/a", 5_242_880, 2, true)
        );
        assert!((item.first_byte_ms - 4.25).abs() < f64::EPSILON);
        // Names: 3+7+8+3+11+7+9+7+5+4+8+6+9; texts 7+7+32+24+8; numbers 5+3+3+9+9+2+3; one truth value.
        assert_eq!(item.stored_bytes, 87 + 78 + 34 + 1);
    }

    #[test]
    fn an_item_that_lacks_something_is_no_item() {
        assert_eq!(Item::read(&attributes(), "sha256"), None, "the stack was set to another hash");
        let mut without = attributes();
        without.remove("EndedUs");
        assert_eq!(Item::read(&without, "md5"), None);
    }
}
