//! Names of the attributes that messages of lambench's queues have.

/// The run that the message belongs to.
pub const RUN: &str = "Run";
/// When it was sent, µs since 1970.
pub const SENT_AT: &str = "SentAt";
/// Why a function has put it into the dead-letter queue.
pub const REASON: &str = "Reason";
/// The id that it had in the queue from which a function has put it aside.
pub const MESSAGE_ID: &str = "MessageId";
