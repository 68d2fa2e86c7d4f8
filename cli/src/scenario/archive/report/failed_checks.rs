//! What makes the figures unfit for use.

use results::scenario::archive::Contest;

/// A contest in which nobody passes has measured nothing.
pub fn failed_checks(contest: &Contest) -> Vec<String> {
    if contest.success.is_empty() { vec!["no contender passed".to_owned()] } else { Vec::new() }
}
