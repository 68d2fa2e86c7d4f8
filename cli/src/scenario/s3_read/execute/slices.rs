//! Sending the objects by many generators at once: one divides the listing, and each of the others sends a slice of it.

use std::cell::RefCell;
use std::collections::HashSet;

use anyhow::{Result, bail};
use jiff::Timestamp;
use protocol::s3_read::slices::{self, DivisionRequest, SharedListing, SliceReport};
use results::scenario::s3_read::{Division, Listing};
use serde_json::json;

use super::send::{self, Sent};
use super::{Handled, UnderWay};
use crate::exit::{Interrupted, Usage};
use crate::scenario::shared::invoke::invoke;
use crate::scenario::shared::load_generator::{self, Execution, Generation, Reports};

/// What functions may be told together: 256 KiB pass between states (Step Functions quotas), bytes.
const MAX_INPUT: usize = 250_000;

/// What functions sent together.
pub struct Slices {
    /// What started them.
    pub generation: Generation,
    /// Keys of which nobody knows what was sent of them.
    unknown: Vec<Keys>,
}

/// A range of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Keys {
    /// It starts behind it.
    after: String,
    /// Its last one; none for all.
    until: Option<String>,
}

impl Keys {
    fn has(&self, key: &str) -> bool {
        key > self.after.as_str() && self.until.as_deref().is_none_or(|until| key <= until)
    }
}

impl Slices {
    /// Counts as sent what has evidently been sent of that of which nobody knew.
    pub fn account(&self, listing: &mut Listing, handled: &Handled) {
        let Some(division) = &mut listing.division else { return };
        let read = handled.items.iter().map(|item| &item.object);
        let all = read.chain(handled.failed().into_iter().map(|(object, _)| object));
        let is_unknown = |object: &&String| self.unknown.iter().any(|keys| keys.has(object));
        let found = all.filter(is_unknown).count() as u64;
        listing.sent += found;
        division.senders.unsent = division.senders.unsent.saturating_sub(found);
    }
}

/// Has so many functions send every object that is to be read; `execution` has theirs while it is under way.
pub async fn send(
    under_way: UnderWay<'_>,
    workers: u64,
    execution: &RefCell<Option<String>>,
) -> Result<Sent> {
    let UnderWay { run, request, variant, functions, .. } = under_way;
    let generator = load_generator::deployed(functions.load.as_ref(), run.deployment())?;
    let start = Timestamp::now();
    let event = json!(DivisionRequest {
        slices: workers,
        prefix: request.prefix.clone(),
        modified_within_hours: request.modified_within_hours,
        max_objects: request.max_objects,
    });
    let division: slices::Division =
        invoke(&run.config, run.deployment(), &functions.generator, &event).await?;
    let listed = Timestamp::now().duration_since(start).as_secs_f64();
    if division.slices.is_empty() {
        let listing = Listing { listed: division.listed, skipped: division.listed, ..Listing::default() };
        bail!("{}", send::nothing_to_read(request, &listing));
    }
    if run.stop.is_requested() {
        return Err(Interrupted("no object was sent".to_owned()).into());
    }
    let load = SharedListing {
        run: run.name.clone(),
        prefix: request.prefix.clone(),
        modified_since: division.modified_since,
        is_limited: request.max_objects > 0,
        slices: division.slices.clone(),
    };
    let input = load_generator::input(load, division.slices.len() as u64);
    check_size(json!(input).to_string().len())?;
    run.stop.waits_for("the functions to send the rest of the objects");
    let started = Execution {
        generator,
        name: &format!("{}-{variant}", run.name),
        logs: &run.logs_command("s3-read"),
        under_way: execution,
    };
    let reports = load_generator::send(run.context(), started, &input).await?;
    let mut sent = merged(&input.load, &division, reports);
    let end = Timestamp::now();
    sent.span_ms = (start.as_millisecond(), end.as_millisecond());
    sent.listing.seconds = end.duration_since(start).as_secs_f64();
    if let Some(division) = &mut sent.listing.division {
        division.seconds = listed;
    }
    Ok(sent)
}

fn check_size(bytes: usize) -> Result<()> {
    if bytes <= MAX_INPUT {
        return Ok(());
    }
    let message = format!(
        "the keys at which slices end have {bytes} bytes, and functions can be told {MAX_INPUT} together: lower --workers"
    );
    Err(Usage(message).into())
}

