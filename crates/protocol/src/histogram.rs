//! Latencies as HDR histograms: what workers return, what is merged, and what percentiles are taken from.

use std::io::Read as _;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::real;
use crate::summary::Summary;

/// Longest latency that is told apart from longer ones, µs: an hour.
const MAX_MICROS: u64 = 3_600_000_000;
/// Significant decimal digits of each value: an error of 0.1 % at most.
const DIGITS: u8 = 3;
/// More than a histogram has when it is unpacked, bytes, even one with five significant digits.
const MOST_BYTES: u32 = 1 << 26;

/// Latencies with three significant digits, from 1 µs to an hour.
///
/// As JSON it is base64 of `HdrHistogram`'s own compressed format (V2 + DEFLATE, values in µs), which the libraries of
/// all languages read; some hundred bytes for a worker's latencies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Histogram(hdrhistogram::Histogram<u64>);

/// Percentiles, ms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p99_9: f64,
}

/// Text that is no histogram.
#[derive(Debug, thiserror::Error)]
#[error("not a base64 HdrHistogram (V2, compressed): {0}")]
pub struct HistogramError(String);

impl Default for Histogram {
    fn default() -> Self {
        let empty = hdrhistogram::Histogram::new_with_bounds(1, MAX_MICROS, DIGITS);
        Self(empty.expect("the bounds are valid"))
    }
}

impl Histogram {
    /// Adds one latency.
    pub fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(MAX_MICROS);
        self.0.saturating_record(micros.max(1));
    }

    /// Adds all latencies of another one.
    #[expect(clippy::missing_panics_doc, reason = "it doesn't: all have the same bounds")]
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    /// How many latencies there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that this share of all (0 to 1) doesn't exceed, ms; none if there is no latency.
    #[must_use]
    pub fn quantile_ms(&self, share: f64) -> Option<f64> {
        (self.count() > 0).then(|| ms(self.0.value_at_quantile(share)))
    }

    /// The percentiles; none if there is no latency.
    #[must_use]
    pub fn latency(&self) -> Option<Latency> {
        let quantile = |share| self.quantile_ms(share);
        Some(Latency {
            p50: quantile(0.5)?,
            p90: quantile(0.9)?,
            p99: quantile(0.99)?,
            p99_9: quantile(0.999)?,
        })
    }

    /// The statistics, in ms; none if there is no latency.
    #[must_use]
    pub fn summary(&self, name: &str, failures: u64) -> Option<Summary> {
        Some(Summary {
            name: name.to_owned(),
            unit: "ms".to_owned(),
            count: self.count(),
            failures,
            mean: self.0.mean() / 1000.0,
            stddev: self.stddev() / 1000.0,
            min: ms(self.0.min()),
            p50: self.quantile_ms(0.5)?,
            p90: self.quantile_ms(0.9)?,
            p99: self.quantile_ms(0.99)?,
            p99_9: self.quantile_ms(0.999)?,
            max: ms(self.0.max()),
            throughput: None,
        })
    }
}

impl Histogram {
    /// The sample standard deviation, µs; the crate has the population's, which has n and not n − 1 in its denominator.
    fn stddev(&self) -> f64 {
        match self.count() {
            0 | 1 => 0.0,
            count => self.0.stdev() * (real(count) / real(count - 1)).sqrt(),
        }
    }
}

/// How many bytes a histogram says it has, packed or unpacked: the crate makes room for them before it reads the first one. 0 of
/// what is no histogram, which the crate then refuses.
fn claimed_bytes(bytes: &[u8]) -> u32 {
    // Each begins with four bytes that say what it is, and four with the length of what follows.
    let length = |header: &[u8]| header.get(4..8)?.try_into().ok().map(u32::from_be_bytes);
    let mut unpacked = [0; 8];
    let is_packed =
        bytes.get(8..).is_some_and(|packed| ZlibDecoder::new(packed).read_exact(&mut unpacked).is_ok());
    let claims = [length(bytes), length(&unpacked).filter(|_| is_packed)];
    claims.into_iter().flatten().max().unwrap_or(0)
}

fn ms(micros: u64) -> f64 {
    real(micros) / 1000.0
}

