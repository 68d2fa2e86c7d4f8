//! What pictures of several scenarios have in common.

use protocol::histogram::Histogram;
use protocol::stats::real;
use results::cost::Cost;
use results::cpu::{CpuUse, FunctionCpu};
use results::file::RunResult;

use super::tables::{digits, ms, none, table};
use crate::html::chart::{Arrangement, Axis, Bars, Distribution, Part as BarPart, Row, Scale, percentiles};
use crate::html::picture::Picture;

/// Distributions that one picture can show apart.
const MOST_DISTRIBUTIONS: usize = 8;

/// What a result has besides a scenario's own part; of a memory size, what belongs to it.
pub struct Part<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// What each is called, and how it is distributed.
    pub distributions: Vec<(&'a str, &'a Histogram)>,
    /// What it costs.
    pub costs: Vec<Cost>,
}

impl<'a> Part<'a> {
    /// All of a result.
    pub fn of(result: &'a RunResult) -> Self {
        let samples = result.samples.iter();
        let distributions = samples.filter_map(|one| Some((one.name.as_str(), one.histogram.as_ref()?)));
        Self {
            stack: &result.environment.stack,
            distributions: distributions.collect(),
            costs: result.cost.clone(),
        }
    }

    /// What has a prefix, without it.
    pub fn with_prefix(&self, prefix: &str, costs: Vec<Cost>) -> Self {
        let own = self.distributions.iter();
        let own = own.filter_map(|(name, histogram)| Some((name.strip_prefix(prefix)?, *histogram)));
        Self { stack: self.stack, distributions: own.collect(), costs }
    }

    /// The picture of the distributions whose names are meant; none without any.
    pub fn percentiles(&self, title: &str, is_meant: impl Fn(&str) -> bool) -> Option<Picture> {
        let meant: Vec<Distribution> = self
            .distributions
            .iter()
            .filter(|(name, histogram)| is_meant(name) && histogram.count() > 0)
            .map(|(name, histogram)| Distribution { name, histogram })
            .collect();
        let shown = &meant[..meant.len().min(MOST_DISTRIBUTIONS)];
        if shown.is_empty() {
            return None;
        }
        let each: Vec<String> = shown.iter().map(in_words).collect();
        let says = format!(
            "Each percentile is the time that so many per cent of all did not exceed; a curve ends with the longest. {}.",
            each.join("; ")
        ) + &not_drawn(meant.len() - shown.len());
        let drawing = percentiles(says.clone(), shown).draw();
        let legend = shown.iter().enumerate().map(|(color, one)| (color, one.name.to_owned())).collect();
        Some(Picture {
            title: title.to_owned(),
            says,
            drawing: Some(drawing),
            legend,
            data: percentile_table(&meant),
        })
    }
}

fn not_drawn(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" {count} more are only in the table.") }
}

fn in_words(one: &Distribution) -> String {
    let at = |share| one.histogram.quantile_ms(share).map_or_else(none, ms);
    format!(
        "{}: half of {} took at most {} ms, 99 % at most {} ms",
        one.name,
        one.histogram.count(),
        at(0.5),
        at(0.99)
    )
}

fn percentile_table(shown: &[Distribution]) -> crate::layout::Table {
    let header = ["", "count", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms"].map(ToOwned::to_owned);
    let rows = shown.iter().map(|Distribution { name, histogram }| {
        let at = [0.5, 0.9, 0.99, 0.999, 1.0].map(|share| histogram.quantile_ms(share).map_or_else(none, ms));
        [(*name).to_owned(), histogram.count().to_string()].into_iter().chain(at).collect()
    });
    table(&header, rows, &[0])
}

/// What functions had of the processors, a bar each for the mean of a function's invocations; none if nothing was measured.
pub fn cpu(used: &CpuUse) -> Option<Picture> {
    let functions: Vec<&FunctionCpu> =
        used.functions.iter().filter(|function| function.times.invocations > 0).collect();
    if functions.is_empty() {
        return None;
    }
    let means = |function: &FunctionCpu| {
        let times = &function.times;
        [times.duration_ms, times.cpu_ms, times.throttled_ms, times.waited_ms]
            .map(|sum| sum / real(times.invocations))
    };
    let names = ["duration", "CPU time", "throttled: its share was used up", "waited for other programs"];
    let rows = functions.iter().map(|function| Row {
        name: function.function.clone(),
        parts: means(function)
            .into_iter()
            .enumerate()
            .map(|(color, value)| BarPart {
                color,
                value,
                says: format!("{}: {} ms", names[color], ms(value)),
            })
            .collect(),
    });
    let rows: Vec<Row> = rows.collect();
    let says = "Means of each function's invocations. Times throttled and waited are added up over processors, so they may \
                be longer than the duration."
        .to_owned();
    let scale = Scale::linear(rows.iter().flat_map(|row| &row.parts).map(|part| part.value));
    let bars = Bars {
        says: says.clone(),
        x: Axis::new("ms per invocation", scale),
        arrangement: Arrangement::Grouped,
        rows,
    };
    let header =
        ["function", "processors", "invocations", "duration ms", "CPU ms", "throttled ms", "waited ms"];
    let data = functions.iter().map(|function| {
        let counted =
            [function.function.clone(), digits(function.share), function.times.invocations.to_string()];
        counted.into_iter().chain(means(function).map(ms)).collect()
    });
    Some(Picture {
        title: "What functions had of this machine's processors".to_owned(),
        says,
        drawing: Some(bars.draw()),
        legend: names.map(ToOwned::to_owned).into_iter().enumerate().collect(),
        data: table(&header.map(ToOwned::to_owned), data, &[0]),
    })
}

#[cfg(test)]
mod tests {
    use results::cpu::CpuTimes;

    use super::*;

    #[test]
    fn more_distributions_than_can_be_told_apart_are_only_in_the_table() {
        let mut histogram = Histogram::default();
        histogram.record(std::time::Duration::from_millis(5));
        let names: Vec<String> = (1..=10).map(|number| format!("concurrency {number}")).collect();
        let distributions = names.iter().map(|name| (name.as_str(), &histogram)).collect();
        let part = Part { stack: "dev", distributions, costs: vec![] };
        let picture = part.percentiles("Queueing", |_| true).unwrap();
        assert_eq!((picture.legend.len(), picture.data.cells().1.len()), (8, 10));
        assert!(picture.says.ends_with(" 2 more are only in the table."), "{}", picture.says);
        assert!(part.percentiles("Queueing", |name| name == "another").is_none());
    }

    #[test]
    fn the_processors_picture_has_the_means_of_all_functions_that_were_measured() {
        let function = |name: &str, invocations| FunctionCpu {
            function: name.to_owned(),
            share: 0.29,
            times: CpuTimes { invocations, duration_ms: 400.0, cpu_ms: 100.0, ..CpuTimes::default() },
        };
        let used = CpuUse { functions: vec![function("a", 4), function("b", 0)], ..CpuUse::default() };
        let picture = cpu(&used).unwrap();
        assert_eq!(picture.data.cells().1, [["a", "0.2900", "4", "100", "25.0", "0.00", "0.00"]]);
        assert_eq!(picture.drawing.unwrap().into_string().matches("<rect").count(), 4);
        assert!(cpu(&CpuUse::default()).is_none());
    }
}
