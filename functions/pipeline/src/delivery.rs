//! A message on its way, and what becomes of it when it comes more than once.

use std::borrow::Cow;

use serde::Serialize;

use crate::fields::{FieldError, Fields, Name};
use crate::image::{self, Item};

/// What an aggregate of several records begins with (amazon-kinesis-producer, aggregation-format.md).
const AGGREGATED: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];

/// The data of a Kinesis record.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    /// What the message is known by.
    pub id: &'a str,
    /// Its text.
    pub message: &'a str,
    /// The sender's time.
    pub timestamp: f64,
    /// When `upstream` had it, µs since 1970.
    pub arrived_us: u64,
}

/// A message as a stream delivers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// What it is known by.
    pub id: String,
    /// Its text.
    pub message: String,
    /// The sender's time.
    pub timestamp: f64,
    /// When `upstream` had it, µs since 1970.
    pub arrived_us: u64,
    /// When `midstream` had it, µs since 1970.
    pub midstream_us: u64,
    /// How many records it was: `midstream` merges those of one id in a batch.
    pub copies: u64,
    /// The request id of the invocation of `midstream`; empty if it is not known.
    pub midstream_request: String,
}

/// What isn't in every delivery.
struct Way {
    midstream_us: u64,
    copies: u64,
    midstream_request: String,
}

/// Why a delivery is no message.
#[derive(Debug)]
pub struct Unreadable {
    /// The message's id, if it could be read.
    pub id: Option<String>,
    /// What is wrong.
    pub error: FieldError,
}

impl From<FieldError> for Unreadable {
    fn from(error: FieldError) -> Self {
        Self { id: None, error }
    }
}

impl Delivery {
    /// From a Kinesis record that this invocation of `midstream` has at this time.
    pub fn from_record(data: &[u8], midstream_us: u64, request_id: &str) -> Result<Self, Unreadable> {
        if data.starts_with(&AGGREGATED) {
            return Err(FieldError::Aggregated.into());
        }
        let mut fields = Fields::from_json(data, "the record")?;
        Self::read(&mut fields, Ok(Way { midstream_us, copies: 1, midstream_request: request_id.to_owned() }))
    }

    /// From the image of an item.
    pub fn from_image(image: &Item) -> Result<Self, Unreadable> {
        let mut fields = image::fields(image);
        let way = way(&mut fields);
        Self::read(&mut fields, way)
    }

    fn read(fields: &mut Fields<'_>, way: Result<Way, FieldError>) -> Result<Self, Unreadable> {
        let id = fields.id()?.into_owned();
        let rest = way.and_then(|way| {
            let message = fields.string(Name::Message)?.into_owned();
            Ok((way, message, fields.number(Name::Timestamp)?, fields.whole(Name::ArrivedUs)?))
        });
        match rest {
            Ok((way, message, timestamp, arrived_us)) => {
                let Way { midstream_us, copies, midstream_request } = way;
                Ok(Self { id, message, timestamp, arrived_us, midstream_us, copies, midstream_request })
            }
            Err(error) => Err(Unreadable { id: Some(id), error }),
        }
    }

    /// Takes in another one of the same id: the first arrival's text and times stay.
    pub fn absorb(&mut self, other: Self) {
        let copies = self.copies.saturating_add(other.copies);
        if other.arrived_us < self.arrived_us {
            *self = other;
        }
        self.copies = copies;
    }
}

fn way(fields: &mut Fields<'_>) -> Result<Way, FieldError> {
    let (midstream_us, copies) = (fields.whole(Name::MidstreamUs)?, fields.whole(Name::Copies)?.max(1));
    // Items of an earlier version have none.
    let midstream_request = fields.string(Name::MidstreamRequest).map(Cow::into_owned).unwrap_or_default();
    Ok(Way { midstream_us, copies, midstream_request })
}
