//! A message on its way, and what becomes of it when it comes more than once.

use serde::Serialize;

use crate::fields::{Fields, Name, Refusal};
use crate::image::{self, Item};

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
}

impl Delivery {
    /// From a Kinesis record that `midstream` has at this time.
    pub fn from_record(data: &[u8], midstream_us: u64) -> Result<Self, Refusal> {
        let mut fields = Fields::from_json(data, "the record")?;
        Self::read(&mut fields, midstream_us, 1)
    }

    /// From the image of an item.
    pub fn from_image(image: &Item) -> Result<Self, Refusal> {
        let mut fields = image::fields(image);
        let (midstream_us, copies) = (fields.whole(Name::MidstreamUs)?, fields.whole(Name::Copies)?);
        Self::read(&mut fields, midstream_us, copies.max(1))
    }

    fn read(fields: &mut Fields<'_>, midstream_us: u64, copies: u64) -> Result<Self, Refusal> {
        Ok(Self {
            id: fields.id()?.into_owned(),
            message: fields.string(Name::Message)?.into_owned(),
            timestamp: fields.number(Name::Timestamp)?,
            arrived_us: fields.whole(Name::ArrivedUs)?,
            midstream_us,
            copies,
        })
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
