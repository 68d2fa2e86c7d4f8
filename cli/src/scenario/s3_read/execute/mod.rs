//! One variant after the other: from listing to what Lambda charges for.

mod dead_letters;
pub mod items;
mod send;
mod slices;
mod wait;

use std::cell::RefCell;

use anyhow::Result;
use protocol::s3_read::{Variant, VariantFunctions};
use results::scenario::s3_read::{Listing, Request};
use tokio::time::Instant;

use super::options::Options;
use super::{Run, functions};
use crate::exit::Interrupted;
use crate::scenario::shared::billing_log::{self, Billed, Invocations, Span};
use crate::scenario::shared::dead_letters::DeadLetters;
use crate::scenario::shared::load_generator::{self, Generation};
use crate::scenario::shared::queue;
use dead_letters::UNANSWERED;
use items::Item;
use send::Sent;

/// What one run of a variant brought.
pub struct Observation {
    /// The run's name in the table.
    pub run: String,
    /// How objects were read.
    pub variant: Variant,
    /// Memory of each reader, MB.
    pub memory_mb: u64,
    /// What the generator says.
    pub listing: Listing,
    /// Whether the user has stopped the run before the generator had listed all.
    pub is_partial: bool,
    /// What became of the objects.
    pub handled: Handled,
    /// The generator's invocations; none where REPORT lines are missing.
    pub generator: Option<Billed>,
    /// What started the functions that sent the messages together; none if one sent them alone.
    pub generation: Option<Generation>,
    /// The readers' invocations; none where REPORT lines are missing.
    pub reader: Option<Billed>,
    /// What went wrong in finding out.
    pub warnings: Vec<String>,
}

/// What the runs of all variants brought.
#[derive(Default)]
pub struct Observations {
    /// In the order in which they ran.
    pub runs: Vec<Observation>,
    /// What the user has kept from being read, in words.
    pub missing: Vec<String>,
}

impl Observation {
    /// Objects that were sent, and that nobody reads any more as the user has stopped the run.
    pub fn interrupted(&self) -> u64 {
        if self.handled.is_stopped { self.listing.sent.saturating_sub(self.handled.count()) } else { 0 }
    }

    fn missing(&self) -> Vec<String> {
        let (variant, sent, unread) = (self.variant, self.listing.sent, self.interrupted());
        let in_queue = (unread > 0).then(|| format!("{variant}: {unread} of {sent} objects"));
        let unlisted = self.is_partial.then(|| format!("{variant}: the objects that were not listed yet"));
        in_queue.into_iter().chain(unlisted).collect()
    }
}

/// What became of a run's objects.
pub struct Handled {
    /// Those that were read.
    pub items: Vec<Item>,
    /// Those that were given up, some of which may have been read all the same.
    pub dead_letters: DeadLetters,
    /// Whether the user has stopped the run, so that the others are not lost.
    pub is_stopped: bool,
}

impl Default for Handled {
    fn default() -> Self {
        Self { items: Vec::new(), dead_letters: DeadLetters::new(UNANSWERED), is_stopped: false }
    }
}

/// A run that is under way: what it reads, and where.
#[derive(Clone, Copy)]
pub struct UnderWay<'a> {
    run: &'a Run,
    request: &'a Request,
    variant: Variant,
    functions: &'a VariantFunctions,
    memory_mb: u64,
}

