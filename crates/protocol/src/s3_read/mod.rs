//! s3-read: what its stack says, what the generator takes and answers, and what messages and items of the table hold.

pub mod item;
pub mod slices;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use schemars::JsonSchema;
use serde::de::IntoDeserializer;
use serde::de::value::{self, StrDeserializer};
use serde::{Deserialize, Serialize};

use crate::deployment::{Deployment, Queue};
use crate::load_generator::LoadGenerator;

/// Base64 with its padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The output `environment["s3-read"]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    /// Where, and with which settings.
    #[serde(flatten)]
    pub deployment: Deployment,
    /// The bucket that is read.
    pub bucket: String,
    /// What was read.
    pub table: Table,
    /// Memory of each generator, MB.
    pub generator_memory: u64,
    /// The functions and queues of each variant.
    pub variants: BTreeMap<Variant, VariantFunctions>,
}

impl AsRef<Deployment> for Deployed {
    fn as_ref(&self) -> &Deployment {
        &self.deployment
    }
}

impl AsMut<Deployment> for Deployed {
    fn as_mut(&mut self) -> &mut Deployment {
        &mut self.deployment
    }
}

/// The table with an item for each object that was read.
#[derive(Debug, Clone, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
}

/// A variant's functions, by name, and the queue between them.
#[derive(Debug, Clone, Deserialize)]
pub struct VariantFunctions {
    /// Lists objects into the queue.
    pub generator: String,
    /// Reads the objects that messages name.
    pub reader: String,
    /// A message an object.
    pub queue: Queue,
    /// What starts many of its generators at once; none of a stack that an earlier version deployed.
    #[serde(default)]
    pub load: Option<LoadGenerator>,
}

/// How objects are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// By a presigned URL and plain HTTP.
    Signed,
    /// By the SDK's `GetObject`.
    Sdk,
}

impl Variant {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Signed, Self::Sdk];

    /// Its name in results, items and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Sdk => "sdk",
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What nothing is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such name")]
pub struct UnknownName;

impl FromStr for Variant {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|variant| variant.name() == name).ok_or(UnknownName)
    }
}

/// What objects are hashed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// MD5, which S3 itself has of objects written in one request.
    Md5,
    /// CRC-32 (IEEE).
    Crc32,
    /// SHA-256.
    Sha256,
}

impl HashAlgorithm {
    /// The attribute that an item has its hash in.
    #[must_use]
    pub fn attribute(self) -> &'static str {
        match self {
            Self::Md5 => "Md5",
            Self::Crc32 => "Crc32",
            Self::Sha256 => "Sha256",
        }
    }
}

impl FromStr for HashAlgorithm {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "md5" => Ok(Self::Md5),
            "crc32" => Ok(Self::Crc32),
            "sha256" => Ok(Self::Sha256),
            _ => Err(UnknownName),
        }
    }
}

/// What the generator is to list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GeneratorRequest {
    /// The run's name; one of the time's if empty.
    pub run: String,
    /// Only keys that start with it.
    pub prefix: String,
    /// Only objects that were modified so many hours ago or later; 0 for all.
    pub modified_within_hours: f64,
    /// No more messages than that; 0 for no limit. With `continuation`, the caller subtracts what is sent already.
    pub max_objects: u64,
    /// Where the last answer said that it goes on.
    pub continuation: Option<String>,
}

impl Default for GeneratorRequest {
    fn default() -> Self {
        Self {
            run: String::new(),
            prefix: String::new(),
            modified_within_hours: 24.0,
            max_objects: 1000,
            continuation: None,
        }
    }
}

/// What the generator answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneratorReport {
    /// The run's name.
    pub run: String,
    /// Which of the two generators it is.
    pub variant: Variant,
    /// Objects that the listing had.
    pub listed: u64,
    /// Those of them that were not sent: empty ones, folder markers, older ones, and the unsendable.
    pub skipped: u64,
    /// Those that a message of this variant cannot name: SQS takes no control characters.
    pub unsendable: u64,
    /// Messages in the queue.
    pub sent: u64,
    /// What the objects of these messages have, bytes.
    pub bytes: u64,
    /// LIST requests that it took; 0 of an earlier version.
    #[serde(default)]
    pub lists: u64,
    /// The last key that is done, behind which the next call goes on; none if everything is done.
    pub continuation: Option<String>,
    /// How long it took, ms.
    pub elapsed_ms: u64,
    /// The invocation's request id.
    pub request_id: String,
}

impl GeneratorReport {
    /// That of a generator that has done nothing yet.
    #[must_use]
    pub fn new(run: String, variant: Variant) -> Self {
        Self {
            run,
            variant,
            listed: 0,
            skipped: 0,
            unsendable: 0,
            sent: 0,
            bytes: 0,
            lists: 0,
            continuation: None,
            elapsed_ms: 0,
            request_id: String::new(),
        }
    }
}

/// The hash key of a run's items.
#[must_use]
pub fn run_key(run: &str, variant: Variant) -> String {
    format!("{run}#{variant}")
}

/// The body of a message that names an object by its presigned URL.
#[must_use]
pub fn signed_body(url: &str) -> String {
    STANDARD.encode(url)
}

