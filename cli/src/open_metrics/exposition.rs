//! The text format: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::Labels;

/// What a family's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricType {
    /// A value as it was measured.
    Gauge,
    /// Words, as labels of a 1.
    Info,
    /// Quantiles.
    Summary,
}

/// Values of a kind, under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// It ends with the unit.
    pub name: String,
    /// What the values are.
    pub metric_type: MetricType,
    /// A base unit; none of what has none.
    pub unit: Option<&'static str>,
    /// A sentence.
    pub help: String,
}

/// A family's values by labels and time, so that the values of a series follow each other, the oldest first; of a time, by quantile.
type Points = BTreeMap<(Labels, Timestamp), BTreeMap<Option<&'static str>, f64>>;

/// All that is exposed, by name.
#[derive(Debug, Default)]
pub struct Exposition(BTreeMap<String, (Family, Points)>);

impl Exposition {
    /// Adds a value, unless it is no number; the first one counts.
    pub fn add(
        &mut self,
        family: Family,
        labels: Labels,
        at: Timestamp,
        quantile: Option<&'static str>,
        value: f64,
    ) {
        // The specification forbids quantiles below 0.
        if !value.is_finite() || quantile.is_some() && value < 0.0 {
            return;
        }
        let (_, points) = self.0.entry(family.name.clone()).or_insert_with(|| (family, Points::new()));
        points.entry((labels, at)).or_default().entry(quantile).or_insert(value);
    }

    /// The text, to its last line.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (family, points) in self.0.values() {
            let Family { name, metric_type, unit, help } = family;
            let (metric_type, suffix) = match metric_type {
                MetricType::Gauge => ("gauge", ""),
                MetricType::Info => ("info", "_info"),
                MetricType::Summary => ("summary", ""),
            };
            let _ = writeln!(text, "# TYPE {name} {metric_type}");
            if let Some(unit) = unit {
                let _ = writeln!(text, "# UNIT {name} {unit}");
            }
            let _ = writeln!(text, "# HELP {name} {}", escaped(help));
            for ((labels, at), values) in points {
                let at = at.as_duration().as_secs_f64();
                for (quantile, value) in values {
                    let quantile = quantile.map(|quantile| ("quantile", quantile.to_owned()));
                    let labels: Vec<String> = labels
                        .iter()
                        .chain(&quantile)
                        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                        .collect();
                    // With a point or an exponent, as the specification has it for what is no integer.
                    let _ = writeln!(text, "{name}{suffix}{{{}}} {value:?} {at:.3}", labels.join(","));
                }
            }
        }
        text + "# EOF\n"
    }
}

/// As in a label's value.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge() -> Family {
        Family {
            name: "x_usd".to_owned(),
            metric_type: MetricType::Gauge,
            unit: Some("usd"),
            help: "A price.".to_owned(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_family_has_its_metadata_and_its_points_by_time() {
        let mut exposition = Exposition::default();
        let labels = || vec![("stack", "a\\b\"c\nd".to_owned())];
        exposition.add(gauge(), labels(), at(20), None, 1e-9);
        exposition.add(gauge(), labels(), at(10), None, 2.0);
        exposition.add(gauge(), labels(), at(10), None, 3.0);
        let series = r#"x_usd{stack="a\\b\"c\nd"}"#;
        assert_eq!(
            exposition.text(),
            format!(
                "# TYPE x_usd gauge\n# UNIT x_usd usd\n# HELP x_usd A price.\n\
                 {series} 2.0 10.000\n{series} 1e-9 20.000\n# EOF\n"
            )
        );
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let mut exposition = Exposition::default();
        for value in [f64::NAN, f64::INFINITY] {
            exposition.add(gauge(), vec![], at(1), None, value);
        }
        exposition.add(gauge(), vec![], at(1), Some("0.5"), -1.0);
        assert_eq!(exposition.text(), "# EOF\n");
    }
}
