//! Which item of which run a message of the queue is.

use aws_lambda_events::sqs::SqsMessage;
use lambda_kit::sqs::attributes::{self, AttributeError};
use protocol::splitter::{ITEM_ATTRIBUTE, item_index};

use crate::event::Event;

/// Where a message belongs.
#[derive(Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The run: its attribute's, or the event's.
    pub run: &'a str,
    /// The entry of the run log. A message that names no item is one by itself, however many have the same event.
    pub entry: String,
    /// When it was sent, µs since 1970, if it says so.
    pub queued_us: Option<u64>,
}

/// An attribute that none of the function's own messages has like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// One that messages of other scenarios have as well.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
    /// The item.
    #[error("the message attribute {ITEM_ATTRIBUTE} is '{0}', but must be an item's id, such as 0007")]
    Item(String),
}

impl<'a> Origin<'a> {
    /// Of a message whose body is an event of one tag.
    ///
    /// # Errors
    /// If an attribute cannot be what its name says.
    pub fn read(message: &'a SqsMessage, event: &'a Event<'_>) -> Result<Self, OriginError> {
        let run = attributes::run(message)?.unwrap_or(&event.run);
        let queued_us = attributes::sent_us(message)?;
        let entry = match (attributes::text(message, ITEM_ATTRIBUTE), message.message_id.as_deref()) {
            (Some(id), _) if item_index(id).is_some() => event.entry_of(id, 0),
            (Some(id), _) => return Err(OriginError::Item(id.to_owned())),
            (None, Some(id)) => id.to_owned(),
            (None, None) => event.item_entry(0),
        };
        Ok(Self { run, entry, queued_us })
    }
}
