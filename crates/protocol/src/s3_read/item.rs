//! Names of the attributes that an item of the table has, an item an object, beside the one of its hash
//! ([`HashAlgorithm::attribute`](super::HashAlgorithm::attribute)).

/// Hash key: the run and the variant, as [`super::run_key`] writes them.
pub const RUN: &str = "Run";
/// Range key: the object's key.
pub const OBJECT: &str = "Fileurl";
/// The object's size, bytes.
pub const BYTES: &str = "Filesize";
/// The bucket.
pub const BUCKET: &str = "Bucket";
/// The variant's name.
pub const VARIANT: &str = "Variant";
/// From the first request to the first byte, ms.
pub const FIRST_BYTE_MS: &str = "FirstByteMs";
/// From the first request to the last byte, hashed, ms.
pub const TOTAL_MS: &str = "TotalMs";
/// When it was requested first, µs since 1970.
pub const STARTED_US: &str = "StartedUs";
/// When its last byte was hashed, µs since 1970.
pub const ENDED_US: &str = "EndedUs";
/// When its message was sent, where that says so, µs since 1970.
pub const SENT_US: &str = "SentUs";
/// Requests that it took.
pub const ATTEMPTS: &str = "Tries";
/// Whether the environment was new.
pub const COLD: &str = "Cold";
/// The reader's memory, MB.
pub const MEMORY_MB: &str = "MemoryMb";
/// The environment that read it, by the name of its log stream.
pub const WORKER: &str = "Worker";
/// The invocation that read it.
pub const REQUEST_ID: &str = "RequestId";
/// The message that named it.
pub const MESSAGE_ID: &str = "MessageId";
