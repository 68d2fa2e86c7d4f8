//! Limits that a run meets, and how much of each it needs, as both were known before it began.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A limit of the account, of a service, or of the stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// What is limited, with its unit, such as `requests per second (API Gateway, of the account)`.
    pub what: String,
    /// How much of it the run needs, at most.
    pub needed: f64,
    /// How much is allowed.
    pub allowed: f64,
    /// Who says what is allowed.
    pub source: Source,
    /// Why it isn't the account that says so, where it was asked and gave no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

/// Who says what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// AWS, asked about this account or a resource of the stack; locally the emulator.
    Account,
    /// AWS's documentation: an account's default, or what nobody can change.
    Documented,
    /// A setting of the stack.
    Stack,
}

impl Limit {
    /// Which part of what is allowed the run needs: 1 is all of it.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.needed > 0.0 { self.needed / self.allowed } else { 0.0 }
    }

    /// Whether the run needs more than is allowed.
    #[must_use]
    pub fn is_exceeded(&self) -> bool {
        self.needed > self.allowed
    }
}

/// The limit of which a run needs the greatest share: the one that a larger run would meet first. None of no limits.
pub fn first<'a>(limits: impl IntoIterator<Item = &'a Limit>) -> Option<&'a Limit> {
    limits.into_iter().reduce(|first, other| if other.share() > first.share() { other } else { first })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(what: &str, needed: f64, allowed: f64) -> Limit {
        Limit { what: what.to_owned(), needed, allowed, source: Source::Documented, unread: None }
    }

    #[test]
    fn the_first_limit_is_not_the_smallest_but_the_one_of_which_most_is_needed() {
        let limits = [limit("a", 10.0, 100.0), limit("b", 2000.0, 10_000.0), limit("c", 1.0, 5.0)];
        assert_eq!(first(&limits).unwrap().what, "b", "of equals, the one that stands first");
        assert_eq!(first(&[]), None);
        assert!(!limit("a", 100.0, 100.0).is_exceeded() && limit("a", 100.5, 100.0).is_exceeded());
    }

    #[test]
    fn what_allows_nothing_is_met_by_whatever_needs_something() {
        let limits = [limit("a", 3.0, 1.0), limit("b", 1.0, 0.0)];
        assert_eq!(first(&limits).unwrap().what, "b");
        let unneeded = limit("c", 0.0, 0.0);
        assert!(unneeded.share().abs() < f64::EPSILON && !unneeded.is_exceeded());
    }
}
