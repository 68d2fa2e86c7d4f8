//! What the ratio of two figures says.

use std::cmp::Ordering;

use crate::scenario::shared::metric::{Merit, Metric, Unit};
use crate::scenario::shared::tables::none;
use crate::significance::{Difference, difference};

/// What the runs say of a figure beside the first side's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There are too few runs, this many on the side with fewer.
    TooFew(u64),
    /// It may be chance.
    NotShown,
    /// It is larger than chance explains.
    Shown(&'static str),
}

impl Verdict {
    /// In words.
    pub fn says(self) -> String {
        match self {
            Self::TooFew(count) => format!("can't tell, n = {count}"),
            Self::NotShown => "no difference shown".to_owned(),
            Self::Shown(word) => word.to_owned(),
        }
    }
}

/// A figure beside the first side's, such as `1.91 × slower` or `1.09 × no difference shown`.
pub fn beside(one: &Metric, first: &Metric, is_fit: bool) -> String {
    let Some((value, of_first)) = one.value.zip(first.value) else { return none() };
    // Sums of different parts, such as with S3's requests and without.
    if one.parts != first.parts {
        return "not comparable".to_owned();
    }
    let ratio = match one.merit {
        // Such as how many values there are: neither better nor worse.
        Merit::None if one.unit == Unit::None => return String::new(),
        Merit::Failures => return failures(value, of_first),
        _ if of_first > 0.0 => format!("{:.2} ×", value / of_first),
        _ => return none(),
    };
    let said = verdict(one, first, is_fit).map(Verdict::says);
    [Some(ratio), said].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What the runs say of two figures; none of what is unfit for use, neither better nor worse, not comparable, or the same.
pub fn verdict(one: &Metric, first: &Metric, is_fit: bool) -> Option<Verdict> {
    let ((words, runs), of_first) = one.merit.words().zip(one.runs).zip(first.runs)?;
    // What failed has failed: numbers of failures are facts.
    if !is_fit || one.parts != first.parts || one.merit == Merit::Failures {
        return None;
    }
    let order = runs.mean.total_cmp(&of_first.mean);
    if order == Ordering::Equal {
        return None;
    }
    Some(match difference(&runs, &of_first) {
        Difference::TooFew => Verdict::TooFew(runs.count.min(of_first.count)),
        Difference::NotShown => Verdict::NotShown,
        Difference::Shown => {
            let is_better = (order == Ordering::Greater) == one.merit.is_more_better();
            Verdict::Shown(words[usize::from(!is_better)])
        }
    })
}

/// Numbers of failures are facts, and have no ratio to 0.
fn failures(value: f64, of_first: f64) -> String {
    match value.total_cmp(&of_first) {
        Ordering::Equal => "the same".to_owned(),
        Ordering::Greater => format!("{} more", Unit::None.digits(value - of_first)),
        Ordering::Less => format!("{} fewer", Unit::None.digits(of_first - value)),
    }
}
