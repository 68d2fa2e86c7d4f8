//! What a plan will take: requests, time, money.

use crate::optimizer::Machine;
use crate::plan::{CopySource, Object, Part, Piece, Plan};

/// Latencies of S3 in milliseconds, by the profile of the S3 model (`crates/s3-model/profiles/default.toml`), which says where they
/// come from. A plan's many chains of requests run side by side and the slowest decides, so these are what nine in ten requests
/// stay below, not the medians.
pub const CONTROL_MS: f64 = 48.0;
pub const READ_MS: f64 = 58.0;
const COPY_MS: f64 = 186.0;
pub const SEND_MS: f64 = 93.0;
pub const COMPLETE_MS: f64 = 310.0;
/// Keys that one listing or deletion holds.
const PAGE: u64 = 1_000;
/// Requests that look for what earlier runs left: a listing of objects, one of uploads.
pub const SEARCH: u64 = 2;

/// Requests by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// `ListObjectsV2` and `ListMultipartUploads`.
    pub lists: u64,
    /// `GetObject`.
    pub gets: u64,
    /// `PutObject`.
    pub puts: u64,
    /// `CreateMultipartUpload`.
    pub creates: u64,
    /// `UploadPart`.
    pub sends: u64,
    /// `UploadPartCopy`.
    pub copies: u64,
    /// `CompleteMultipartUpload`.
    pub completes: u64,
    /// `DeleteObjects`.
    pub deletes: u64,
}

impl Requests {
    /// Those that write.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.puts + self.creates + self.sends + self.copies + self.completes + self.deletes
    }

    /// Those that S3 charges for as writes: listings too, deletions not.
    #[must_use]
    pub fn charged_writes(&self) -> u64 {
        self.lists + self.writes() - self.deletes
    }

    /// Their price on `machine`, USD.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an archive has far less than 2^52 requests")]
    pub(crate) fn usd(&self, machine: &Machine) -> f64 {
        self.charged_writes() as f64 * machine.write_usd + self.gets as f64 * machine.read_usd
    }
}

/// Requests that list so many objects.
pub fn pages(objects: usize) -> u64 {
    (objects as u64).div_ceil(PAGE).max(1)
}

/// What a plan will take, with what surrounds it: the search for what earlier runs left, the object that tells later runs of the
/// archive's upload, and the copies that are sent twice. It leaves out what S3 refuses and is asked for again, keys that only
/// stand for folders, and what Lambda charges for starting the function.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Estimate {
    /// Time, s, at the bandwidth and rates of the machine, which a run can fall short of by a tenth.
    pub seconds: f64,
    /// Requests.
    pub requests: Requests,
    /// Bytes the function reads.
    pub bytes_in: u64,
    /// Bytes the function sends.
    pub bytes_out: u64,
    /// Price of the function's time, USD.
    pub lambda_usd: f64,
    /// Price of the requests, USD.
    pub requests_usd: f64,
}

impl Estimate {
    /// What `plan` will take on `machine`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an archive has at most 2^43 bytes")]
    pub fn of(plan: &Plan, machine: &Machine) -> Self {
        let mut estimate = Self::default();
        let pages = pages(plan.layout.entries().len());
        estimate.requests.lists = pages + SEARCH;
        if let Object::Parts(_) = plan.archive {
            // The object that tells of the upload is one more.
            estimate.requests.puts = 1;
            estimate.requests.deletes = (plan.temporaries.len() as u64 + 1).div_ceil(PAGE);
        }
        estimate.requests.copies = plan.stages().iter().map(|stage| stage.hedged as u64).sum();
        for object in plan.temporaries.iter().chain([&plan.archive]) {
            estimate.add(plan, object);
        }
        let chain_ms = pages as f64 * CONTROL_MS + Chains::of(plan).archive_ms;
        let writes = estimate.requests.writes() as f64 / machine.writes_per_second;
        // While the first pack is read nothing is sent, and while the last is sent nothing is read.
        let link = estimate.bytes_in.max(estimate.bytes_out) + largest_pack(plan);
        let link = link as f64 / machine.bytes_per_second;
        estimate.seconds = (chain_ms / 1e3 + link).max(writes + COMPLETE_MS / 1e3);
        estimate.lambda_usd = estimate.seconds * machine.usd_per_second();
        estimate.requests_usd = estimate.requests.usd(machine);
        estimate
    }

    fn add(&mut self, plan: &Plan, object: &Object) {
        match object {
            Object::Put(pieces) => {
                self.requests.puts += 1;
                self.send(plan, pieces);
            }
            Object::Parts(parts) => {
                self.requests.creates += 1;
                self.requests.completes += 1;
                for part in parts {
                    match part {
                        Part::Copy { .. } => self.requests.copies += 1,
                        Part::Upload(pieces) => {
                            self.requests.sends += 1;
                            self.send(plan, pieces);
                        }
                    }
                }
            }
        }
    }

