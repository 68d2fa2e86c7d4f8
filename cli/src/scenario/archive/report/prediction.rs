//! What the planner said before the contest, beside what was measured.

use protocol::stats::real;
use results::scenario::archive::{Contest, Predicted, Success};

use super::contender;
use super::table::relative;
use crate::layout::Table;
use crate::scenario::shared::tables::{self, digits, none};

/// By more than this, a run is far from its prediction.
const FAR: f64 = 1.25;

/// A figure that was predicted and measured.
struct Figure {
    name: &'static str,
    unit: &'static str,
    predicted: f64,
    measured: Option<f64>,
}

impl Figure {
    /// Those of a contender; prices are of 1,000 runs.
    fn all(one: &Success, Predicted { seconds, lambda_usd, total_usd, .. }: Predicted) -> [Self; 3] {
        let price = |name, predicted: f64, measured: Option<f64>| Self {
            name,
            unit: "USD",
            predicted: predicted * 1e3,
            measured: measured.map(|usd| usd * 1e3),
        };
        [
            Self { name: "time", unit: "s", predicted: seconds, measured: Some(real(one.duration_ms) / 1e3) },
            price("Lambda's price", lambda_usd, Some(one.run_price_usd)),
            price("price in all", total_usd, one.total_price_usd),
        ]
    }

    fn is_far(&self) -> bool {
        let ratio = self.measured.map_or(1.0, |measured| measured / self.predicted);
        !(1.0 / FAR..=FAR).contains(&ratio)
    }

    fn row(&self, contender: &str) -> Vec<String> {
        let shown = |value| format!("{} {}", digits(value), self.unit);
        vec![
            contender.to_owned(),
            self.name.to_owned(),
            shown(self.predicted),
            self.measured.map_or_else(none, shown),
            self.measured.map_or_else(none, |measured| relative(measured, self.predicted)),
        ]
    }
}

/// Prediction and run of each ranked contender of which there is one; nothing if there is none.
pub fn render(contest: &Contest, stack: &str) -> String {
    let of = |one: &Success| Some((contender(stack, &one.arn).to_owned(), Figure::all(one, one.predicted?)));
    let all: Vec<_> = contest.success.iter().filter_map(of).collect();
    if all.is_empty() {
        return String::new();
    }
    let far = far(&all).map_or_else(String::new, |line| line + "\n");
    format!(
        "\n{}\npredicted before the contest, as lambench plan archive does; prices are of 1,000 runs\n{far}",
        table(&all)
    )
}

fn table(all: &[(String, [Figure; 3])]) -> Table {
    let header = ["contender", "figure", "predicted", "measured", "ratio"].map(ToOwned::to_owned);
    let rows = all.iter().flat_map(|(name, figures)| figures.iter().map(|figure| figure.row(name)));
    tables::table(&header, rows, &[0, 1])
}

/// Which figures are far from what was predicted, and what a prediction leaves out.
fn far(all: &[(String, [Figure; 3])]) -> Option<String> {
    let of = |(name, figures): &(String, [Figure; 3])| {
        let far: Vec<_> = figures.iter().filter(|figure| figure.is_far()).map(|figure| figure.name).collect();
        (!far.is_empty()).then(|| format!("{name} ({})", far.join(", ")))
    };
    let far: Vec<_> = all.iter().filter_map(of).collect();
    (!far.is_empty()).then(|| {
        format!(
            "more than {FAR} × away from the prediction: {}; it is of one run that has the bucket for itself, and leaves out cold starts, \
             what S3 refuses and is asked for again, and locally whatever else takes this machine's processors",
            far.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::{contest, success};

    fn predicted(name: &str, seconds: f64) -> Success {
        // It took 2 s.
        let mut one = success(name, 2_000);
        one.predicted = Some(Predicted {
            seconds,
            lambda_usd: one.run_price_usd * seconds / 2.0,
            total_usd: 5e-5,
            invocations: 1,
            s3_writes: 6,
            s3_reads: 20,
        });
        one
    }

    #[test]
    fn prediction_and_run_stand_side_by_side_where_there_is_a_prediction() {
        let mut counted = predicted("rust-stream", 1.9);
        counted.total_price_usd = Some(6e-5);
        let contest =
            contest(vec![counted, success("python-naive", 5_000), predicted("rust-copy-plan", 1.0)]);
        insta::assert_snapshot!(render(&contest, "dev"));
    }

    #[test]
    fn without_any_prediction_there_is_nothing_to_show() {
        assert_eq!(render(&contest(vec![success("python-naive", 5_000)]), "dev"), "");
    }

    #[test]
    fn a_run_within_the_factor_is_not_far_in_either_direction() {
        let said = |seconds| {
            let shown = render(&contest(vec![predicted("rust-stream", seconds)]), "dev");
            shown.contains("away from the prediction: rust-stream (time, Lambda's price); it is of one run")
        };
        let far = [1.59, 1.61, 2.0, 2.49, 2.51].map(said);
        assert_eq!(far, [true, false, false, false, true]);
    }

    /// On a page, it would stand above the pictures.
    #[test]
    fn a_difference_is_no_warning() {
        let shown = render(&contest(vec![predicted("rust-stream", 9.0)]), "dev");
        assert!(!shown.contains("warning"), "{shown}");
    }
}
