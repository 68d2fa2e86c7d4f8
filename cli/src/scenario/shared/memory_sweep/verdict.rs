//! The sizes that stand out, as far as anybody can tell.

use results::memory_sweep::{MemorySweep, Point};

use crate::scenario::shared::tables::digits;
use crate::scenario::shared::verdict::{
    Candidate, Figure, Standing, Verdict, by_balance, by_price, by_time, clauses, list, standings, usd,
};
use crate::significance::Sample;

/// The runs behind a figure's speed, in its unit; none where it is of one run.
pub type Runs<'a> = dyn Fn(&Point, &str) -> Option<Sample> + 'a;

/// The verdict of a sweep; `basis` is that of so many runs each.
pub fn verdict(sweep: &MemorySweep, runs: &Runs<'_>, basis: impl Fn(u64) -> Vec<String>) -> Verdict {
    let unfit: Vec<_> =
        sweep.points.iter().filter(|point| !point.failed_checks.is_empty()).map(size).collect();
    let mut told = Vec::new();
    if !unfit.is_empty() {
        told.push(format!("unfit for use with {}, whose checks failed (ERROR below)", list(&unfit)));
    }
    let mut fewest = None;
    for name in sweep.choices.iter().map(|choices| &choices.name) {
        let sizes = candidates(sweep, name, runs);
        let counts = sizes.iter().filter_map(|size| size.time.as_ref().or(size.price.as_ref()));
        fewest = counts.map(|figure| figure.sample.count).chain(fewest).min();
        let said = match clauses(&sizes) {
            said if said.is_empty() => "nothing to compare: it needs two sizes with figures".to_owned(),
            said => said.join("; "),
        };
        told.push(format!("{name}: {said}"));
    }
    if told.is_empty() {
        told.push("nothing was measured with any size".to_owned());
    }
    let mut basis = basis(fewest.unwrap_or(1));
    basis.insert(0, format!("Prices are for {}.", sweep.compared.price));
    Verdict { told, basis }
}

/// What each size may be chosen for, such as `fastest, maybe cheapest`, in the order of the points.
pub fn choices(sweep: &MemorySweep, name: &str, runs: &Runs<'_>) -> Vec<String> {
    let sizes = candidates(sweep, name, runs);
    let all =
        [("fastest", by_time(&sizes)), ("cheapest", by_price(&sizes)), ("balanced", by_balance(&sizes))];
    let standing = |size: &str| {
        let stands = all.iter().filter_map(|(what, entrants)| {
            let place = entrants.iter().position(|one| one.name == size)?;
            match standings(entrants)[place] {
                Standing::Leads => Some((*what).to_owned()),
                Standing::MayLead => Some(format!("maybe {what}")),
                Standing::Alone | Standing::Behind => None,
            }
        });
        stands.collect::<Vec<_>>().join(", ")
    };
    sweep.points.iter().map(|point| standing(&size(point))).collect()
}

fn size(point: &Point) -> String {
    format!("{} MB", point.memory_mb)
}

/// The sizes whose checks hold, by the figures of one name.
fn candidates(sweep: &MemorySweep, name: &str, runs: &Runs<'_>) -> Vec<Candidate> {
    let fit = sweep.points.iter().filter(|point| point.is_fit());
    let candidate = |point: &Point| {
        let figure = point.figures.iter().find(|figure| figure.name == name)?;
        let speed = figure.speed.filter(|speed| *speed > 0.0);
        let sample = speed.map(|speed| runs(point, name).unwrap_or_else(|| Sample::of_one(speed)));
        Some(Candidate {
            name: size(point),
            time: speed.zip(sample).and_then(|(speed, sample)| time(sweep, speed, sample)),
            price: figure.usd.map(|price| {
                // The price is that of the time.
                let runs =
                    sample.map_or_else(|| Sample::of_one(price), |runs| runs.scaled(price / runs.mean));
                Figure::of_runs(runs, usd(price))
            }),
        })
    };
    fit.filter_map(candidate).collect()
}

