//! What reading a bucket will cost and meet, before it begins.

use anyhow::{Result, bail};
use protocol::load_generator::LoadGenerator;
use protocol::s3_read::Variant;
use protocol::stats::{real, whole};
use results::cost::Cost;
use results::scenario::Detail;
use results::scenario::s3_read::{ReadRun, Reading};

use super::Run;
use super::options::Options;
use super::report::{Quantities, THOUSAND_OBJECTS, items_of_run, lists, load_item};
use crate::scenario::shared::billing_log::Billed;
use crate::scenario::shared::estimate::{
    Bound, Part, Past, Plan, Range, dashboard, objects, of_run, stored_bytes,
};
use crate::scenario::shared::limits::{Allowed, Limit, S3_READS, concurrency, table_writes};
use crate::scenario::shared::load_generator;

/// What a function reads and hashes with 256 MB, and with a whole connection's bandwidth at most, MB/s: the public archive contest
/// reads and writes 15.7 GB in 387 s with 256 MB, and in 211 s with 512 MB (docs/prediction.md).
const MB_PER_SECOND: f64 = 40.0;
const MOST_MB_PER_SECOND: f64 = 75.0;
/// How much longer or shorter that may be.
const SPREAD: Range = Range::new(0.5, 1.0, 2.0);
/// What each object takes besides, ms.
const OBJECT_MS: Range = Range::new(5.0, 30.0, 100.0);
/// What the generator takes for an object, ms.
const LISTED_MS: Range = Range::new(0.5, 3.0, 10.0);
/// Around each variant: the generator, the table, and the REPORT lines, s.
const AROUND_SECONDS: Range = Range::new(3.0, 8.0, 60.0);

/// What reading a bucket will cost and meet.
pub async fn plan(run: &Run, options: &Options, invocations_at_once: u64, pasts: &[&Past]) -> Result<Plan> {
    refuse_unknowable(run, options)?;
    let variants = options.variants().into_iter();
    let all: Vec<Reads<'_>> = variants.map(|variant| Reads::new(run, options, variant, pasts)).collect();
    let seconds = all.iter().fold(Range::default(), |sum, reads| sum.plus(reads.seconds()));
    let of_variants = all.iter().flat_map(Reads::parts);
    let rate = all.iter().map(Reads::rate).fold(0.0, f64::max);
    let mut limits = vec![
        concurrency(run, invocations_at_once),
        Limit::new(
            "GET requests per second and prefix (S3)",
            rate,
            Allowed::documented(S3_READS),
            "S3 grows with the load in some minutes, and answers 503 until then: lower the setting concurrency",
        ),
        // An item of a unit for each object.
        table_writes(run.context(), &run.deployed.table.name, rate).await,
    ];
    limits.extend(all.first().map(Reads::execution).unwrap_or_default());
    let mut standing = vec![dashboard(&run.prices)];
    standing.extend(is_filled(run).then(|| objects(&run.prices, run.deployment())));
    let mut assumptions = count_assumption(run, options);
    assumptions.extend(all.iter().map(Reads::assumption));
    assumptions.dedup();
    Ok(Plan {
        standing,
        parts: of_variants.collect(),
        besides: Vec::new(),
        seconds,
        limits,
        assumptions,
        not_counted: "logs, metrics and tracing; polls that find the queue empty",
    })
}

/// What the runs of a result used.
pub fn used(reading: &Reading, costs: &[Cost]) -> Vec<Cost> {
    let of = |run: &ReadRun| {
        let thousands = real(run.objects.read) / 1e3;
        let items = items_of_run(run, THOUSAND_OBJECTS);
        let objects =
            items.iter().find_map(|item| of_run(costs, &run.variant.to_string(), &[item], thousands));
        let load = load_item(run.variant);
        objects.into_iter().chain(of_run(costs, &load, &[&load], 1.0))
    };
    reading.runs.iter().flat_map(of).collect()
}

/// Whether the stack has filled the bucket itself.
fn is_filled(run: &Run) -> bool {
    run.deployment().text_setting("bucket").is_empty()
}

