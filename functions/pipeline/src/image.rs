//! An item of the table: as `midstream` writes it, as the table's stream shows it.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
pub use serde_dynamo::Item;

use crate::delivery::Delivery;
use crate::fields::{Field, Fields, Name};

/// The attributes of a message's item.
pub fn attributes(delivery: &Delivery) -> HashMap<String, AttributeValue> {
    let number = |name: Name, value: u64| (name.text().to_owned(), AttributeValue::N(value.to_string()));
    let text = |name: Name, value: &str| (name.text().to_owned(), AttributeValue::S(value.to_owned()));
    HashMap::from([
        text(Name::Id, &delivery.id),
        text(Name::Message, &delivery.message),
        (Name::Timestamp.text().to_owned(), AttributeValue::N(delivery.timestamp.to_string())),
        number(Name::ArrivedUs, delivery.arrived_us),
        number(Name::MidstreamUs, delivery.midstream_us),
        number(Name::Copies, delivery.copies),
        text(Name::MidstreamRequest, &delivery.midstream_request),
    ])
}

/// The fields of an image.
pub fn fields(image: &Item) -> Fields<'_> {
    let mut fields = Fields::default();
    for name in Name::ALL {
        if let Some(value) = image.get(name.text()) {
            fields.set(name, field(value));
        }
    }
    fields
}

fn field(value: &serde_dynamo::AttributeValue) -> Field<'_> {
    match value {
        serde_dynamo::AttributeValue::S(text) => Field::Text(Cow::Borrowed(text)),
        serde_dynamo::AttributeValue::N(digits) => {
            digits.parse().map_or(Field::Other("not a number"), Field::Number)
        }
        serde_dynamo::AttributeValue::Null(_) => Field::Other("null"),
        _ => Field::Other("of another type"),
    }
}