fn time(sweep: &MemorySweep, speed: f64, sample: Sample) -> Option<Figure> {
    let unit = sweep.compared.speed.rsplit(", ").next().unwrap_or_default();
    let shown = format!("{} {unit}", digits(speed));
    if sweep.compared.is_rate { Figure::of_rate(speed, shown) } else { Some(Figure::of_runs(sample, shown)) }
}

#[cfg(test)]
mod tests {
    use results::memory_sweep::{Compared, Figure as Speed};
    use results::scenario::Detail;
    use results::scenario::archive::Contest;

    use super::*;

    fn sweep(is_rate: bool, sizes: &[(u64, f64, f64)]) -> MemorySweep {
        let point = |(memory_mb, speed, usd): &(u64, f64, f64)| Point {
            memory_mb: *memory_mb,
            figures: vec![Speed { name: "one".to_owned(), speed: Some(*speed), usd: Some(*usd) }],
            failed_checks: vec![],
            missing: vec![],
            cpu: None,
            detail: Detail::Archive(Contest::default()),
        };
        let compared = Compared { speed: "elapsed, s".to_owned(), is_rate, price: "a run".to_owned() };
        MemorySweep::new(compared, sizes.iter().map(point).collect())
    }

    fn told(sweep: &MemorySweep, runs: &Runs<'_>) -> Vec<String> {
        verdict(sweep, runs, |runs| vec![format!("n = {runs}")]).told
    }

    #[test]
    fn sizes_of_one_run_each_stand_out_only_by_a_clear_lead() {
        let sweep = sweep(false, &[(128, 8.0, 1.0), (512, 2.1, 1.1), (1769, 2.0, 4.0)]);
        assert_eq!(
            told(&sweep, &|_, _| None),
            [
                "one: fastest: can't tell between 512 MB (2.100 s) and 1769 MB (2.000 s), n = 1; cheapest: can't tell between \
                 128 MB (1.000 USD) and 512 MB (1.100 USD), n = 1; balanced: 512 MB"
            ]
        );
        let chosen = choices(&sweep, "one", &|_, _| None);
        assert_eq!(chosen, ["maybe cheapest", "maybe fastest, maybe cheapest, balanced", "maybe fastest"]);
    }

    #[test]
    fn runs_show_a_small_difference() {
        let sweep = sweep(false, &[(512, 2.1, 1.1), (1769, 2.0, 4.0)]);
        let runs =
            |point: &Point, _: &str| Some(Sample { mean: point.figures[0].speed?, stddev: 0.01, count: 10 });
        let verdict = verdict(&sweep, &runs, |runs| vec![format!("n = {runs}")]);
        assert!(
            verdict.told[0].starts_with("one: fastest: 1769 MB (2.000 s); cheapest: 512 MB"),
            "{verdict:?}"
        );
        assert_eq!(verdict.basis, ["Prices are for a run.", "n = 10"]);
    }

    #[test]
    fn of_rates_the_highest_is_the_fastest() {
        let sweep = sweep(true, &[(128, 8.0, 1.0), (512, 32.0, 1.0)]);
        assert!(told(&sweep, &|_, _| None)[0].starts_with("one: fastest: 512 MB (32.00 s)"));
    }

    #[test]
    fn a_size_whose_checks_failed_is_named_first_and_no_choice() {
        let mut sweep = sweep(false, &[(128, 0.1, 0.1), (512, 2.1, 1.1)]);
        sweep.points[0].failed_checks = vec!["1 item lost".to_owned()];
        assert_eq!(
            told(&sweep, &|_, _| None),
            [
                "unfit for use with 128 MB, whose checks failed (ERROR below)",
                "one: nothing to compare: it needs two sizes with figures"
            ]
        );
        assert_eq!(choices(&sweep, "one", &|_, _| None), ["", ""]);
    }
}
