//! Whether two means differ by more than chance: Welch's t-test, two-sided, at 95 %.
//!
//! The test asks for values that are independent of each other. Runs are: each begins afresh. Requests of one run are not:
//! they queue behind each other and share caches, connections and whatever else happens on the machine at that minute, so
//! thousands of them say little about the next run. Taken as so many values, they would show a difference between almost any
//! two runs of the same design. So a run counts as one value, however many requests it has made: see [`Sample::of_runs`].

use protocol::stats::{Spread, real};
use protocol::summary::Summary;
use results::file::RunResult;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// How likely means that don't differ are said to: once in twenty.
const SIGNIFICANCE: f64 = 0.05;
/// The fewest values that say how far others may lie.
pub const FEWEST: u64 = 3;

/// What is known of some independent values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Their arithmetic mean.
    pub mean: f64,
    /// Their sample standard deviation (n − 1 in the denominator); 0 for a single value.
    pub stddev: f64,
    /// How many there are.
    pub count: u64,
}

/// What two samples say about the difference of their means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// It is larger than chance explains.
    Shown,
    /// It may be chance.
    NotShown,
    /// One of them has fewer than [`FEWEST`] values: nobody can tell.
    TooFew,
}

impl Sample {
    /// Some independent values; none without any.
    pub fn of(values: &[f64]) -> Option<Self> {
        let Spread { mean, stddev, .. } = Spread::of(values)?;
        Some(Self { mean, stddev, count: values.len() as u64 })
    }

    /// Independent values behind one of a result's statistics: its runs. Where every value is kept, each is that of a run, as
    /// in the archive contest; a histogram has the requests of a single run.
    pub fn of_runs(result: &RunResult, summary: &Summary) -> Self {
        let samples = result.samples.iter().find(|samples| samples.name == summary.name);
        if samples.is_some_and(|samples| samples.values.len() as u64 == summary.count) {
            Self { mean: summary.mean, stddev: summary.stddev, count: summary.count }
        } else {
            Self::of_one(summary.mean)
        }
    }

    /// A figure of a single run.
    pub fn of_one(value: f64) -> Self {
        Self { mean: value, stddev: 0.0, count: 1 }
    }

    /// The same in another unit, such as the price of a time.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self { mean: self.mean * factor, stddev: self.stddev * factor.abs(), ..self }
    }

    /// The squared standard error of the mean.
    fn squared_error(&self) -> f64 {
        self.stddev.powi(2) / real(self.count)
    }
}

/// Whether the means of two samples differ by more than chance explains.
pub fn difference(a: &Sample, b: &Sample) -> Difference {
    match margin(a, b) {
        None => Difference::TooFew,
        Some(margin) if (a.mean - b.mean).abs() > margin => Difference::Shown,
        Some(_) => Difference::NotShown,
    }
}

/// How far the difference of two means may be off, either way: the half width of its confidence interval at 95 %. The interval
/// has 0 in it exactly where no difference is shown. None where one of the samples has fewer than [`FEWEST`] values.
pub fn margin(a: &Sample, b: &Sample) -> Option<f64> {
    if a.count.min(b.count) < FEWEST {
        return None;
    }
    let squared_errors = [a, b].map(Sample::squared_error);
    let squared_error: f64 = squared_errors.iter().sum();
    // Values without any spread leave nothing to chance.
    if squared_error <= 0.0 {
        return Some(0.0);
    }
    let freedom = squared_error.powi(2)
        / (squared_errors[0].powi(2) / real(a.count - 1) + squared_errors[1].powi(2) / real(b.count - 1));
    Some(critical(freedom) * squared_error.sqrt())
}

/// How many standard errors apart means are once in twenty although nothing differs; more than any distance if that cannot be
/// calculated.
fn critical(degrees_of_freedom: f64) -> f64 {
    let student = StudentsT::new(0.0, 1.0, degrees_of_freedom);
    student.map_or(f64::INFINITY, |student| student.inverse_cdf(1.0 - SIGNIFICANCE / 2.0))
}

#[cfg(test)]
mod tests {
    use results::file::Samples;

    use super::*;
    use crate::result_file::read;

    fn sample(values: &[f64]) -> Sample {
        Sample::of(values).unwrap()
    }

    #[test]
    fn the_critical_values_are_those_of_the_tables() {
        for (freedom, expected) in [(2.0, 4.303), (4.0, 2.776), (10.0, 2.228), (30.0, 2.042), (1e6, 1.960)] {
            assert!((critical(freedom) - expected).abs() < 1e-3, "{freedom}: {}", critical(freedom));
        }
    }

