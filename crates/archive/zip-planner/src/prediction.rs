//! What each design of an archive will take: copies inside S3, a stream through one function, streams through many.

use crate::estimate::{COMPLETE_MS, CONTROL_MS, Estimate, READ_MS, Requests, SEARCH, SEND_MS, pages};
use crate::layout::{Entry, Layout};
use crate::parts::{PartSizes, cut};
use crate::plan::{Piece, Plan};
use crate::shares::{Share, ShareSizes};
use crate::{Limits, Machine, Objective, PlanError};

/// Memory with which a function has one whole processor, MB.
const MB_PER_PROCESSOR: f64 = 1_769.0;
/// Lambda's processor time for each byte that is read, summed and sent on, with TLS, s. From local runs of `rust/stream`:
/// 0.95 s for 1.04 GB on a processor of which Lambda's has 0.70.
const STREAM_SECONDS_PER_BYTE: f64 = 1.3e-9;
/// Lambda's processor time for each request without a body, with TLS, s. From local runs of `rust/copy-plan`: 26 s with 128 MB for
/// 14,950 requests.
const REQUEST_SECONDS: f64 = 126e-6;
/// From an invocation of another function to its first request, in milliseconds, a cold start included. An assumption.
const START_MS: f64 = 250.0;

/// What one run of a design will take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Time of the first invocation, s.
    pub seconds: f64,
    /// Invocations of the function.
    pub invocations: u64,
    /// S3's requests of all of them.
    pub requests: Requests,
    /// Price of the time of all invocations, USD.
    pub lambda_usd: f64,
    /// Price of S3's and Lambda's requests, USD.
    pub requests_usd: f64,
}

impl Prediction {
    /// The price of a run, USD.
    #[must_use]
    pub fn total_usd(&self) -> f64 {
        self.lambda_usd + self.requests_usd
    }
}

/// What runs the designs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Site {
    /// One function.
    pub machine: Machine,
    /// Price of one invocation, USD.
    pub invocation_usd: f64,
    /// Functions that the account runs at once.
    pub concurrency: usize,
}

#[expect(clippy::cast_precision_loss, reason = "an archive has less than 2^52 bytes")]
impl Site {
    /// The archive put together inside S3, by the plan that is best for an objective.
    ///
    /// # Errors
    /// [`PlanError`] if no archive can be made of these entries.
    pub fn copy_plan(&self, entries: &[Entry], objective: Objective) -> Result<Prediction, PlanError> {
        Ok(self.copied(&Plan::new(entries, objective, &self.machine, &Limits::S3)?.estimate))
    }

    fn copied(&self, estimate: &Estimate) -> Prediction {
        let Requests { lists, gets, .. } = estimate.requests;
        let requests = (lists + gets + estimate.requests.writes()) as f64;
        let seconds = estimate.seconds.max(requests * REQUEST_SECONDS / self.processor());
        self.priced(seconds, 1, seconds, estimate.requests)
    }

    /// The archive streamed through one function.
    ///
    /// # Errors
    /// [`PlanError`] if no archive can be made of these entries.
    pub fn stream(&self, entries: &[Entry]) -> Result<Prediction, PlanError> {
        let layout = layout(entries)?;
        let parts = cut(&layout, PartSizes::S3.of(layout.size()));
        let sending = layout.size() as f64 / self.bytes_per_second();
        let pages = pages(entries.len());
        let reads = gets(parts.iter().flatten());
        if let [_] = parts[..] {
            let chain = pages as f64 * CONTROL_MS + READ_MS + SEND_MS;
            let requests = Requests { lists: pages + SEARCH, puts: 1, gets: reads, ..Requests::default() };
            let seconds = chain / 1e3 + sending;
            return Ok(self.priced(seconds, 1, seconds, requests));
        }
        let chain = pages as f64 * CONTROL_MS + CONTROL_MS + READ_MS + SEND_MS + COMPLETE_MS;
        let seconds = chain / 1e3 + sending;
        Ok(self.priced(seconds, 1, seconds, in_parts(pages, parts.len() as u64, reads)))
    }

    /// The archive streamed through so many functions, as far as the account runs them at once.
    ///
    /// # Errors
    /// [`PlanError`] if no archive can be made of these entries.
    pub fn fan_out(&self, entries: &[Entry], functions: usize) -> Result<Prediction, PlanError> {
        let layout = layout(entries)?;
        let shares = ShareSizes::S3.divide(&layout, functions, &Limits::S3);
        if shares.len() < 2 {
            return self.stream(entries);
        }
        let times: Vec<_> = shares.iter().map(|share| self.share_seconds(&layout, share)).collect();
        let slowest = times.iter().copied().fold(0.0, f64::max);
        let waves = shares.len().div_ceil(functions.min(self.concurrency).max(1));
        let pages = pages(entries.len());
        let chain = pages as f64 * CONTROL_MS + CONTROL_MS + SEND_MS + COMPLETE_MS;
        let seconds = chain / 1e3 + waves as f64 * slowest;
        // The first function has a share too.
        let billed = seconds + times.iter().skip(1).sum::<f64>();
        let parts = shares.iter().map(|share| share.parts.len() as u64).sum::<u64>() + 1;
        let reads = gets(shares.iter().flat_map(|share| &share.parts).flatten());
        Ok(self.priced(seconds, shares.len() as u64, billed, in_parts(pages, parts, reads)))
    }

    /// Time of a worker, from its start to its answer.
    fn share_seconds(&self, layout: &Layout, share: &Share) -> f64 {
        let bytes: u64 = share.parts.iter().map(|part| layout.pieces_bytes(part)).sum();
        (START_MS + READ_MS + SEND_MS) / 1e3 + bytes as f64 / self.bytes_per_second()
    }