/// Reads by each variant. If the user presses Ctrl-C, what is in the queue is removed, what was read counts, and no other variant
/// starts.
///
/// # Errors
/// If AWS fails; [`Interrupted`] if the user stopped it before anything was read, or aborted it.
pub async fn execute(run: &Run, options: &Options) -> Result<Observations> {
    let request = options.request(&run.deployed);
    let memory_mb = run.deployment().required("memory")?;
    let remaining = RefCell::new("no object is under way".to_owned());
    let execution = RefCell::default();
    let observe_all = async {
        let mut all = Observations::default();
        for variant in options.variants() {
            let functions = functions(run, variant)?;
            let under_way = UnderWay { run, request: &request, variant, functions, memory_mb };
            if all.runs.is_empty() || !run.stop.is_requested() {
                let observed = under_way.observe(&remaining, &execution).await;
                if let Some(observed) = run.stop.measured(observed)? {
                    all.missing.extend(observed.missing());
                    all.runs.push(observed);
                    continue;
                }
            }
            all.missing.push(variant.to_string());
        }
        Ok(all)
    };
    let all = run.stop.unless_aborted(observe_all, || remaining.borrow().clone()).await;
    if all.is_err() {
        load_generator::stop(run.context(), &execution).await;
    }
    let all = all?;
    if all.runs.is_empty() {
        return Err(Interrupted("no object was read".to_owned()).into());
    }
    Ok(all)
}

impl UnderWay<'_> {
    /// Reads all objects; `remaining` says what there is in the meantime that an aborted run leaves behind.
    async fn observe(
        self,
        remaining: &RefCell<String>,
        execution: &RefCell<Option<String>>,
    ) -> Result<Observation> {
        let Self { run, request, variant, functions, memory_mb } = self;
        let url = &functions.queue.url;
        let nothing_sent = || "no object was read".to_owned();
        let limits = run.stop.unless_requested(queue::until_empty(run.context(), url), nothing_sent).await?;
        run.context().notify(&format!("{variant}, {memory_mb} MB: listing s3://{} …", request.bucket));
        // SQS cannot take back one run's messages.
        let nothing = remaining.replace(format!(
            "objects of the run {} that are in the queue will still be read; to empty it: {}",
            run.name,
            queue::purge_command(run.deployment(), url)
        ));
        run.stop.waits_for("the objects that are being read");
        let mut sent = match request.workers {
            None => send::send(self).await?,
            Some(workers) => slices::send(self, workers, execution).await?,
        };
        let handled = wait::until_handled(self, limits, sent.listing.sent).await?;
        remaining.replace(nothing);
        if let Some(slices) = &sent.slices {
            slices.account(&mut sent.listing, &handled);
        }
        if handled.is_stopped && handled.items.is_empty() {
            return Err(Interrupted(nothing_sent()).into());
        }
        run.stop.waits_for("the REPORT lines of what was read");
        self.charge(sent, handled).await
    }

    /// Looks up what Lambda charges for, and puts everything together.
    async fn charge(self, sent: Sent, handled: Handled) -> Result<Observation> {
        let Self { run, variant, functions, memory_mb, .. } = self;
        let Sent { listing, span_ms: (from_ms, listed_ms), request_ids, is_partial, slices } = sent;
        let generation = slices.map(|slices| slices.generation);
        let deaths = generation.as_ref().map(|one| one.deaths(&run.logs_command("s3-read")).collect());
        let (now, mut warnings) = (Instant::now(), deaths.unwrap_or_default());
        let batches = handled.count().div_ceil(run.deployment().required("batchSize")?).max(1);
        let readers = handled.items.iter().map(|item| item.request_id.clone()).collect();
        let ended_ms = handled.items.iter().map(Item::ended_ms).max();
        let generator = Span {
            function: &functions.generator,
            from_ms,
            to_ms: listed_ms,
            invocations: Invocations::Known { ids: request_ids, least: listing.calls },
        };
        let reader = Span {
            function: &functions.reader,
            from_ms,
            to_ms: ended_ms.map_or(listed_ms, |ended_ms| ended_ms.max(listed_ms)),
            invocations: Invocations::Known { ids: readers, least: batches },
        };
        let generator = billing_log::billed(run.context(), &generator, now, &mut warnings).await?;
        let reader = billing_log::billed(run.context(), &reader, now, &mut warnings).await?;
        Ok(Observation {
            run: run.name.clone(),
            variant,
            memory_mb,
            listing,
            is_partial,
            handled,
            generator,
            generation,
            reader,
            warnings,
        })
    }
}