    fn send(&mut self, plan: &Plan, pieces: &[Piece]) {
        for piece in pieces {
            let bytes = plan.layout.piece_bytes(piece);
            self.bytes_out += bytes;
            if matches!(piece, Piece::Body { .. }) && bytes > 0 {
                self.requests.gets += 1;
                self.bytes_in += bytes;
            }
        }
    }
}

/// Content of the archive's part that has most of it to be read, bytes.
fn largest_pack(plan: &Plan) -> u64 {
    let Object::Parts(parts) = &plan.archive else { return 0 };
    let read = |piece: &Piece| match piece {
        Piece::Body { range, .. } => range.end - range.start,
        _ => 0,
    };
    let packs = parts.iter().map(|part| match part {
        Part::Upload(pieces) => pieces.iter().map(read).sum(),
        Part::Copy { .. } => 0,
    });
    packs.max().unwrap_or(0)
}

/// When objects are there, in milliseconds after the listing, if no request waits for another without need.
struct Chains {
    temporaries: Vec<f64>,
    archive_ms: f64,
}

impl Chains {
    fn of(plan: &Plan) -> Self {
        let mut chains = Self { temporaries: vec![f64::NAN; plan.temporaries.len()], archive_ms: 0.0 };
        for temporary in 0..plan.temporaries.len() {
            chains.temporary(plan, temporary);
        }
        chains.archive_ms = chains.object(plan, &plan.archive);
        chains
    }

    fn temporary(&mut self, plan: &Plan, temporary: usize) -> f64 {
        if self.temporaries[temporary].is_nan() {
            self.temporaries[temporary] = self.object(plan, &plan.temporaries[temporary]);
        }
        self.temporaries[temporary]
    }

    fn object(&mut self, plan: &Plan, object: &Object) -> f64 {
        match object {
            Object::Put(pieces) => sent(pieces),
            Object::Parts(parts) => {
                let ends = parts.iter().map(|part| match part {
                    Part::Copy { source: CopySource::Temporary(temporary), .. } => {
                        self.temporary(plan, *temporary).max(CONTROL_MS) + COPY_MS
                    }
                    Part::Copy { .. } => CONTROL_MS + COPY_MS,
                    Part::Upload(pieces) => sent(pieces).max(CONTROL_MS + SEND_MS),
                });
                ends.fold(0.0, f64::max) + COMPLETE_MS
            }
        }
    }
}

/// A header of what is copied waits for the copy, one of what is sent for the reading.
fn sent(pieces: &[Piece]) -> f64 {
    let waits = pieces.iter().map(|piece| match piece {
        Piece::Header(_) | Piece::End => CONTROL_MS + COPY_MS,
        Piece::Body { .. } => READ_MS,
        Piece::Filler(_) => 0.0,
    });
    waits.fold(0.0, f64::max) + SEND_MS
}

#[cfg(test)]
mod tests {
    use toml::Table;

    use super::*;
    use crate::Machine;

    const PROFILE: &str = include_str!("../../../s3-model/profiles/default.toml");

    /// Whoever corrects the profile corrects what is predicted.
    #[test]
    fn what_is_assumed_of_s3_is_what_its_model_says() {
        let profile: Table = toml::from_str(PROFILE).unwrap();
        let number = |table: &Table, name: &str| match &table[name] {
            toml::Value::Float(number) => *number,
            other => other.as_integer().unwrap().to_string().parse().unwrap(),
        };
        let latency = profile["latency"].as_table().unwrap();
        for (operation, assumed) in [
            ("default", CONTROL_MS),
            ("GetObject", READ_MS),
            ("UploadPartCopy", COPY_MS),
            ("PutObject", SEND_MS),
            ("UploadPart", SEND_MS),
            ("CompleteMultipartUpload", COMPLETE_MS),
        ] {
            let of = latency[operation].as_table().unwrap();
            let [p50, p99] = ["p50_ms", "p99_ms"].map(|name| number(of, name));
            // Log-normal: the 90th percentile lies at 1.2816 σ, the 99th at 2.3263 σ.
            let p90 = p50 * (p99 / p50).powf(1.281_6 / 2.326_3);
            assert!((p90 - assumed).abs() < 0.6, "{operation}: {p90} ms, not {assumed}");
        }
        let machine = Machine::lambda(512, 0.0, 0.0, 0.0);
        let link = number(profile["link"].as_table().unwrap(), "bytes_per_second");
        let rate = number(profile["rate"].as_table().unwrap(), "writes_per_second");
        assert!((machine.bytes_per_second - link).abs() < 1.0, "{link}");
        let taken = machine.writes_per_second / rate;
        assert!((0.7..1.0).contains(&taken), "some of {rate} are asked for again: {taken}");
    }
}