/// Refuses to guess how much a bucket has that somebody else has filled.
fn refuse_unknowable(run: &Run, options: &Options) -> Result<()> {
    if options.request(&run.deployed).max_objects == 0 && !is_filled(run) {
        bail!(
            "--max-objects 0 reads all of a bucket that the stack has not filled, and nobody knows how much that is: give a number"
        );
    }
    Ok(())
}

/// Objects that a run reads, at most: of a bucket that the stack has filled, no more than it has.
fn objects_at_most(run: &Run, options: &Options) -> u64 {
    let filled = run.deployment().setting("objectCount").unwrap_or_default();
    match options.request(&run.deployed).max_objects {
        0 => filled,
        most if is_filled(run) => most.min(filled),
        most => most,
    }
}

/// What is not known of the number of objects and their sizes.
fn count_assumption(run: &Run, options: &Options) -> Vec<String> {
    let request = options.request(&run.deployed);
    let mut said = vec!["every object is read at its first request".to_owned()];
    if !request.prefix.is_empty() || request.modified_within_hours > 0.0 || !is_filled(run) {
        said.push("objects: assumed: as many as the options allow; there may be fewer".to_owned());
    }
    if !is_filled(run) {
        said.push(
            "sizes: assumed: the setting objectSizeMib, though the bucket's objects may have others"
                .to_owned(),
        );
    }
    said
}

/// A variant's run that is to come.
struct Reads<'a> {
    run: &'a Run,
    variant: Variant,
    objects: u64,
    /// Functions that send the messages together; none if one does alone.
    workers: Option<u64>,
    /// What an earlier run says.
    past: Option<Seen<'a>>,
}

/// What an earlier run's functions took.
struct Seen<'a> {
    past: &'a Past,
    memory_mb: u64,
    /// Billed time of the readers for each byte, ms.
    ms_per_byte: f64,
    /// Invocations of the readers for each object.
    invocations: f64,
    /// Billed time of the generator for each object, ms; none if many shared it, and waited for each other.
    generator_ms: Option<f64>,
}

