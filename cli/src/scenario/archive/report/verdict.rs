//! Who wins a contest: by each price, since S3's requests may cost more than Lambda's time, and by time.

use protocol::stats::real;
use results::scenario::archive::{Class, Contest, Success};

use super::contender;
use super::series;
use crate::scenario::shared::tables::digits;
use crate::scenario::shared::verdict::{
    Candidate, Commands, Entrant, Figure, Verdict, basis_of_runs, by_balance, by_price, by_time, clause,
    list, times, winner,
};
use crate::significance::Sample;

/// Runs that tell more than fewer, and the most that the stack's setting takes.
const MORE_RUNS: [u64; 2] = [20, 50];

/// The verdict of a contest on a stack; `runs` are those behind a series.
pub fn verdict(
    contest: &Contest,
    stack: &str,
    runs: impl Fn(&str) -> Option<Sample>,
    commands: &Commands<'_>,
) -> Verdict {
    let passed: Vec<_> = contest.success.iter().map(|one| Passed::of(one, stack, &runs)).collect();
    let are_alike = passed.iter().all(|one| one.class == Class::OneInvocation);
    let mut told = match passed.as_slice() {
        [] => vec!["no contender passed".to_owned()],
        _ if are_alike => of_class(&passed),
        _ => Class::ALL.iter().flat_map(|class| in_class(*class, &passed)).collect(),
    };
    let unranked = contest.unranked.iter().filter(|one| one.no_rank.is_some());
    let unranked: Vec<_> = unranked.map(|one| contender(stack, &one.arn).to_owned()).collect();
    if !unranked.is_empty() {
        told.push(format!("without a rank, and so in none of these: {}", list(&unranked)));
    }
    if !contest.failure.is_empty() {
        let names: Vec<_> = contest.failure.iter().map(|one| contender(stack, &one.arn).to_owned()).collect();
        told.push(format!("out, and so in none of these: {}", list(&names)));
    }
    Verdict { told, basis: basis(&passed, commands) }
}

/// What can be told of the contenders of a class, which stand in no comparison with those of another one.
fn in_class(class: Class, passed: &[Passed]) -> Vec<String> {
    let own: Vec<_> = passed.iter().filter(|one| one.class == class).cloned().collect();
    of_class(&own).into_iter().map(|told| format!("{}: {told}", class.name())).collect()
}

fn of_class(passed: &[Passed]) -> Vec<String> {
    match passed {
        [] => Vec::new(),
        [alone] => vec![alone.alone()],
        several => clauses(several),
    }
}

/// The runs of a contender, ms; one value, its mean, where they were not kept.
fn runs_of(success: &Success, stack: &str, runs: impl Fn(&str) -> Option<Sample>) -> Sample {
    runs(&series::name(contender(stack, &success.arn)))
        .unwrap_or_else(|| Sample::of_one(real(success.duration_ms)))
}

/// A contender that passed, by its figures.
#[derive(Clone)]
struct Passed {
    name: String,
    class: Class,
    time: Figure,
    lambda_price: Figure,
    /// With S3's requests; none where they were not counted.
    total_price: Option<Figure>,
}

impl Passed {
    fn of(success: &Success, stack: &str, runs: impl Fn(&str) -> Option<Sample>) -> Self {
        // What is charged for is the time of all invocations.
        let charged = runs(&series::name_of_all(contender(stack, &success.arn)));
        let runs = runs_of(success, stack, runs);
        let charged = charged.unwrap_or(runs);
        let per_ms = if charged.mean > 0.0 { success.run_price_usd * 1000.0 / charged.mean } else { 0.0 };
        let lambda = charged.scaled(per_ms);
        // How many requests each run made is not known: their mean moves the price, and adds no deviation.
        let total =
            success.requests_price_usd.map(|usd| Sample { mean: lambda.mean + usd * 1000.0, ..lambda });
        Self {
            name: contender(stack, &success.arn).to_owned(),
            class: success.class,
            time: Figure::of_runs(runs, format!("{:.3} s", runs.mean / 1000.0)),
            lambda_price: priced(lambda),
            total_price: total.map(priced),
        }
    }

    fn candidate(&self, price: Option<&Figure>) -> Candidate {
        Candidate { name: self.name.clone(), time: Some(self.time.clone()), price: price.cloned() }
    }

