//! The fields of a message, wherever it is read: a request's body, a record's data, an item's image.

mod json;

use std::borrow::Cow;
use std::fmt;

use protocol::pipeline::ID;

/// The longest id, bytes: Kinesis's limit of a partition key.
const MAX_ID: usize = 256;
/// The largest number that all on the way keep exactly.
const MAX_NUMBER: f64 = 9_007_199_254_740_992.0;
/// The smallest one that DynamoDB takes, besides 0.
const MIN_NUMBER: f64 = 1e-130;

/// A field that a message can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// What the message is known by.
    Id,
    /// Its text.
    Message,
    /// The sender's time.
    Timestamp,
    /// When `upstream` had it, µs since 1970.
    ArrivedUs,
    /// When `midstream` had it, µs since 1970.
    MidstreamUs,
    /// How many records were merged into one.
    Copies,
    /// The request id of the invocation of `midstream`.
    MidstreamRequest,
}

/// The names, in the order of [`Name`].
const NAMES: [&str; 7] =
    [ID, "message", "timestamp", "arrived_us", "midstream_us", "copies", "midstream_request"];

impl Name {
    /// All of them.
    pub const ALL: [Self; NAMES.len()] = [
        Self::Id,
        Self::Message,
        Self::Timestamp,
        Self::ArrivedUs,
        Self::MidstreamUs,
        Self::Copies,
        Self::MidstreamRequest,
    ];

    /// As it stands in JSON and in an item.
    pub const fn text(self) -> &'static str {
        NAMES[self as usize]
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Why something is no message.
#[derive(Debug, thiserror::Error)]
pub enum FieldError {
    /// Several records in one.
    #[error("the record is an aggregate of the Kinesis Producer Library: turn its aggregation off")]
    Aggregated,
    /// No JSON at all.
    #[error("{what} is not JSON: {error}")]
    NoJson {
        /// What was read.
        what: &'static str,
        /// Where it fails.
        error: serde_json::Error,
    },
    /// JSON that isn't an object.
    #[error("{what} must be a JSON object, but is {found}")]
    NoObject {
        /// What was read.
        what: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A field isn't there.
    #[error("field '{0}' is missing")]
    Missing(Name),
    /// A field is there twice: one reader would see the first, another the last.
    #[error(transparent)]
    Twice(serde_json::Error),
    /// A field of another type.
    #[error("field '{name}' must be {expected}, but is {found}")]
    Type {
        /// The field.
        name: Name,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// An id that is empty or too long.
    #[error("field 'id' must have 1 to {MAX_ID} bytes, but has {0}")]
    IdLength(usize),
    /// Text that PostgreSQL cannot store.
    #[error("field '{0}' must not have the character U+0000")]
    Nul(Name),
    /// A number out of range.
    #[error("field '{name}' must be from 0 to 2^53, but is {found}")]
    Range {
        /// The field.
        name: Name,
        /// What it is.
        found: f64,
    },
    /// A number with a fraction where none is meant.
    #[error("field '{name}' must be a whole number, but is {found}")]
    Fraction {
        /// The field.
        name: Name,
        /// What it is.
        found: f64,
    },
}

/// A field as it was found.
#[derive(Debug, Default, Clone, PartialEq)]
pub enum Field<'a> {
    /// Not at all.
    #[default]
    Missing,
    /// A string.
    Text(Cow<'a, str>),
    /// A number.
    Number(f64),
    /// Something else.
    Other(&'static str),
}

impl Field<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Text(_) => "a string",
            Self::Number(_) => "a number",
            Self::Other(kind) => kind,
        }
    }
}

/// The known fields of an object; others are passed over.
#[derive(Debug, Default)]
pub struct Fields<'a>([Field<'a>; NAMES.len()]);

impl<'a> Fields<'a> {
    /// Sets a field.
    pub fn set(&mut self, name: Name, field: Field<'a>) {
        self.0[name as usize] = field;
    }

    /// The id.
    pub fn id(&mut self) -> Result<Cow<'a, str>, FieldError> {
        let id = self.string(Name::Id)?;
        if (1..=MAX_ID).contains(&id.len()) { Ok(id) } else { Err(FieldError::IdLength(id.len())) }
    }

    /// A string.
    pub fn string(&mut self, name: Name) -> Result<Cow<'a, str>, FieldError> {
        match std::mem::take(&mut self.0[name as usize]) {
            Field::Text(text) if text.contains('\0') => Err(FieldError::Nul(name)),
            Field::Text(text) => Ok(text),
            other => Err(wrong(name, "a string", &other)),
        }
    }

    /// A number.
    pub fn number(&self, name: Name) -> Result<f64, FieldError> {
        match self.0[name as usize] {
            Field::Number(number) if number == 0.0 || (MIN_NUMBER..=MAX_NUMBER).contains(&number) => {
                // Without the sign of -0.
                Ok(number.abs())
            }
            Field::Number(found) => Err(FieldError::Range { name, found }),
            ref other => Err(wrong(name, "a number", other)),
        }
    }

    /// A whole number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and from 0 to 2^53"
    )]
    pub fn whole(&self, name: Name) -> Result<u64, FieldError> {
        let found = self.number(name)?;
        if found.fract() > 0.0 { Err(FieldError::Fraction { name, found }) } else { Ok(found as u64) }
    }
}

fn wrong(name: Name, expected: &'static str, field: &Field<'_>) -> FieldError {
    match field {
        Field::Missing => FieldError::Missing(name),
        other => FieldError::Type { name, expected, found: other.kind() },
    }
}

#[cfg(test)]
mod tests;