/// What the reports of all slices come to.
fn merged(
    load: &SharedListing,
    division: &slices::Division,
    Reports { reports, generation }: Reports<SliceReport>,
) -> Sent {
    let mut listing = Listing { calls: 1, lists: Some(division.lists), ..Listing::default() };
    let mut request_ids = HashSet::from([division.request_id.clone()]);
    let (mut unknown, mut unsent) = (Vec::new(), 0);
    for worker in 0..load.slices.len() as u64 {
        let Some((after, slice)) = load.slice(worker) else { continue };
        let (after, sent) = match reports.iter().find(|one| one.worker == worker) {
            None => (Some(after.to_owned()), 0),
            Some(SliceReport { report, .. }) => {
                send::add(&mut listing, report);
                request_ids.insert(report.request_id.clone());
                (report.continuation.clone(), report.sent)
            }
        };
        // Its function has died, or its time was up.
        if let Some(after) = after {
            unknown.push(Keys { after, until: slice.until.clone() });
            unsent += slice.objects.saturating_sub(sent);
        }
    }
    let spans: Vec<_> = reports.iter().map(|one| one.span).collect();
    let senders = generation.senders(&spans, unsent);
    listing.division = Some(Division { parts: division.parts, seconds: 0.0, senders });
    let slices = Some(Slices { generation, unknown });
    Sent { listing, span_ms: (0, 0), request_ids, is_partial: false, slices }
}

#[cfg(test)]
mod tests {
    use protocol::load_generator::Span;
    use protocol::s3_read::slices::Slice;
    use protocol::s3_read::{GeneratorReport, Variant};

    use super::*;
    use crate::scenario::s3_read::testing::{dead_letters, items};

    /// 30 objects in three slices, of which those with these numbers were sent: the last one up to its fifth object.
    fn sent(workers: &[u64]) -> Sent {
        let until = |last: &str| Some(format!("files/{last}"));
        let slices = [until("0009"), until("0019"), None].map(|until| Slice { until, objects: 10 });
        let load = SharedListing {
            run: "r".to_owned(),
            prefix: "files/".to_owned(),
            modified_since: None,
            is_limited: false,
            slices: slices.into(),
        };
        let report = |worker: &u64| {
            let is_cut = *worker == 2;
            let report = GeneratorReport {
                listed: if is_cut { 5 } else { 10 },
                sent: if is_cut { 5 } else { 10 },
                lists: 1,
                continuation: is_cut.then(|| "files/0024".to_owned()),
                request_id: format!("request-{worker}"),
                ..GeneratorReport::new("r".to_owned(), Variant::Sdk)
            };
            let span = Span { start_us: 1_000_000, late_us: 0, end_us: 2_000_000 + worker };
            SliceReport { worker: *worker, span, report }
        };
        let division = slices::Division { parts: 3, lists: 4, ..slices::Division::default() };
        let reported = workers.len() as u64;
        let generation = Generation { workers: 3, reported, ..Generation::default() };
        merged(&load, &division, Reports { reports: workers.iter().map(report).collect(), generation })
    }

    fn handled(read: usize, failed: &[&str]) -> Handled {
        Handled { items: items(read as u64), dead_letters: dead_letters(failed), ..Handled::default() }
    }

    #[test]
    fn slices_that_were_sent_add_up() {
        let Sent { listing, request_ids, .. } = sent(&[1, 0]);
        assert_eq!((listing.calls, listing.sent, listing.listed, listing.lists), (3, 20, 20, Some(6)));
        assert_eq!(request_ids.len(), 3, "that of the division, too");
        let division = listing.division.unwrap();
        assert_eq!((division.parts, division.senders.count, division.senders.lost), (3, 3, 1));
        assert_eq!(
            (division.senders.unsent, division.senders.seconds.to_bits()),
            (10, 1.000_001_f64.to_bits())
        );
    }

    #[test]
    fn what_a_dead_function_has_evidently_sent_is_sent_and_the_rest_is_not() {
        // The second one has died, and the third one's time was up behind its fifth object.
        let Sent { mut listing, slices, .. } = sent(&[0, 2]);
        assert_eq!((listing.sent, listing.division.unwrap().senders.unsent), (15, 15));
        // 0 to 13 were read: four of them of the dead one. 24 is one of those that were sent, 25 one of those nobody knew of.
        slices.unwrap().account(&mut listing, &handled(14, &["files/0024", "files/0025"]));
        assert_eq!((listing.sent, listing.division.unwrap().senders.unsent), (20, 10));
    }

    #[test]
    fn ranges_of_keys_have_their_last_key_and_not_the_one_before() {
        let keys = |until: Option<&str>| Keys { after: "b".to_owned(), until: until.map(str::to_owned) };
        assert_eq!(["b", "ba", "c", "ca"].map(|key| keys(Some("c")).has(key)), [false, true, true, false]);
        assert_eq!(["b", "z"].map(|key| keys(None).has(key)), [false, true]);
    }

    #[test]
    fn more_than_functions_can_be_told_is_refused_with_what_helps() {
        assert!(check_size(MAX_INPUT).is_ok());
        let error = check_size(MAX_INPUT + 1).unwrap_err();
        assert!(error.is::<Usage>() && error.to_string().ends_with("lower --workers"), "{error}");
    }
}