impl<'a> Reads<'a> {
    fn new(run: &'a Run, options: &Options, variant: Variant, pasts: &[&'a Past]) -> Self {
        let past = pasts.iter().find_map(|past| Seen::new(past, variant));
        let (objects, workers) = (objects_at_most(run, options), options.workers());
        Self { run, variant, objects, workers, past }
    }

    fn memory_mb(&self) -> u64 {
        self.run.deployment().setting("memory").unwrap_or_default()
    }

    /// What all objects have, by the mean size of the stack's own.
    fn bytes(&self) -> f64 {
        let filled = real(self.run.deployment().setting("objectCount").unwrap_or(1).max(1));
        stored_bytes(self.run.deployment()) / filled * real(self.objects)
    }

    /// What the objects take, and the functions that send them together.
    fn parts(&self) -> Vec<Part> {
        let objects = Part::of(self.variant.to_string(), |bound| self.quantities(bound).usage(self.run));
        let load = self.workers.map(|_| {
            let usage = |bound| self.quantities(bound).load_usage(self.run).unwrap_or_default();
            Part::of(load_item(self.variant), usage)
        });
        std::iter::once(objects).chain(load).collect()
    }

    /// What starts the functions that send the messages together; none if one sends them alone.
    fn generator(&self) -> Option<(&LoadGenerator, u64)> {
        let functions = self.run.deployed.variants.get(&self.variant)?;
        functions.load.as_ref().zip(self.workers)
    }

    /// What starting the functions that send takes; nothing if none do.
    fn execution(&self) -> Vec<Limit> {
        let generator = self.generator();
        generator.map_or_else(Vec::new, |(generator, workers)| {
            load_generator::limits(self.run, generator, workers)
        })
    }

    fn quantities(&self, bound: Bound) -> Quantities {
        let reader = Billed {
            invocations: whole(self.invocations().at(bound)),
            ms: self.reader_ms().at(bound),
            ..Billed::default()
        };
        // One divides the listing, and the others list their slices again.
        let invocations = 1 + self.workers.unwrap_or_default();
        let generator = Billed { invocations, ms: self.generator_ms().at(bound), ..Billed::default() };
        let listings = 1 + u64::from(self.workers.is_some());
        Quantities {
            memory_mb: self.memory_mb(),
            reader: Some(reader),
            generator: Some(generator),
            transitions: self
                .generator()
                .map(|(generator, workers)| load_generator::transitions(generator, workers)),
            lists: lists(listings * self.objects, invocations),
            sent: self.objects,
            dead_lettered: 0,
            gets: self.objects,
            write_units: self.objects,
        }
    }

    /// Of the readers: at least full batches, at most one for each object.
    fn invocations(&self) -> Range {
        let batch = self.run.deployment().setting("batchSize").unwrap_or(1).max(1);
        let (least, most) = (real(self.objects.div_ceil(batch)), real(self.objects));
        let expected = self.past.as_ref().map_or(least, |seen| most * seen.invocations);
        Range::new(least, expected.max(least).min(most), most)
    }

    fn reader_ms(&self) -> Range {
        if let Some(seen) = &self.past {
            let longer = seen.past.durations(self.run.deployment(), seen.memory_mb, self.memory_mb());
            return longer.map(|longer| longer * seen.ms_per_byte * self.bytes());
        }
        let rate = (MB_PER_SECOND * real(self.memory_mb()) / 256.0).clamp(1.0, MOST_MB_PER_SECOND);
        let transfer = SPREAD.map(|spread| spread * self.bytes() / rate / 1e3);
        transfer.plus(OBJECT_MS.map(|ms| ms * real(self.objects)))
    }

    /// Of the generators, together.
    fn generator_ms(&self) -> Range {
        // They are started one after the other, and wait for the time at which all begin.
        let waits =
            self.workers.map_or(0.0, |workers| real(workers * load_generator::start_delay_ms(workers)));
        self.sending_ms().plus(Range::new(0.0, waits, waits))
    }

    /// Of the generators while they list and send.
    fn sending_ms(&self) -> Range {
        let deployment = self.run.deployment();
        match self.past.as_ref().and_then(|seen| Some((seen.past, seen.generator_ms?))) {
            // Its memory is no setting.
            Some((past, ms)) => {
                past.durations(deployment, 0, 0).map(|longer| longer * ms * real(self.objects))
            }
            None => LISTED_MS.map(|ms| ms * real(self.objects)),
        }
    }

    fn concurrency(&self) -> f64 {
        real(self.run.deployment().setting("concurrency").unwrap_or(1).max(1))
    }

    fn seconds(&self) -> Range {
        let busy = self.concurrency().min(self.invocations().expected.max(1.0));
        let reading = self.reader_ms().map(|ms| ms / 1e3 / busy);
        let senders = real(self.workers.unwrap_or(1));
        let start = self.workers.map_or(0.0, |workers| real(load_generator::start_delay_ms(workers)) / 1e3);
        let sending = self.sending_ms().map(|ms| start + ms / 1e3 / senders);
        reading.plus(sending).plus(AROUND_SECONDS)
    }

    /// Requests per second if all readers are at work.
    fn rate(&self) -> f64 {
        let each = self.reader_ms().low / 1e3 / real(self.objects.max(1));
        if each > 0.0 { self.concurrency() / each } else { 0.0 }
    }

    fn assumption(&self) -> String {
        match &self.past {
            Some(seen) => {
                seen.past.says(self.run.deployment(), &format!("{}: durations and batches", self.variant))
            }
            None => format!(
                "durations: assumed: {MB_PER_SECOND} MB/s for a function with 256 MB, in proportion to memory up to \
                 {MOST_MB_PER_SECOND} MB/s, or half to twice as long, and {} to {} ms for each object",
                OBJECT_MS.low, OBJECT_MS.high
            ),
        }
    }
}

