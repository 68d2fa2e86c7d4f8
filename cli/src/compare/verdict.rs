//! What the ratio of two figures says.

use std::cmp::Ordering;

use crate::scenario::shared::metric::{Merit, Metric, Unit};
use crate::scenario::shared::tables::none;
use crate::significance::{Difference, difference};

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
    let said = if is_fit { said(one, first) } else { String::new() };
    [ratio, said].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What the runs say of two figures; nothing of what is neither better nor worse, or the same.
fn said(one: &Metric, first: &Metric) -> String {
    let Some(((words, runs), of_first)) = one.merit.words().zip(one.runs).zip(first.runs) else {
        return String::new();
    };
    let order = runs.mean.total_cmp(&of_first.mean);
    if order == Ordering::Equal {
        return String::new();
    }
    match difference(&runs, &of_first) {
        Difference::TooFew => format!("can't tell, n = {}", runs.count.min(of_first.count)),
        Difference::NotShown => "no difference shown".to_owned(),
        Difference::Shown => {
            let is_better = (order == Ordering::Greater) == one.merit.is_more_better();
            words[usize::from(!is_better)].to_owned()
        }
    }
}

/// Numbers of failures are facts, and have no ratio to 0.
fn failures(value: f64, of_first: f64) -> String {
    match value.total_cmp(&of_first) {
        Ordering::Equal => "the same".to_owned(),
        Ordering::Greater => format!("{} more", Unit::None.digits(value - of_first)),
        Ordering::Less => format!("{} fewer", Unit::None.digits(of_first - value)),
    }
}
