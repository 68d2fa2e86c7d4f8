//! What makes the figures unfit for use.

use results::scenario::archive::Contest;

/// A contest in which nobody passes has measured nothing; one that lacks runs may only have been too short for that.
pub fn failed_checks(contest: &Contest, missing: &[String]) -> Vec<String> {
    if contest.success.is_empty() && missing.is_empty() {
        vec!["no contender passed".to_owned()]
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contest_that_was_stopped_may_have_no_winner_yet() {
        let nobody = Contest::default();
        assert_eq!(failed_checks(&nobody, &[]), ["no contender passed"]);
        assert_eq!(failed_checks(&nobody, &["rust-stream: 1 of 2 runs".to_owned()]), [""; 0]);
    }
}