impl<'a> Seen<'a> {
    fn new(past: &'a Past, variant: Variant) -> Option<Self> {
        let Detail::S3Read(reading) = &past.detail else { return None };
        let ReadRun { invocations, memory_mb, bytes, objects, listing, .. } = reading
            .runs
            .iter()
            .find(|run| run.variant == variant && run.bytes > 0 && run.objects.read > 0)?;
        let of = |function: &str| invocations.iter().find(|one| one.function == function);
        let (reader, generator, read) = (of("reader")?, of("generator")?, real(objects.read));
        Some(Self {
            past,
            memory_mb: *memory_mb,
            ms_per_byte: reader.billed_ms / real(*bytes),
            invocations: real(reader.invocations) / read,
            generator_ms: listing.division.is_none().then_some(generator.billed_ms / read),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::scenario::s3_read::S3Read;
    use crate::scenario::s3_read::testing::run;
    use crate::scenario::shared::estimate::testing::{again, assert_alike};
    use crate::scenario::shared::testing::parsed;

    fn objects(line: &str, settings: &[(&str, serde_json::Value)]) -> (u64, Vec<String>) {
        let mut run = run();
        let changed = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        run.deployed.deployment.settings.extend(changed);
        let options = parsed(line).unwrap();
        (objects_at_most(&run, &options), count_assumption(&run, &options))
    }

    #[tokio::test]
    async fn the_same_reads_again_are_estimated_as_they_were() {
        let s3_read = S3Read::new(&parsed("").unwrap()).unwrap();
        assert_alike(&again(&s3_read, run()).await, &[]);
    }

    #[tokio::test]
    async fn functions_that_send_together_are_estimated_as_they_cost() {
        let s3_read = S3Read::new(&parsed("--variant sdk --from functions --workers 4").unwrap()).unwrap();
        let plan = plan(&run(), &s3_read.options, 10, &[]).await.unwrap();
        let items: Vec<_> = plan.parts.iter().map(|part| part.expected.item.as_str()).collect();
        assert_eq!(items, ["sdk", "sdk: the load generator, for this run"]);
        // Two listings of 1,000 objects, but in five invocations.
        let lists = plan.parts[1].expected.lines.iter().find(|line| line.name == "LIST").unwrap();
        assert_eq!(lists.quantity, Some(5.0));
    }

    #[test]
    fn no_more_objects_are_read_than_the_stack_has_made() {
        let count = |line| objects(line, &[]).0;
        assert_eq!([count(""), count("--max-objects 50"), count("--max-objects 5000")], [1000, 50, 1000]);
        assert_eq!(count("--max-objects 0"), 1000);
        let existing = [("bucket", "mine".into())];
        assert_eq!(objects("--max-objects 5000", &existing).0, 5000);
        let said = objects("--max-objects 5000", &existing).1.join("\n");
        assert!(said.contains("there may be fewer") && said.contains("sizes: assumed"), "{said}");
        assert_eq!(objects("", &[]).1.len(), 1, "all is known");
    }

    #[tokio::test]
    async fn all_of_somebody_else_s_bucket_is_not_estimated() {
        let mut run = run();
        run.deployed.deployment.settings.insert("bucket".to_owned(), "mine".into());
        let error = plan(&run, &parsed("--max-objects 0").unwrap(), 10, &[]).await.unwrap_err();
        assert!(error.to_string().ends_with("nobody knows how much that is: give a number"), "{error}");
    }

    #[tokio::test]
    async fn a_bucket_that_was_there_before_costs_the_stack_nothing() {
        let mut run = run();
        run.deployed.deployment.settings.insert("objectSizeMib".to_owned(), 5.into());
        let options: Options = parsed("--variant sdk").unwrap();
        let items = async |run: &Run| {
            let plan = plan(run, &options, 10, &[]).await.unwrap();
            plan.standing.into_iter().map(|one| one.item).collect::<Vec<_>>()
        };
        assert_eq!(items(&run).await.len(), 2, "the dashboard and the objects");
        run.deployed.deployment.settings.insert("bucket".to_owned(), "mine".into());
        assert_eq!(items(&run).await.len(), 1);
    }
}
