//! Whether a quantity has changed, or may only seem to.

use serde::Serialize;

use crate::significance::{Difference, FEWEST, Sample, difference};

/// From the first run to the latest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change {
    /// There is one, in per cent of the first mean.
    Shown {
        /// More than 0 if the latest is larger.
        percent: f64,
        /// How many of the first and of the latest results were compared: one each if that is enough.
        results: usize,
    },
    /// It may be chance.
    NotShown,
    /// Nobody can tell: there are too few runs.
    TooFew,
}

/// The change of a quantity, of which each result has a sample, the oldest first. Where each result is of a single run, several of
/// them are compared.
pub fn change(found: &[Sample]) -> Change {
    let [first, .., latest] = found else { return Change::TooFew };
    let compared = compare(*first, *latest, 1);
    let few = usize::try_from(FEWEST).unwrap_or(usize::MAX);
    if compared != Change::TooFew || found.len() < 2 * few {
        return compared;
    }
    let (first, latest) = (of_several(&found[..few]), of_several(&found[found.len() - few..]));
    first.zip(latest).map_or(Change::TooFew, |(first, latest)| compare(first, latest, few))
}

fn compare(first: Sample, latest: Sample, results: usize) -> Change {
    match difference(&first, &latest) {
        Difference::Shown if first.mean > 0.0 => {
            Change::Shown { percent: (latest.mean / first.mean - 1.0) * 100.0, results }
        }
        Difference::Shown | Difference::NotShown => Change::NotShown,
        Difference::TooFew => Change::TooFew,
    }
}

/// The means of several results as a sample.
fn of_several(found: &[Sample]) -> Option<Sample> {
    let means: Vec<f64> = found.iter().map(|one| one.mean).collect();
    Sample::of(&means)
}
