//! Figures that nobody knows beforehand.

use serde::Serialize;

/// A figure as it is expected, and between which values it may turn out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Range {
    /// The least that is thought possible.
    pub low: f64,
    /// What is expected.
    pub expected: f64,
    /// The most that is thought possible.
    pub high: f64,
}

/// One of a range's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// [`Range::low`].
    Low,
    /// [`Range::expected`].
    Expected,
    /// [`Range::high`].
    High,
}

impl Range {
    /// A figure that is known.
    pub const fn exact(value: f64) -> Self {
        Self::new(value, value, value)
    }

    /// A figure that is thought to be between two others.
    pub const fn new(low: f64, expected: f64, high: f64) -> Self {
        Self { low, expected, high }
    }

    /// One of its values.
    pub const fn at(self, bound: Bound) -> f64 {
        match bound {
            Bound::Low => self.low,
            Bound::Expected => self.expected,
            Bound::High => self.high,
        }
    }

    /// Another figure, made of each of its values.
    pub fn map(self, figure: impl Fn(f64) -> f64) -> Self {
        Self::new(figure(self.low), figure(self.expected), figure(self.high))
    }

    /// The product of both: all low, as expected, or all high.
    pub fn times(self, other: Self) -> Self {
        Self::new(self.low * other.low, self.expected * other.expected, self.high * other.high)
    }

    /// The sum of both.
    pub fn plus(self, other: Self) -> Self {
        Self::new(self.low + other.low, self.expected + other.expected, self.high + other.high)
    }

    /// The same within two values.
    pub fn clamp(self, least: f64, most: f64) -> Self {
        self.map(|value| value.max(least).min(most))
    }
}
