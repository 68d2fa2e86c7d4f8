//! A message on its way, and what becomes of it when it comes more than once.

use serde::Serialize;

use crate::fields::{FieldError, Fields, Name};
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
    /// From a Kinesis record that `midstream` has at this time.
    pub fn from_record(data: &[u8], midstream_us: u64) -> Result<Self, Unreadable> {
        let mut fields = Fields::from_json(data, "the record")?;
        Self::read(&mut fields, Ok((midstream_us, 1)))
    }

    /// From the image of an item.
    pub fn from_image(image: &Item) -> Result<Self, Unreadable> {
        let mut fields = image::fields(image);
        let way = fields.whole(Name::MidstreamUs).and_then(|at| Ok((at, fields.whole(Name::Copies)?.max(1))));
        Self::read(&mut fields, way)
    }

    /// `way` is what isn't in every delivery: when `midstream` had it, and how many records it was.
    fn read(fields: &mut Fields<'_>, way: Result<(u64, u64), FieldError>) -> Result<Self, Unreadable> {
        let id = fields.id()?.into_owned();
        let rest = way.and_then(|way| {
            let message = fields.string(Name::Message)?.into_owned();
            Ok((way, message, fields.number(Name::Timestamp)?, fields.whole(Name::ArrivedUs)?))
        });
        match rest {
            Ok(((midstream_us, copies), message, timestamp, arrived_us)) => {
                Ok(Self { id, message, timestamp, arrived_us, midstream_us, copies })
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
