//! Which variant reads faster and at a lower price, as far as one run of each can tell.

use results::cost::Cost;
use results::scenario::s3_read::{ReadRun, Reading};
use serde_json::{Map, Value};

use super::cost::{THOUSAND_OBJECTS, items_of_run};
use super::{is_read, title};
use crate::scenario::shared::tables::{distinct, per_second};
use crate::scenario::shared::verdict::{Candidate, Commands, Figure, Verdict, clauses, list, quoted, usd};

/// The verdict of reading a bucket.
pub fn verdict(reading: &Reading, costs: &[Cost], commands: &Commands<'_>) -> Verdict {
    let (read, unread): (Vec<_>, Vec<_>) =
        reading.runs.iter().partition(|run| is_read(run) && run.objects.read > 0);
    if read.is_empty() {
        return nothing(reading, commands);
    }
    let sizes = distinct(read.iter().map(|run| &run.memory_mb)).len();
    let name =
        |run: &ReadRun| if sizes > 1 { title(run).replace(", ", " with ") } else { run.variant.to_string() };
    let candidates: Vec<_> = read.iter().map(|run| candidate(name(run), run, costs)).collect();
    let mut told = match candidates.as_slice() {
        [alone] => vec![format!("{}: {}", alone.name, figures(alone))],
        several => clauses(several),
    };
    if !unread.is_empty() {
        let names: Vec<_> = unread.into_iter().map(title).collect();
        told.push(format!("left out, as not all objects were read: {}", list(&names)));
    }
    Verdict { told, basis: commands.basis_of_one_run() }
}

fn nothing(reading: &Reading, commands: &Commands<'_>) -> Verdict {
    let told = if reading.runs.iter().all(|run| run.listing.sent == 0) {
        format!(
            "nothing to read: no object in s3://{}/{} was sent: no winner, no price",
            reading.request.bucket, reading.request.prefix
        )
    } else {
        "no run read all objects: no winner, no price".to_owned()
    };
    commands.nothing(told)
}

fn candidate(name: String, run: &ReadRun, costs: &[Cost]) -> Candidate {
    let shown = |rate| format!("{} MB/s per function", per_second(rate));
    let price =
        |item: String| Figure::of_costs(costs, &[item], |price| format!("{} per 1,000 objects", usd(price)));
    Candidate {
        name,
        time: run.mb_per_second_per_function.and_then(|rate| Figure::of_rate(rate, shown(rate))),
        price: items_of_run(run, THOUSAND_OBJECTS).into_iter().find_map(price),
    }
}

fn figures(candidate: &Candidate) -> String {
    let both = [&candidate.time, &candidate.price];
    let shown: Vec<_> = both.into_iter().flatten().map(|figure| figure.shown.clone()).collect();
    if shown.is_empty() { "no figures".to_owned() } else { shown.join(", ") }
}

/// The options with which a bucket was read.
pub fn options(Reading { request, runs }: &Reading, settings: &Map<String, Value>) -> String {
    let variants: Vec<_> = distinct(runs.iter().map(|run| &run.variant));
    let variant = match variants.as_slice() {
        [alone] => format!(" --variant {alone}"),
        _ => String::new(),
    };
    let prefix = match request.prefix.as_str() {
        "" => String::new(),
        prefix => format!(" --prefix {}", quoted(prefix)),
    };
    let modified = match request.modified_within_hours {
        0.0 => String::new(),
        hours => format!(" --modified-within {hours}"),
    };
    let is_setting = settings.get("objectCount").and_then(Value::as_u64) == Some(request.max_objects);
    let most = if is_setting { String::new() } else { format!(" --max-objects {}", request.max_objects) };
    let from = request.workers.map(|workers| format!(" --from functions --workers {workers}"));
    format!("{variant}{prefix}{modified}{most}{}", from.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use protocol::s3_read::Variant;
    use results::file::RunResult;
    use results::scenario::Detail;

    use super::*;
    use crate::result_file::read;
    use crate::scenario::s3_read::options::Options;
    use crate::scenario::s3_read::testing;
    use crate::scenario::shared::testing::parsed;

    fn example() -> (RunResult, Reading) {
        let result = read(Path::new("tests/v1/s3-read.json")).unwrap();
        let Detail::S3Read(reading) = result.detail.clone() else { panic!("a result of s3-read") };
        (result, reading)
    }

    fn told(reading: &Reading, result: &RunResult) -> Vec<String> {
        verdict(reading, &result.cost, &Commands::of(result, String::new())).told
    }

    #[test]
    fn rates_that_hardly_differ_name_no_winner() {
        let (result, reading) = example();
        assert_eq!(
            told(&reading, &result)[0],
            "fastest: can't tell between signed (73.4 MB/s per function) and sdk (72.9 MB/s per function), n = 1"
        );
    }

    #[test]
    fn of_several_memory_sizes_each_is_named() {
        let (result, mut reading) = example();
        (reading.runs[1].memory_mb, reading.runs[1].mb_per_second_per_function) = (1769, Some(200.0));
        assert_eq!(told(&reading, &result)[0], "fastest: sdk with 1769 MB (200 MB/s per function)");
    }

    #[test]
    fn one_variant_alone_has_figures_and_no_winner() {
        let (result, mut reading) = example();
        reading.runs.remove(0);
        let expected = "sdk: 72.9 MB/s per function, 0.001939 USD per 1,000 objects";
        assert_eq!(told(&reading, &result), [expected]);
    }

    #[test]
    fn a_variant_that_did_not_read_everything_wins_nothing() {
        let (result, mut reading) = example();
        reading.runs[0].objects.dead_lettered = 1;
        reading.runs[0].mb_per_second_per_function = Some(9999.0);
        assert_eq!(told(&reading, &result)[1], "left out, as not all objects were read: signed, 512 MB");
        reading.runs[1].objects.lost = 1;
        assert_eq!(told(&reading, &result), ["no run read all objects: no winner, no price"]);
    }

    #[test]
    fn nothing_read_has_no_winner_and_no_price() {
        let (result, mut reading) = example();
        reading.request.prefix = "nothing/".to_owned();
        for run in &mut reading.runs {
            run.objects = results::scenario::s3_read::Objects::default();
            run.listing.sent = 0;
        }
        let said = told(&reading, &result);
        assert_eq!(said.len(), 1);
        assert!(said[0].ends_with("/nothing/ was sent: no winner, no price"), "{said:?}");
    }

    #[test]
    fn the_options_are_those_of_the_run() {
        let line = "--variant sdk --prefix logs/ --modified-within 1.5 --max-objects 7";
        let asked: Options = parsed(line).unwrap();
        let run = testing::run();
        let one = testing::aggregate(Variant::Sdk, 512).run;
        let reading = Reading { request: asked.request(&run.deployed), runs: vec![one] };
        let settings = &run.deployment().settings;
        assert_eq!(parsed::<Options>(&options(&reading, settings)).unwrap(), asked);
        let all: Options = parsed("--variant sdk").unwrap();
        let reading = Reading { request: all.request(&run.deployed), ..reading };
        assert_eq!(options(&reading, settings), " --variant sdk");
    }
}