    #[test]
    fn a_published_example_is_decided_as_published() {
        // NIST/SEMATECH e-Handbook, 1.3.5.3, by its summary: miles per gallon of American and of Japanese cars.
        let american = Sample { mean: 20.144_58, stddev: 6.414_70, count: 249 };
        let japanese = Sample { mean: 30.481_01, stddev: 6.107_71, count: 79 };
        assert_eq!(difference(&american, &japanese), Difference::Shown);
    }

    #[test]
    fn the_limit_lies_where_students_t_has_it() {
        // Equal spreads of three values each: four degrees of freedom, and 2.776 standard errors of sqrt(2/3).
        let limit = 2.776_445 * (2.0_f64 / 3.0).sqrt();
        let first = sample(&[9.0, 10.0, 11.0]);
        let other = |by: f64| sample(&[9.0 + by, 10.0 + by, 11.0 + by]);
        assert_eq!(difference(&first, &other(limit - 0.001)), Difference::NotShown);
        assert_eq!(difference(&first, &other(limit + 0.001)), Difference::Shown);
        assert_eq!(difference(&other(limit + 0.001), &first), Difference::Shown);
    }

    #[test]
    fn spreads_that_differ_leave_fewer_degrees_of_freedom() {
        // Almost all of the error is the second one's: two degrees of freedom, and 4.303 standard errors of 1.
        let steady = Sample { mean: 0.0, stddev: 1e-6, count: 100 };
        let noisy = |mean| Sample { mean, stddev: 3.0_f64.sqrt(), count: 3 };
        assert_eq!(difference(&steady, &noisy(4.2)), Difference::NotShown);
        assert_eq!(difference(&steady, &noisy(4.4)), Difference::Shown);
    }

    #[test]
    fn the_interval_of_a_difference_is_as_wide_as_students_t_makes_it() {
        // The same cars: a standard error of 0.7984, and 1.977 of them at 136.9 degrees of freedom.
        let american = Sample { mean: 20.144_58, stddev: 6.414_70, count: 249 };
        let japanese = Sample { mean: 30.481_01, stddev: 6.107_71, count: 79 };
        let margin = margin(&american, &japanese).unwrap();
        assert!((margin - 1.58).abs() < 0.01, "{margin}");
    }

    #[test]
    fn the_interval_has_0_in_it_exactly_where_no_difference_is_shown() {
        for (a, b) in [
            ([10.0, 11.0, 12.0], [10.5, 11.5, 12.5]),
            ([10.0, 11.0, 12.0], [14.0, 15.0, 16.0]),
            ([10.0, 11.0, 12.0], [12.0, 13.3, 14.6]),
            ([2.0, 2.0, 2.0], [2.0, 2.0, 2.0]),
        ] {
            let (a, b) = (sample(&a), sample(&b));
            let (distance, margin) = (b.mean - a.mean, margin(&a, &b).unwrap());
            let has_0 = distance - margin <= 0.0 && distance + margin >= 0.0;
            assert_eq!(has_0, difference(&a, &b) == Difference::NotShown, "{a:?} {b:?}");
        }
        assert_eq!(margin(&sample(&[1.0, 1.1]), &sample(&[9.0, 9.1, 9.2])), None);
    }

    #[test]
    fn with_two_values_nobody_can_tell() {
        assert_eq!(difference(&sample(&[1.0, 1.1]), &sample(&[9.0, 9.1, 9.2])), Difference::TooFew);
        assert_eq!(difference(&Sample::of_one(1.0), &Sample::of_one(9.0)), Difference::TooFew);
    }

    #[test]
    fn without_any_spread_only_equal_means_are_alike() {
        let steady = |value| sample(&[value; 3]);
        assert_eq!(difference(&steady(2.0), &steady(2.0)), Difference::NotShown);
        assert_eq!(difference(&steady(2.0), &steady(3.0)), Difference::Shown);
    }

    #[test]
    fn another_unit_changes_nothing_about_the_difference() {
        let (a, b) = (sample(&[10.0, 11.0, 12.0]), sample(&[14.0, 15.0, 16.0]));
        assert_eq!(difference(&a, &b), Difference::Shown);
        assert_eq!(difference(&a.scaled(1e-9), &b.scaled(1e-9)), Difference::Shown);
    }

    #[test]
    fn a_run_counts_once_however_many_requests_it_made() {
        let mut result = read(std::path::Path::new("tests/aurora-result.json")).unwrap();
        let requests = Summary { count: 5000, ..result.summary[0].clone() };
        assert_eq!(Sample::of_runs(&result, &requests), Sample::of_one(requests.mean));
        let runs = Summary::of("contender", "ms", &[1.0, 2.0, 3.0, 4.0], 0).unwrap();
        let values = vec![1.0, 2.0, 3.0, 4.0];
        result.samples.push(Samples {
            name: "contender".to_owned(),
            unit: "ms".to_owned(),
            values,
            histogram: None,
        });
        assert_eq!(Sample::of_runs(&result, &runs).count, 4);
    }
}
