//! One run after the other, from listing to what it was charged for.

use std::cell::RefCell;

use anyhow::Result;
use results::billing_log::FunctionUse;
use results::scenario::s3_read::{ReadRun, Variant};
use tokio::time::Instant;

use super::figures::Figures;
use super::generate::{self, Sent};
use super::items::Item;
use super::price::Usage;
use super::wait::{self, Handled, Under};
use super::{Test, outcome};
use crate::exit::Interrupted;
use crate::scenario::shared::billing_log::{self, Billed, Span};
use crate::scenario::shared::queue;
use crate::shutdown::requested;

/// A run, and what its result is made of besides its figures.
pub struct Found {
    /// The figures.
    pub run: ReadRun,
    /// What they are made of.
    pub figures: Figures,
    /// The objects that were read.
    pub items: Vec<Item>,
    /// An object that was given up for each kind of failure, with the reason.
    pub examples: Vec<(String, String)>,
    /// What it used.
    pub usage: Usage,
    /// What went wrong in finding out.
    pub warnings: Vec<String>,
}

/// What is under way, to be told if the user ends it.
pub type UnderWay = RefCell<Option<(Variant, String)>>;

/// Reads by each variant, until that is over or the user presses Ctrl-C.
pub async fn run(test: &Test) -> Result<Vec<Found>> {
    let memory_mb = test.s3_read.deployment.required("memory")?;
    let under_way = UnderWay::default();
    tokio::select! {
        found = all_variants(test, memory_mb, &under_way) => found,
        () = requested() => Err(Interrupted(stays(test, &under_way)).into()),
    }
}

/// Reads by each variant with the memory that is deployed.
pub async fn all_variants(test: &Test, memory_mb: u64, under_way: &UnderWay) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for &variant in &test.plan.variants {
        found.push(one(test, variant, memory_mb, under_way).await?);
    }
    Ok(found)
}

/// What an interrupted run leaves behind: SQS can't take back one run's messages.
pub fn stays(test: &Test, under_way: &UnderWay) -> String {
    let under_way = under_way.borrow();
    let road = under_way.as_ref().and_then(|(variant, run)| Some((run, test.road(*variant).ok()?)));
    match road {
        None => "no object is under way".to_owned(),
        Some((run, road)) => format!(
            "objects of the run {run} that are in the queue will still be read; to empty it: \
             aws sqs purge-queue --queue-url {}",
            road.queue.url
        ),
    }
}

async fn one(test: &Test, variant: Variant, memory_mb: u64, under_way: &UnderWay) -> Result<Found> {
    let (road, asked) = (test.road(variant)?, test.asked());
    let run =
        if test.plan.memories.is_empty() { test.name.clone() } else { format!("{}-{memory_mb}", test.name) };
    let limits = queue::until_empty(test.context(), &road.queue.url).await?;
    test.context().notify(&format!("{variant}, {memory_mb} MB: listing s3://{} …", asked.bucket));
    under_way.replace(Some((variant, run.clone())));
    let sent = generate::send(test, road, &asked, &run).await?;
    let under = Under { variant, road, run: &run };
    let handled = wait::until_handled(test, under, &asked, &limits, sent.listing.sent).await?;
    under_way.replace(None);
    charge(test, under, memory_mb, &sent, handled).await
}

/// Looks up what Lambda charges for, and puts everything together.
async fn charge(
    test: &Test,
    under: Under<'_>,
    memory_mb: u64,
    sent: &Sent,
    handled: Handled,
) -> Result<Found> {
    let Under { variant, road, run } = under;
    let figures = Figures::of(&handled.items);
    let mut warnings = Vec::new();
    let now = Instant::now();
    let objects = outcome::objects(&sent.listing, &handled, &figures);
    let batches = (objects.read + objects.dead_lettered)
        .div_ceil(test.s3_read.deployment.required("batchSize")?)
        .max(1);
    let (from_ms, listed_ms) = sent.span_ms;
    let to_ms = figures.span_ms.map_or(listed_ms, |(_, to_ms)| to_ms.max(listed_ms));
    let generator = Span {
        function: &road.generator,
        from_ms,
        to_ms: listed_ms,
        invocations: sent.listing.calls..=sent.listing.calls,
    };
    let reader = Span { function: &road.reader, from_ms, to_ms, invocations: batches..=u64::MAX };
    let generator = billing_log::billed(test.context(), &generator, now, &mut warnings).await?;
    let reader = billing_log::billed(test.context(), &reader, now, &mut warnings).await?;
    let usage = Usage {
        read: objects.read,
        bytes: figures.bytes,
        architecture: test.s3_read.deployment.architecture.clone(),
        memory_mb,
        reader,
        generator,
        listed: sent.listing.listed,
        sent: sent.listing.sent,
        dead_lettered: objects.dead_lettered,
        gets: figures.gets,
        write_units: figures.write_units,
    };
    let examples = outcome::examples(&handled);
    let run = outcome::read_run(run, variant, memory_mb, sent.listing, objects, &figures, &usage);
    Ok(Found { run, figures, items: handled.items, examples, usage, warnings })
}

/// The invocations of both functions, as far as they are known.
pub fn invocations(usage: &Usage) -> Vec<FunctionUse> {
    let both: [(&str, Option<Billed>); 2] = [("generator", usage.generator), ("reader", usage.reader)];
    both.iter().filter_map(|(part, billed)| Some(billing_log::function_use(part, billed.as_ref()?))).collect()
}
