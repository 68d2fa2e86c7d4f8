//! The model's constants: one TOML file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

const DEFAULT: &str = include_str!("../../profiles/default.toml");

/// How fast this S3 is, and what it allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// By operation (S3's names); `default` is for all that aren't named.
    pub latency: BTreeMap<String, Latency>,
    /// Between a client and S3.
    pub link: Link,
    /// Of each partition of a bucket's keys.
    pub rate: Rate,
}

/// From the end of a request's body to the first byte of its response.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Half of the requests take at most that long, ms.
    pub p50_ms: f64,
    /// 99 of 100 requests take at most that long, ms.
    pub p99_ms: f64,
}

/// The link of one client, which is one access key.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Each direction's rate, bytes/s, shared by the client's transfers.
    pub bytes_per_second: f64,
    /// What a transfer's link carries ahead of its receiver, bytes.
    pub window_bytes: u64,
}

/// What a partition takes before S3 answers 503 `SlowDown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// PUT, COPY, POST and DELETE requests per second.
    pub writes_per_second: u32,
    /// GET and HEAD requests per second.
    pub reads_per_second: u32,
    /// Seconds of `SlowDown` after which a partition is split in two; never without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_after_seconds: Option<u32>,
}

/// The name in [`Profile::latency`] of what isn't named there.
pub const OTHERS: &str = "default";

impl Profile {
    /// The profile of a file, or the built-in one.
    ///
    /// # Errors
    /// When the file cannot be read or isn't a profile.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else { return Ok(Self::default()) };
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the profile '{name}': give --profile an existing file"))?;
        Self::parse(&text).with_context(|| {
            format!(
                "'{name}' is not a valid profile: start from a copy of crates/s3-model/profiles/default.toml"
            )
        })
    }

    fn parse(text: &str) -> Result<Self> {
        let profile: Self = toml::from_str(text)?;
        profile.check()?;
        Ok(profile)
    }

    fn check(&self) -> Result<()> {
        ensure!(
            self.latency.contains_key(OTHERS),
            "[latency.{OTHERS}] is missing: it is for operations without a latency of their own"
        );
        for (operation, Latency { p50_ms, p99_ms }) in &self.latency {
            ensure!(
                *p50_ms > 0.0 && p99_ms >= p50_ms && p99_ms.is_finite(),
                "latency.{operation}: p50_ms {p50_ms} and p99_ms {p99_ms} must be over 0, and p99_ms not below p50_ms"
            );
        }
        let rate = self.link.bytes_per_second;
        ensure!(rate > 0.0 && rate.is_finite(), "link.bytes_per_second {rate} must be over 0");
        ensure!(self.rate.writes_per_second > 0, "rate.writes_per_second must be over 0");
        ensure!(self.rate.reads_per_second > 0, "rate.reads_per_second must be over 0");
        Ok(())
    }

    /// The latency of an operation.
    #[must_use]
    pub fn latency(&self, operation: &str) -> Latency {
        self.latency.get(operation).copied().unwrap_or(self.latency[OTHERS])
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::parse(DEFAULT).expect("the built-in profile is checked by a test")
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "constants are what they are written as")]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profile_has_the_constants_that_reproduce_the_ranking_on_aws() {
        let profile = Profile::default();
        let p50 = |operation| profile.latency(operation).p50_ms;
        assert_eq!(p50("GetObject"), 30.0);
        assert_eq!((p50("PutObject"), p50("UploadPart")), (60.0, 60.0));
        assert_eq!((p50("CopyObject"), p50("UploadPartCopy")), (120.0, 120.0));
        assert_eq!(p50("CompleteMultipartUpload"), 200.0);
        assert_eq!((p50("HeadObject"), p50("ListObjectsV2")), (25.0, 25.0));
        assert_eq!(profile.link.bytes_per_second, 75e6);
        assert_eq!((profile.rate.writes_per_second, profile.rate.reads_per_second), (3_500, 5_500));
    }

    #[test]
    fn a_misspelt_or_impossible_constant_is_named() {
        let spoilt = |from: &str, to: &str| {
            assert!(DEFAULT.contains(from), "{from}");
            format!("{:#}", Profile::parse(&DEFAULT.replacen(from, to, 1)).unwrap_err())
        };
        assert!(spoilt("bytes_per_second", "bytes_per_secnd").contains("bytes_per_secnd"));
        assert!(spoilt("[latency.default]", "[latency.others]").contains("[latency.default] is missing"));
        assert!(spoilt("p50_ms = 30", "p50_ms = 3000").contains("latency.GetObject"));
        assert!(spoilt("bytes_per_second = 75_000_000", "bytes_per_second = 0").contains("must be over 0"));
    }

    #[test]
    fn a_missing_file_says_what_to_do() {
        let error = format!("{:#}", Profile::load(Some(Path::new("/nowhere.toml"))).unwrap_err());
        assert!(error.contains("cannot read the profile '/nowhere.toml'"), "{error}");
    }
}
