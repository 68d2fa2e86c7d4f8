//! S3, read by functions in two ways: presigned URLs with plain HTTP, and the SDK's `GetObject`.
//!
//! A generator lists a bucket into a queue, by itself or as one of many that send a slice each; a reader reads and hashes what the
//! queue holds. Each variant (`signed`, `sdk`) has a generator, a queue, a dead-letter queue and a reader of its own.
//!
//! # Environment
//! | variable | function | holds |
//! |---|---|---|
//! | `lambdamode` | both | `s3signed` (variant `signed`) or `s3path` (variant `sdk`) |
//! | `s3bucket` | both | the bucket |
//! | `sqsqueue` | generator | the queue's URL |
//! | `URL_VALID_SECONDS` | generator, `signed` | how long URLs are valid: as long as the queue keeps messages, 1 to 604,800 |
//! | `ddbtable` | reader | the table |
//! | `HASH` | reader | `md5`, `crc32` or `sha256` |
//! | `CONCURRENCY` | reader | objects under way at once |
//! | `METRICS_NAMESPACE` | reader | where CloudWatch has its metrics |
//! | `DEAD_LETTER_URL` | reader | the dead-letter queue's URL |
//! | `MAX_RECEIVES` | reader | deliveries that the queue makes of a message before it gives up |
//!
//! # Messages
//! `sdk`: the body is the object's key, as it is. `signed`: Base64 of the presigned URL. Both carry the attributes `Run` (String)
//! and `SentAt` (Number, µs since 1970). A message without them, from another generator, belongs to the run `none`.
//!
//! A URL that a function's role has signed ends with the role's credentials, however long it says it is valid: that is some
//! hours. S3 refuses it then, and the message is dead-lettered as `expired`.
//!
//! # Table
//! Hash key `Run` (String, `<run>#<variant>`), range key `Fileurl` (String, the object's key): an object that is delivered twice
//! overwrites its own item. The other attributes: [`protocol::s3_read::item`].
//!
//! # Dead letters
//! The message with its attributes, `MessageId`, and `Reason`: `<kind>: <text>`, see
//! [`protocol::s3_read::FailureKind`]. A message that was delivered again after its object was read may be in both places: then
//! the item's `MessageId` is the dead letter's.

pub mod bucket_url;
mod divide;
pub mod error;
pub mod event;
pub mod generator;
pub mod hash;
pub mod listing;
pub mod message;
pub mod metrics;
pub mod mode;
pub mod object;
pub mod object_client;
pub mod presign;
pub mod queue;
pub mod reader;
pub mod runtime;
pub mod table;