    fn alone(&self) -> String {
        let (price, of) = match &self.total_price {
            Some(total) => (total, "with S3's requests"),
            None => (&self.lambda_price, "for Lambda's time"),
        };
        format!("only {} passed, so nothing wins: {}, {} {of}", self.name, self.time.shown, price.shown)
    }
}

fn priced(sample: Sample) -> Figure {
    Figure::of_runs(sample, format!("{} USD per 1,000 runs", digits(sample.mean)))
}

fn clauses(passed: &[Passed]) -> Vec<String> {
    let with = |price: fn(&Passed) -> Option<&Figure>| {
        passed.iter().map(|one| one.candidate(price(one))).collect::<Vec<_>>()
    };
    let by_lambda = with(|one| Some(&one.lambda_price));
    let are_counted = passed.iter().all(|one| one.total_price.is_some());
    let in_all = if are_counted { with(|one| one.total_price.as_ref()) } else { Vec::new() };
    let (lambda, total) = (by_price(&by_lambda), by_price(&in_all));
    let cheapest_in_all = clause("cheapest in all, with S3's requests", &total)
        .unwrap_or_else(|| "cheapest in all: can't tell, as S3's requests were not counted".to_owned());
    let cheapest_by_lambda = clause("cheapest by Lambda's price alone", &lambda)
        .map(|said| said + &dearer(&lambda, &total).unwrap_or_default());
    let balanced = if are_counted {
        clause("balanced", &by_balance(&in_all))
    } else {
        clause("balanced by time and Lambda's price", &by_balance(&by_lambda))
    };
    let others = [cheapest_by_lambda, clause("fastest", &by_time(&by_lambda)), balanced];
    std::iter::once(cheapest_in_all).chain(others.into_iter().flatten()).collect()
}

/// How much more the winner by Lambda's price costs than that in all, if it is another one.
fn dearer(lambda: &[Entrant], total: &[Entrant]) -> Option<String> {
    let (by_lambda, in_all) = (winner(lambda)?, winner(total)?);
    let own = total.iter().find(|one| one.name == by_lambda.name && one.name != in_all.name)?;
    let times = times(own.figure.sample.mean, in_all.figure.sample.mean)?;
    Some(format!(", but in all it costs {times} as much as {}", in_all.name))
}

fn basis(passed: &[Passed], commands: &Commands<'_>) -> Vec<String> {
    let runs = passed.iter().map(|one| one.time.sample.count).min();
    runs.map_or_else(Vec::new, |runs| basis_of(runs, commands))
}

/// What figures of so many runs rest on, and the command for more, as far as there may be more.
pub fn basis_of(runs: u64, commands: &Commands<'_>) -> Vec<String> {
    let more = MORE_RUNS.into_iter().find(|more| *more > runs);
    let more = more.map(|more| format!("To tell more: {}", commands.run_with(&format!(" --runs {more}"))));
    std::iter::once(basis_of_runs(runs)).chain(more).collect()
}