    /// What the link carries, or the processor.
    fn bytes_per_second(&self) -> f64 {
        self.machine.bytes_per_second.min(self.processor() / STREAM_SECONDS_PER_BYTE)
    }

    /// The share of a processor that a function has; it uses one at most.
    fn processor(&self) -> f64 {
        (f64::from(self.machine.memory_mb) / MB_PER_PROCESSOR).min(1.0)
    }

    fn priced(&self, seconds: f64, invocations: u64, billed: f64, requests: Requests) -> Prediction {
        Prediction {
            seconds,
            invocations,
            requests,
            lambda_usd: billed * self.machine.usd_per_second(),
            requests_usd: requests.usd(&self.machine) + invocations as f64 * self.invocation_usd,
        }
    }
}

fn layout(entries: &[Entry]) -> Result<Layout, PlanError> {
    Layout::in_order(entries.to_vec(), &Limits::S3)
}

fn gets<'a>(pieces: impl Iterator<Item = &'a Piece>) -> u64 {
    pieces.filter(|piece| matches!(piece, Piece::Body { .. })).count() as u64
}

/// Requests of an upload of so many parts, and of the object that tells later runs of it.
fn in_parts(pages: u64, parts: u64, gets: u64) -> Requests {
    let (puts, creates, completes, deletes) = (1, 1, 1, 1);
    Requests { lists: pages + SEARCH, gets, puts, creates, sends: parts, copies: 0, completes, deletes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::Rules;

    /// `count` objects of the contest's mean size.
    fn entries(count: usize) -> Vec<Entry> {
        let sizes = (0..count).map(|n| (5 << 20) - (1 << 20) + (n as u64 * 7_919) % (2 << 20));
        let entry = |(n, size)| Entry { key: format!("files/{n:064}"), name: format!("{n:064}"), size };
        sizes.enumerate().map(entry).collect()
    }

    fn site(memory_mb: u32) -> Site {
        Site {
            machine: Machine::lambda(memory_mb, 13.3334e-6, 5e-6, 0.4e-6),
            invocation_usd: 0.2e-6,
            concurrency: 1_000,
        }
    }

    fn assert_near(what: &str, predicted: f64, measured: f64, tolerance: f64) {
        let ratio = predicted / measured;
        assert!(
            (1.0 - tolerance..=1.0 + tolerance).contains(&ratio),
            "{what}: {predicted} s, not {measured}"
        );
    }

    /// The measured figures of docs/prediction.md and docs/scenarios/archive.md, s.
    #[test]
    fn predictions_are_near_what_was_measured() {
        // Of the plans without rows, which is what was measured.
        let rules =
            Rules { min_part: 5 << 20, max_sent: 256 << 10, pack: 8 << 20, max_borrowed: 0, rows: false };
        for (memory, measured) in [(128, 26.0), (256, 15.5), (512, 7.4), (768, 6.2), (1024, 5.7), (1792, 5.5)]
        {
            let site = site(memory);
            let plan = Plan::by_rules(&entries(3_000), &rules, &site.machine, &Limits::S3).unwrap();
            let predicted = site.copied(&plan.estimate).seconds;
            assert_near(&format!("copy-plan with {memory} MB"), predicted, measured, 0.2);
        }
        for (memory, measured) in [(256, 15.0), (512, 14.8)] {
            let predicted = site(memory).stream(&entries(200)).unwrap().seconds;
            assert_near(&format!("stream with {memory} MB"), predicted, measured, 0.1);
        }
    }

    #[test]
    fn thousands_of_objects_stand_in_rows_and_hundreds_do_not() {
        let writes = |count: usize| {
            let predicted = site(1_024).copy_plan(&entries(count), Objective::Duration).unwrap();
            predicted.requests.charged_writes()
        };
        assert!(writes(3_000) < 3_000 * 36 / 10, "{}", writes(3_000));
        assert!(writes(200) > 200 * 5, "{}", writes(200));
    }

    #[test]
    fn a_stream_s_requests_are_those_that_were_counted() {
        let requests = site(512).stream(&entries(200)).unwrap().requests;
        // As the benchmark counts them: lists are writes, deletions are not.
        let counted = requests.charged_writes();
        assert_eq!((counted, requests.gets), (11, 200));
    }

    #[test]
    fn more_functions_take_less_time_and_hardly_more_money_until_the_account_has_no_room() {
        let (site, entries) = (site(512), entries(3_000));
        let [one, fifty, many] = [1, 50, 150].map(|functions| site.fan_out(&entries, functions).unwrap());
        assert_eq!(one, site.stream(&entries).unwrap());
        assert_eq!((fifty.invocations, many.invocations), (50, 150));
        assert!(
            fifty.seconds < one.seconds / 30.0 && many.seconds < fifty.seconds / 1.8,
            "{fifty:?} {many:?}"
        );
        assert!(fifty.total_usd() < 1.3 * one.total_usd(), "{fifty:?} {one:?}");
        let narrow = Site { concurrency: 10, ..site }.fan_out(&entries, 50).unwrap();
        assert!(narrow.seconds > 4.0 * fifty.seconds && narrow.invocations == 50, "{narrow:?}");
    }

    #[test]
    fn a_small_archive_has_no_workers() {
        let (site, entries) = (site(512), entries(5));
        assert_eq!(site.fan_out(&entries, 50).unwrap(), site.stream(&entries).unwrap());
        assert_eq!(site.stream(&entries).unwrap().requests.writes(), 1);
    }
}
