//! Object keys that S3 takes and programs stumble over: every function that lists or deletes is tried with all of them.

use serde_json::Value;

/// Bytes of a key at most.
const LONGEST: usize = 1_024;

/// Keys below `prefix`, which is empty or ends in `/`; the last ones are as long as S3 takes. None is of white space alone: AWS's
/// SDK for Rust takes that for no key.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
#[must_use]
pub fn taken(prefix: &str) -> Vec<String> {
    let rest = LONGEST - prefix.len();
    let long = ["n".repeat(rest), format!("{}{}", "ü".repeat(rest / 2), "n".repeat(rest % 2))];
    table("taken").into_iter().chain(long).map(|key| format!("{prefix}{key}")).collect()
}

/// Keys that lead out of their bucket, which S3 refuses.
#[must_use]
pub fn refused() -> Vec<String> {
    table("refused")
}

fn table(name: &str) -> Vec<String> {
    let tables: Value = serde_json::from_str(include_str!("awkward-keys.json")).expect("JSON");
    serde_json::from_value(tables[name].clone()).expect("texts")
}