/// The runs of the contender with a short name, s.
pub fn seconds(
    contest: &Contest,
    stack: &str,
    name: &str,
    runs: impl Fn(&str) -> Option<Sample>,
) -> Option<Sample> {
    let success = contest.success.iter().find(|one| contender(stack, &one.arn) == name)?;
    Some(runs_of(success, stack, runs).scaled(1.0 / 1000.0))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use results::scenario::archive::Failure;

    use super::*;
    use crate::result_file::read;
    use crate::scenario::archive::testing::{contest, success};

    fn priced(name: &str, ms: u64, requests_usd: Option<f64>) -> Success {
        let mut one = success(name, ms);
        one.requests_price_usd = requests_usd;
        one.total_price_usd = requests_usd.map(|usd| usd + one.run_price_usd);
        one
    }

    /// The verdict if the runs of each contender deviate by so much from its mean.
    fn said(success: Vec<Success>, stddev: f64, count: u64) -> Vec<String> {
        let means: Vec<_> = success
            .iter()
            .map(|one| (series::name(contender("dev", &one.arn)), real(one.duration_ms)))
            .collect();
        let runs = |name: &str| {
            let (_, mean) = means.iter().find(|(own, _)| own == name)?;
            Some(Sample { mean: *mean, stddev, count })
        };
        let result = read(Path::new("tests/v1/archive.json")).unwrap();
        let commands = Commands::of(&result, String::new());
        let Verdict { told, basis } = verdict(&contest(success), "dev", runs, &commands);
        told.into_iter().chain(basis).collect()
    }

    #[test]
    fn requests_may_make_the_cheapest_by_lambdas_price_the_dearest_in_all() {
        let passed = vec![priced("copies", 1600, Some(0.001_07)), priced("streams", 3200, Some(0.000_036))];
        insta::assert_snapshot!(said(passed, 100.0, 3).join("\n"));
    }

    #[test]
    fn a_contender_that_fans_out_wins_nothing_from_those_with_one_invocation() {
        let mut fan_out = priced("fan-out", 100, Some(0.0));
        fan_out.class = Class::FanOut;
        let mut passed = vec![priced("a", 1600, Some(0.0)), priced("b", 3200, Some(0.0)), fan_out];
        insta::assert_snapshot!(said(passed.clone(), 10.0, 3).join("\n"));
        passed[0].class = Class::FanOut;
        let said = said(passed, 10.0, 3);
        assert!(said[0].starts_with("one invocation: only b passed, so nothing wins: 3.200 s"), "{said:?}");
        assert!(said[1].starts_with("fan-out: cheapest in all, with S3's requests: fan-out"), "{said:?}");
    }

    #[test]
    fn a_contender_without_a_rank_is_named() {
        let mut contest = contest(vec![priced("rust-stream", 2000, None)]);
        let no_rank = Some("its runs overlapped".to_owned());
        contest.unranked = vec![Success { no_rank, ..priced("rust-fan-out", 100, None) }];
        let result = read(Path::new("tests/v1/archive.json")).unwrap();
        let told = verdict(&contest, "dev", |_| None, &Commands::of(&result, String::new())).told;
        assert_eq!(told[1], "without a rank, and so in none of these: rust-fan-out");
    }

    #[test]
    fn a_difference_within_the_noise_has_no_winner() {
        let passed = vec![priced("a", 1600, Some(0.0)), priced("b", 1700, Some(0.0))];
        let said = said(passed, 500.0, 3);
        assert!(said[..4].iter().all(|one| one.contains(": no difference shown between a")), "{said:?}");
    }

    #[test]
    fn without_counted_requests_nobody_can_tell_what_is_cheapest_in_all() {
        let said = said(vec![priced("a", 1600, None), priced("b", 9000, Some(0.0))], 10.0, 3);
        assert_eq!(said[0], "cheapest in all: can't tell, as S3's requests were not counted");
        assert!(said[1].starts_with("cheapest by Lambda's price alone: a (0.01333 USD"), "{said:?}");
        assert!(said[3].starts_with("balanced by time and Lambda's price: a"), "{said:?}");
    }

    #[test]
    fn one_contender_alone_wins_nothing_and_those_that_are_out_are_named() {
        let failed = |name: &str| Failure {
            arn: format!("arn:aws:lambda:us-east-1:0:function:lambench-dev-{name}"),
            reason: "crash".to_owned(),
        };
        let mut contest = contest(vec![priced("rust-stream", 2000, None)]);
        contest.failure = vec![failed("go-a"), failed("go-b")];
        let result = read(Path::new("tests/v1/archive.json")).unwrap();
        let told = verdict(&contest, "dev", |_| None, &Commands::of(&result, String::new())).told;
        assert_eq!(
            told,
            [
                "only rust-stream passed, so nothing wins: 2.000 s, 0.01667 USD per 1,000 runs for Lambda's time",
                "out, and so in none of these: go-a and go-b"
            ]
        );
    }

    #[test]
    fn more_runs_are_advised_as_long_as_the_setting_takes_more() {
        let said = |count| said(vec![priced("a", 100, None), priced("b", 200, None)], 1.0, count).join("\n");
        let advice = |runs| format!("To tell more: lambench run archive --runs {runs} --stack dev");
        assert!(said(3).ends_with(&advice(20)), "{}", said(3));
        assert!(said(20).ends_with(&advice(50)), "{}", said(20));
        assert!(said(50).ends_with("at 95 %."), "{}", said(50));
    }
}
