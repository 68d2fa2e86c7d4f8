//! What figures are called there: in base units, which are part of the name.

use super::exposition::{Family, MetricType};
use crate::scenario::shared::metric::{Metric, RUN, Unit};

/// Where a figure belongs.
pub struct Named {
    /// Its family.
    pub family: Family,
    /// Which quantile it is, if it is one.
    pub quantile: Option<&'static str>,
    /// Its value in the base unit.
    pub in_base_unit: fn(f64) -> f64,
}

/// The quantiles of a summary, by the names of their figures, as the specification writes them.
const QUANTILES: [(&str, &str); 6] =
    [("min", "0.0"), ("p50", "0.5"), ("p90", "0.9"), ("p99", "0.99"), ("p99.9", "0.999"), ("max", "1.0")];

/// Where a figure belongs.
pub fn named(metric: &Metric) -> Named {
    let (unit, in_base_unit) = base(metric);
    let quantile = QUANTILES.iter().find(|(name, _)| *name == metric.name).map(|(_, quantile)| *quantile);
    let (words, help) = match metric.name {
        _ if quantile.is_some() => (
            "time".to_owned(),
            "Times that were measured one by one, of the run; 0 and 1 are the extremes.".to_owned(),
        ),
        "mean" => ("time mean".to_owned(), "Mean of the times that were measured one by one.".to_owned()),
        "values" => ("values".to_owned(), "How many times were measured one by one.".to_owned()),
        "price" => {
            ("price".to_owned(), "What costs by list prices: the label 'of' says what it is for.".to_owned())
        }
        name if metric.of == RUN => (format!("run {name}"), format!("The figure '{name}' of the whole run.")),
        name => (name.to_owned(), format!("The figure '{name}', as 'lambench compare' has it.")),
    };
    let unit_suffix = unit.map(|unit| format!("_{unit}")).unwrap_or_default();
    let family = Family {
        name: format!("lambench_{}{unit_suffix}", snake_case(&words)),
        metric_type: if quantile.is_some() { MetricType::Summary } else { MetricType::Gauge },
        unit,
        help,
    };
    Named { family, quantile, in_base_unit }
}

/// The base unit of a figure, and what makes its value one in it.
fn base(metric: &Metric) -> (Option<&'static str>, fn(f64) -> f64) {
    match metric.unit {
        Unit::Ms => (Some("seconds"), |ms| ms / 1000.0),
        Unit::Seconds => (Some("seconds"), |seconds| seconds),
        Unit::PerSecond => (Some("per_second"), |rate| rate),
        Unit::MbPerSecond => (Some("bytes_per_second"), |mb| mb * 1e6),
        Unit::Usd => (Some("usd"), |usd| usd),
        Unit::Percent => (Some("ratio"), |percent| percent / 100.0),
        // Lambda's MB have 1,048,576 bytes.
        Unit::None if metric.name == "memory used" => (Some("bytes"), |mb| mb * 1_048_576.0),
        Unit::None => (None, |number| number),
    }
}

/// `Lambda price` is `lambda_price`.
fn snake_case(words: &str) -> String {
    let lower = words.to_lowercase();
    let parts = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shared::metric::Merit;

    fn name(of: &str, name: &'static str, unit: Unit, value: f64) -> (String, Option<&'static str>, f64) {
        let Named { family, quantile, in_base_unit } =
            named(&Metric::new(of, name, unit, Merit::None, value));
        (family.name, quantile, in_base_unit(value))
    }

    #[test]
    fn figures_have_their_base_unit_in_their_name_and_their_value() {
        let of = "rust-stream";
        for (figure, expected) in [
            (name(of, "p99.9", Unit::Ms, 62.5), ("lambench_time_seconds", Some("0.999"), 0.062_5)),
            (name(of, "mean", Unit::Seconds, 2.0), ("lambench_time_mean_seconds", None, 2.0)),
            (name(of, "Lambda price", Unit::Usd, 3.0), ("lambench_lambda_price_usd", None, 3.0)),
            (
                name(of, "throughput per function", Unit::MbPerSecond, 73.0),
                ("lambench_throughput_per_function_bytes_per_second", None, 73e6),
            ),
            (name(of, "throughput", Unit::PerSecond, 5.0), ("lambench_throughput_per_second", None, 5.0)),
            (name(of, "kept up with", Unit::Percent, 99.5), ("lambench_kept_up_with_ratio", None, 0.995)),
            (name(of, "memory used", Unit::None, 11.0), ("lambench_memory_used_bytes", None, 11_534_336.0)),
            (name(of, "dead-lettered", Unit::None, 1.0), ("lambench_dead_lettered", None, 1.0)),
            (name(RUN, "failed checks", Unit::None, 1.0), ("lambench_run_failed_checks", None, 1.0)),
        ] {
            let expected = (expected.0.to_owned(), expected.1, expected.2);
            assert_eq!(figure, expected);
        }
    }
}
