use std::path::Path;

use protocol::summary::Summary;
use results::cost::{Cost, CostLine, QuotedPrice};
use results::file::Kind;
use results::memory_sweep::{Compared, MemorySweep};
use results::scenario::Detail;
use results::scenario::archive::Contest;

use super::*;
use crate::scenario::archive::testing::success;

fn side(letter: char) -> Side {
    let file = PathBuf::from(format!("{}.json", letter.to_ascii_lowercase()));
    let result = read(Path::new("tests/aurora-result.json")).unwrap();
    Side { letter, file, result }
}

fn cost(usd: f64, units: &[&str]) -> Cost {
    let price = |unit: &&str| QuotedPrice {
        usd: 1.0,
        unit: (*unit).to_owned(),
        source: "https://aws.amazon.com".to_owned(),
        date: "2026-11-21".to_owned(),
    };
    let line = |unit| CostLine { name: "line".to_owned(), quantity: None, usd: None, price: price(unit) };
    Cost { item: "a run".to_owned(), usd: Some(usd), lines: units.iter().map(line).collect() }
}

#[test]
fn results_stand_side_by_side_with_what_makes_their_ratios_doubtful() {
    let (mut a, mut b, mut c) = (side('A'), side('B'), side('C'));
    a.result.summary = vec![Summary::of("row", "ms", &[10.0, 11.0, 12.0], 0).unwrap()];
    b.result.summary = vec![Summary::of("row", "ms", &[20.0, 21.0, 22.0], 3).unwrap()];
    b.result.summary[0].throughput = Some(12.5);
    b.result.summary.push(Summary::of("only here", "ms", &[0.5], 0).unwrap());
    c.result.summary = vec![Summary::of("row", "ms", &[11.0, 12.0, 13.0], 0).unwrap()];
    b.result.environment.settings.insert("memory".to_owned(), 1769.into());
    a.result.cost = vec![cost(0.000_104_8, &["GB-second"])];
    b.result.cost = vec![cost(0.000_209_6, &["GB-second"])];
    c.result.cost = vec![cost(0.001, &["GB-second", "request"])];
    c.result.warnings = vec!["noisy".to_owned()];
    insta::assert_snapshot!(render(&[a, b, c]));
}

/// Names of what was measured and what it costs.
fn names(Side { result, .. }: &Side) -> [Vec<&str>; 2] {
    [
        result.summary.iter().map(|one| one.name.as_str()).collect(),
        result.cost.iter().map(|one| one.item.as_str()).collect(),
    ]
}

#[test]
fn a_run_beside_a_memory_sweep_is_compared_with_its_size() {
    let (mut sweep, mut run, mut contest) = (side('A'), side('B'), side('C'));
    let compared = Compared { speed: "TPS".to_owned(), is_rate: true, price: "a run".to_owned() };
    sweep.result.detail = Detail::MemorySweep(MemorySweep::new(compared, vec![]));
    for side in [&mut sweep, &mut run, &mut contest] {
        side.result.summary = vec![Summary::of("rust-stream billed duration", "ms", &[1.0], 0).unwrap()];
        side.result.cost = vec![cost(0.5, &["request"])];
        side.result.environment.settings.insert("memory".to_owned(), 256.into());
    }
    let success = success("rust-stream", 2000);
    contest.result.detail = Detail::Archive(Contest { success: vec![success], ..Contest::default() });
    let mut sides = [run, contest];
    by_memory::name_alike(&mut sides);
    assert_eq!(names(&sides[0])[0], ["rust-stream billed duration"], "without a sweep, names stay");
    let [run, contest] = sides;
    let mut sides = [sweep, run, contest];
    by_memory::name_alike(&mut sides);
    assert_eq!(names(&sides[0]), [["rust-stream billed duration"], ["a run"]], "it has its sizes already");
    assert_eq!(names(&sides[1]), [["256 MB: rust-stream billed duration"], ["256 MB: a run"]]);
    let by_contender = [["512 MB: rust-stream billed duration"], ["a run"]];
    assert_eq!(names(&sides[2]), by_contender, "a contender may have a memory of its own");
}

#[test]
fn a_laptop_is_never_compared_with_aws_nor_a_scenario_with_another() {
    let (a, mut b) = (side('A'), side('B'));
    b.result.environment.kind = Kind::Aws;
    assert!(must_be_alike(&a, &b).unwrap_err().to_string().contains("is local, the other from AWS"));
    b.result.run.scenario = "archive".to_owned();
    let error = must_be_alike(&a, &b).unwrap_err().to_string();
    assert_eq!(
        error,
        "a.json and b.json are results of aurora and archive: compare results of the same scenario"
    );
}