impl From<Histogram> for String {
    fn from(histogram: Histogram) -> Self {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&histogram.0, &mut bytes)
            .expect("writing to memory doesn't fail, and no count nears 2^63");
        STANDARD.encode(bytes)
    }
}

impl TryFrom<String> for Histogram {
    type Error = HistogramError;

    fn try_from(text: String) -> Result<Self, HistogramError> {
        let bytes = STANDARD.decode(text).map_err(|error| HistogramError(error.to_string()))?;
        let claimed = claimed_bytes(&bytes);
        if claimed > MOST_BYTES {
            return Err(HistogramError(format!("it claims to have {claimed} bytes when it is unpacked")));
        }
        let read = Deserializer::new().deserialize(&mut bytes.as_slice());
        // Added to an empty one, so that it has our bounds, whatever its writer's were.
        let mut histogram = Self::default();
        let read: hdrhistogram::Histogram<u64> = read.map_err(|error| HistogramError(error.to_string()))?;
        histogram.0.add(&read).map_err(|error| HistogramError(error.to_string()))?;
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn of(micros: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        micros.into_iter().for_each(|one| histogram.record(Duration::from_micros(one)));
        histogram
    }

    #[test]
    fn merged_workers_have_the_percentiles_of_all_their_statements() {
        let mut merged = of((1..=500).map(|ms| ms * 1000));
        merged.merge(&of((501..=1000).map(|ms| ms * 1000)));
        let summary = merged.summary("x", 3).unwrap();
        assert_eq!((summary.count, summary.failures), (1000, 3));
        assert!((summary.p50 - 500.0).abs() < 0.5 && (summary.p99_9 - 999.0).abs() < 1.0, "{summary:?}");
    }

    #[test]
    fn the_deviation_is_the_samples() {
        let summary = of([1000, 2000, 3000]).summary("x", 0).unwrap();
        assert!((summary.stddev - 1.0).abs() < 0.01, "{}", summary.stddev);
        assert_eq!(of([1000]).summary("x", 0).unwrap().stddev.to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn a_histogram_survives_json() {
        let histogram = of([1, 999, 1_000_000, 59_000_000]);
        let text = serde_json::to_string(&histogram).unwrap();
        assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), histogram);
    }

    #[test]
    fn twenty_workers_results_fit_between_two_states_of_step_functions() {
        // 100,000 latencies each with a long tail, from 300 µs to 3 s: 256 KiB is the limit.
        let tail = |i: u64| 300 + 1_000_000_000 / (300 + (i * 7919) % 100_000 * 30);
        let text = String::from(of((0..100_000).map(tail)));
        assert!(text.len() < 6000, "{}", text.len());
    }

    #[test]
    fn what_is_no_histogram_is_refused() {
        assert!(Histogram::try_from("hello".to_owned()).is_err());
        assert!(serde_json::from_str::<Histogram>("\"aGVsbG8=\"").is_err());
    }

    #[test]
    fn a_few_bytes_that_claim_to_be_gigabytes_are_refused() {
        let claims =
            |length: u32| [&0x1c84_9313_u32.to_be_bytes()[..], &length.to_be_bytes(), &[0; 32]].concat();
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&claims(u32::MAX)).unwrap();
        let packed = packed.finish().unwrap();
        let length = u32::try_from(packed.len()).unwrap();
        let text =
            STANDARD.encode([&0x1c84_9314_u32.to_be_bytes()[..], &length.to_be_bytes(), &packed].concat());
        for text in [text, STANDARD.encode(claims(u32::MAX))] {
            let error = Histogram::try_from(text).unwrap_err().to_string();
            assert!(error.ends_with("it claims to have 4294967295 bytes when it is unpacked"), "{error}");
        }
    }

    #[test]
    fn nothing_recorded_has_no_statistics() {
        assert_eq!(Histogram::default().summary("x", 1), None);
        assert_eq!(Histogram::default().quantile_ms(0.5), None);
    }

    #[test]
    fn what_takes_longer_than_an_hour_counts_as_an_hour() {
        let mut histogram = Histogram::default();
        histogram.record(Duration::from_hours(5));
        assert!(histogram.quantile_ms(1.0).unwrap() >= 3_590_000.0);
    }
}