/// The URL in a message's body. Programs that write Base64 wrap it at 76 columns (RFC 2045: MIME, and `base64` of GNU coreutils),
/// end it with a newline, or leave the padding out.
///
/// # Errors
/// What is wrong with the body.
pub fn signed_url(body: &str) -> Result<String, &'static str> {
    let digits: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = LENIENT.decode(digits).map_err(|_| "is not Base64")?;
    String::from_utf8(bytes).map_err(|_| "does not decode to text")
}

/// Why an object was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// The URL's time is over, or that of the credentials that signed it.
    Expired,
    /// The URL leads elsewhere than into the bucket.
    Foreign,
    /// The message names no object.
    Unreadable,
    /// There is no such object.
    Missing,
    /// S3 refuses the request.
    Denied,
    /// S3 wants fewer requests.
    Throttled,
    /// The body ended early.
    Truncated,
    /// The content isn't what S3 says it is.
    Corrupt,
    /// The connection broke, or could not be made.
    Reset,
    /// No answer, or no more of it, in time.
    Timeout,
    /// S3 failed.
    Server,
    /// The object was read, but the table didn't take it in time.
    Unstored,
    /// The object was read, but the table never takes its item.
    Unstorable,
    /// SQS moved the message itself: its readers timed out or were killed too often.
    Unanswered,
}

impl FailureKind {
    /// Whether another attempt comes to the same.
    #[must_use]
    pub fn is_permanent(self) -> bool {
        matches!(
            self,
            Self::Expired
                | Self::Foreign
                | Self::Unreadable
                | Self::Missing
                | Self::Denied
                | Self::Unstorable
        )
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl FromStr for FailureKind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let name: StrDeserializer<'_, value::Error> = name.into_deserializer();
        Self::deserialize(name).map_err(|_| UnknownName)
    }
}

/// The reason of a dead letter.
#[must_use]
pub fn reason(kind: FailureKind, text: impl fmt::Display) -> String {
    format!("{kind}: {text}")
}

/// The name of the kind that a dead letter's reason starts with.
#[must_use]
pub fn kind_name(reason: &str) -> &str {
    reason.split_once(": ").map_or(reason, |(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_leave_everything_out_but_misspell_nothing() {
        let request: GeneratorRequest = serde_json::from_str("{}").unwrap();
        assert_eq!((request.max_objects, request.continuation), (1000, None));
        assert!((request.modified_within_hours - 24.0).abs() < f64::EPSILON);
        let request: GeneratorRequest =
            serde_json::from_str(r#"{"maxObjects": 0, "continuation": null}"#).unwrap();
        assert_eq!(request.max_objects, 0);
        assert!(serde_json::from_str::<GeneratorRequest>(r#"{"maxObject": 5}"#).is_err());
    }

    #[test]
    fn only_what_another_attempt_cannot_mend_is_permanent() {
        let permanent = [
            FailureKind::Expired,
            FailureKind::Foreign,
            FailureKind::Unreadable,
            FailureKind::Missing,
            FailureKind::Denied,
            FailureKind::Unstorable,
        ];
        assert!(permanent.iter().all(|kind| kind.is_permanent()));
        let later = [
            FailureKind::Throttled,
            FailureKind::Truncated,
            FailureKind::Corrupt,
            FailureKind::Reset,
            FailureKind::Timeout,
            FailureKind::Server,
            FailureKind::Unstored,
        ];
        assert!(!later.iter().any(|kind| kind.is_permanent()));
    }

    #[test]
    fn a_reason_says_its_kind() {
        let reason = reason(FailureKind::Missing, "S3 answered 404: NoSuchKey");
        assert_eq!(reason, "missing: S3 answered 404: NoSuchKey");
        assert_eq!(kind_name(&reason).parse(), Ok(FailureKind::Missing));
        assert_eq!(kind_name("whatever").parse::<FailureKind>(), Err(UnknownName));
    }

    #[test]
    fn base64_is_read_as_programs_write_it() {
        let url =
            format!("https://shop.s3.eu-west-1.amazonaws.com/files/a?X-Amz-Signature={}", "0f".repeat(32));
        let body = signed_body(&url);
        assert!(body.ends_with('='), "or nothing is left out below");
        let lines = |end: &str| -> String {
            body.as_bytes()
                .chunks(76)
                .flat_map(|line| [line, end.as_bytes()].concat())
                .map(char::from)
                .collect()
        };
        let unpadded = body.trim_end_matches('=').to_owned();
        for body in [lines("\n"), lines("\r\n"), format!("{body}\n"), format!(" \t{body}"), unpadded] {
            assert_eq!(signed_url(&body).as_deref(), Ok(&*url), "{body:?}");
        }
    }

    #[test]
    fn what_is_no_url_in_base64_says_why() {
        assert_eq!(signed_url(&signed_body("https://b/ü")).as_deref(), Ok("https://b/ü"));
        for body in ["not Base64!", "aHR0c", "====", "aHR0cHM=6Ly8=", "aHR0cHM6\u{a0}Ly8="] {
            assert_eq!(signed_url(body), Err("is not Base64"), "{body}");
        }
        assert_eq!(signed_url("/w=="), Err("does not decode to text"));
    }
}
