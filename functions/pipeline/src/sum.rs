//! Adds up the rows of a tally.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use protocol::pipeline::{Hop, Invocations, RequestIds, StageTally, Tally, TallyRequest, message_number};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// A sender's time that is farther from the arrival than this isn't in µs since 1970.
const PLAUSIBLE_US: f64 = 86_400e6;
/// Ranges of an answer: Lambda takes 6 MB.
const MAX_RANGES: usize = 150_000;
/// Ranges of doubled messages besides them.
const MAX_DOUBLED: usize = 30_000;
/// Request ids of each function in an answer, which has no ranges then.
const MAX_IDS: usize = 60_000;

/// A row that the statements `tally-…` read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row<'a> {
    /// The message's id.
    pub id: &'a str,
    /// The sender's time.
    pub sent: f64,
    /// At `upstream`, µs since 1970.
    pub arrived_us: i64,
    /// At `midstream`.
    pub midstream_us: i64,
    /// At `downstream`.
    pub downstream_us: i64,
    /// Confirmed, if it is.
    pub stored_us: Option<i64>,
    /// How often it was delivered.
    pub deliveries: i32,
    /// The request id of the invocation of `midstream`, if it is known.
    pub midstream_request: Option<&'a str>,
    /// That of `downstream`.
    pub downstream_request: Option<&'a str>,
}

impl<'a> Row<'a> {
    /// Reads a row.
    pub fn read(row: &'a PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            sent: row.try_get(1)?,
            arrived_us: row.try_get(2)?,
            midstream_us: row.try_get(3)?,
            downstream_us: row.try_get(4)?,
            stored_us: row.try_get(5)?,
            deliveries: row.try_get(6)?,
            midstream_request: row.try_get(7)?,
            downstream_request: row.try_get(8)?,
        })
    }
}

/// Too many ranges.
#[derive(Debug, thiserror::Error)]
#[error("the run's rows have too many gaps between their numbers ({0}) to fit into a function's answer")]
pub struct NumbersError(usize);

/// What has been added up.
#[derive(Debug, Default)]
pub struct Sum {
    tally: Tally,
    measured_from: u64,
    /// When the load started, if rows are counted by second.
    start_us: Option<u64>,
    seconds: BTreeMap<u64, u64>,
    /// The first number of each stage.
    stages_from: Vec<u64>,
    numbers: Vec<u64>,
    /// Those that were delivered more than once.
    doubled: Vec<u64>,
    /// Request ids by function, if they were asked for.
    requests: Option<[HashSet<String>; 2]>,
}

impl Sum {
    /// Of what a request asks for.
    pub fn new(request: &TallyRequest) -> Self {
        let TallyRequest { measured_from, stages_from, .. } = request.clone();
        let stages = vec![StageTally::default(); stages_from.len()];
        let tally = Tally { run: request.run.clone(), stages, ..Tally::default() };
        let requests = request.invocations.then(Default::default);
        let start_us = request.start_us.filter(|_| request.run.is_some());
        Self { tally, measured_from, start_us, stages_from, requests, ..Self::default() }
    }

    /// Adds a row. One that isn't the run's, though its id starts alike, is passed over.
    pub fn add(&mut self, row: &Row<'_>) {
        let (mut measured, mut stage) = (true, None);
        if let Some(run) = &self.tally.run {
            let Some(number) = message_number(run, row.id) else { return };
            // An answer with request ids has no numbers.
            if self.requests.is_none() {
                self.numbers.push(number);
                self.doubled.extend((row.deliveries > 1).then_some(number));
            }
            measured = number >= self.measured_from;
            stage = self.stages_from.iter().rposition(|first| *first <= number);
        }
        self.note_requests(row);
        let tally = &mut self.tally;
        tally.deliveries += u64::from(row.deliveries.unsigned_abs());
        let arrived_us = row.arrived_us.unsigned_abs();
        tally.first_arrived_us =
            Some(tally.first_arrived_us.map_or(arrived_us, |first| first.min(arrived_us)));
        let Some(stored_us) = row.stored_us else {
            tally.unconfirmed += 1;
            return;
        };
        tally.rows += 1;
        tally.last_stored_us = tally.last_stored_us.max(Some(stored_us.unsigned_abs()));
        if let Some(start_us) = self.start_us {
            let second = stored_us.unsigned_abs().saturating_sub(start_us) / 1_000_000;
            *self.seconds.entry(second).or_default() += 1;
        }
        if let Some(stage) = stage.and_then(|stage| tally.stages.get_mut(stage)) {
            measure_stage(stage, row, stored_us);
        }
        if measured {
            self.measure(row, stored_us);
        }
    }

