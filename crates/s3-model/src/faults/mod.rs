//! Faults on request: rules decide, request by request, what goes wrong.

mod operations;
mod rule;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Serialize;
use wildmatch::WildMatch;

pub use rule::{Invalid, Kind, Rule};

use crate::random;

/// The rules in force. A rule decides by the seed and its place in the list: the n-th request that it matches is treated
/// alike in each run.
pub struct Faults {
    seed: u64,
    rules: RwLock<Arc<[Active]>>,
}

struct Active {
    rule: Rule,
    key: Option<WildMatch>,
    matched: AtomicU64,
    injected: AtomicU64,
}

/// A fault that a request has drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// How long, if it is a stall.
    pub pause: Duration,
    /// Decides which byte.
    pub draw: u64,
}

/// A rule and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Injected {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// Faults so far.
    pub injected: u64,
}

impl Faults {
    /// No rules.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, rules: RwLock::new(Arc::new([])) }
    }

    /// These rules from now on, and no others.
    ///
    /// # Errors
    /// When one could never do what it says; the rules stay as they were.
    pub fn set(&self, rules: Vec<Rule>) -> Result<(), Invalid> {
        rules.iter().try_for_each(Rule::check)?;
        let active = |rule: Rule| Active {
            key: rule.key.as_deref().map(WildMatch::new),
            rule,
            matched: AtomicU64::new(0),
            injected: AtomicU64::new(0),
        };
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules.into_iter().map(active).collect();
        Ok(())
    }

    /// No rules from now on.
    pub fn clear(&self) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new([]);
    }

    /// The rules in force, and how often each has struck.
    #[must_use]
    pub fn list(&self) -> Vec<Injected> {
        let injected = |active: &Active| Injected {
            rule: active.rule.clone(),
            injected: active.injected.load(Ordering::Relaxed),
        };
        self.rules().iter().map(injected).collect()
    }

    /// Whether a request is refused, before its operation is done.
    pub fn refuse(&self, operation: &str, key: Option<&str>) -> Option<Fault> {
        self.draw(operation, key, Kind::refuses)
    }

    /// Whether a response goes wrong, when its operation is done.
    pub fn spoil(&self, operation: &str, key: Option<&str>, has_body: bool) -> Option<Fault> {
        self.draw(operation, key, |kind| !kind.refuses() && (has_body || !kind.needs_body()))
    }

    /// The first rule that strikes.
    fn draw(&self, operation: &str, key: Option<&str>, eligible: impl Fn(Kind) -> bool) -> Option<Fault> {
        let rules = self.rules();
        let mut places = (0_u64..).zip(rules.iter());
        places.find_map(|(place, active)| {
            (eligible(active.rule.kind) && active.matches(operation, key))
                .then(|| active.draw(self.seed, place))
                .flatten()
        })
    }

    fn rules(&self) -> Arc<[Active]> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Active {
    fn matches(&self, operation: &str, key: Option<&str>) -> bool {
        let named =
            self.rule.operations.is_empty() || self.rule.operations.iter().any(|name| name == operation);
        named && self.key.as_ref().is_none_or(|pattern| key.is_some_and(|key| pattern.matches(key)))
    }

    fn draw(&self, seed: u64, place: u64) -> Option<Fault> {
        let n = self.matched.fetch_add(1, Ordering::Relaxed);
        if random::uniform(seed, place, n) >= self.rule.rate {
            return None;
        }
        let most = self.rule.count.unwrap_or(u64::MAX);
        let one_more = |injected| (injected < most).then_some(injected + 1);
        self.injected.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Fault {
            kind: self.rule.kind,
            pause: Duration::from_secs_f64(self.rule.seconds.unwrap_or_default()),
            draw: random::draw(seed, !place, n),
        })
    }
}

#[cfg(test)]
mod tests;