    fn note_requests(&mut self, row: &Row<'_>) {
        let Some(requests) = &mut self.requests else { return };
        for (known, id) in requests.iter_mut().zip([row.midstream_request, row.downstream_request]) {
            // Rows of a batch have the same: most are known.
            if let Some(id) = id.filter(|id| !id.is_empty() && !known.contains(*id)) {
                known.insert(id.to_owned());
            }
        }
    }

    fn measure(&mut self, row: &Row<'_>, stored_us: i64) {
        let known = [
            (Hop::Stream, row.midstream_us - row.arrived_us),
            (Hop::Table, row.downstream_us - row.midstream_us),
            (Hop::Row, stored_us - row.downstream_us),
        ];
        let from_sender = sent_us(row)
            .map(|sent_us| [(Hop::Api, row.arrived_us - sent_us), (Hop::EndToEnd, stored_us - sent_us)]);
        for (hop, micros) in known.into_iter().chain(from_sender.into_iter().flatten()) {
            if micros < 0 {
                *self.tally.negative.entry(hop).or_default() += 1;
            }
            self.tally.hops.entry(hop).or_default().record(latency(micros));
        }
    }

    /// The tally.
    pub fn tally(mut self) -> Result<Tally, NumbersError> {
        self.numbers.sort_unstable();
        self.doubled.sort_unstable();
        let (numbers, mut doubled) = (ranges(&self.numbers), ranges(&self.doubled));
        doubled.truncate(MAX_DOUBLED);
        if numbers.len() > MAX_RANGES {
            return Err(NumbersError(numbers.len()));
        }
        let invocations = self.requests.map(|requests| {
            let [midstream, downstream] = requests.map(request_ids);
            Invocations { midstream, downstream }
        });
        // Each stream keeps its records for a day, so that these take 2 MB at most, besides the ranges.
        let seconds = self.seconds.into_iter().collect();
        Ok(Tally { numbers, doubled, seconds, invocations, ..self.tally })
    }
}

fn measure_stage(stage: &mut StageTally, row: &Row<'_>, stored_us: i64) {
    let stored = stored_us.unsigned_abs();
    stage.first_stored_us = Some(stage.first_stored_us.map_or(stored, |first| first.min(stored)));
    stage.last_stored_us = stage.last_stored_us.max(Some(stored));
    if let Some(sent_us) = sent_us(row) {
        stage.end_to_end.record(latency(stored_us - sent_us));
    }
}

/// A difference of two times, µs.
fn latency(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// The sender's time, µs since 1970, if that is what it is.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "both are below 2^53")]
fn sent_us(row: &Row<'_>) -> Option<i64> {
    let plausible = (row.arrived_us as f64 - row.sent).abs() <= PLAUSIBLE_US;
    plausible.then(|| row.sent.round() as i64)
}

fn request_ids(ids: HashSet<String>) -> RequestIds {
    RequestIds { count: ids.len() as u64, ids: ids.into_iter().take(MAX_IDS).collect() }
}

/// Sorted numbers as ranges, both ends included.
fn ranges(numbers: &[u64]) -> Vec<(u64, u64)> {
    numbers.chunk_by(|one, next| one + 1 == *next).map(|range| (range[0], range[range.len() - 1])).collect()
}
