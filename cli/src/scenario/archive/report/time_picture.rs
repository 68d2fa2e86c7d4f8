//! Where the time of contenders' runs went, as bars.

use std::fmt::Write as _;

use results::scenario::archive::{RunCpu, RunTime, Success};

use super::contender;
use crate::html::chart::{Arrangement, Axis, Bars, Part, Row, Scale};
use crate::html::picture::Picture;
use crate::scenario::shared::tables::{ms, none, table};

/// The parts of a run: what they are called in a sentence, and in the legend. Without the third to fifth, the last one stands for them.
const PARTS: [(&str, &str); 6] = [
    ("initialization", "initialization"),
    ("computing", "computing: CPU time"),
    ("throttled", "throttled: its share of a processor was used up"),
    ("waiting for a processor", "waiting for a processor of this machine"),
    ("the rest", "the rest: waiting, for S3 above all"),
    ("work", "work: computing and waiting together"),
];

/// A bar for each contender whose runs' REPORT lines are there; none without any.
pub fn time_picture(title: &str, all: &[&Success], stack: &str) -> Option<Picture> {
    let known: Vec<(&str, RunTime)> =
        all.iter().filter_map(|one| Some((contender(stack, &one.arn), one.time?))).collect();
    if known.is_empty() {
        return None;
    }
    let rows: Vec<Row> = known.iter().map(|(name, time)| row(name, time)).collect();
    let is_drawn = |color: &usize| rows.iter().flat_map(|row| &row.parts).any(|part| part.color == *color);
    let legend = (0..PARTS.len()).filter(is_drawn).map(|color| (color, PARTS[color].1.to_owned())).collect();
    let says = in_words(all, &known, stack);
    let bars = Bars {
        says: says.clone(),
        x: Axis::new(
            "mean time of a run, s",
            Scale::linear(known.iter().map(|(_, time)| all_ms(time) / 1000.0)),
        ),
        arrangement: Arrangement::Stacked,
        rows,
    };
    let header = [
        "contender",
        "billed ms",
        "initialization ms",
        "computing ms",
        "throttled ms",
        "waited ms",
        "rest ms",
    ];
    let data = known.iter().map(|(name, time)| {
        let of_cpu = |of: fn(RunCpu) -> f64| time.cpu.map_or_else(none, |cpu| ms(of(cpu)));
        vec![
            (*name).to_owned(),
            ms(all_ms(time)),
            ms(time.init_ms),
            of_cpu(|cpu| cpu.computing_ms),
            of_cpu(|cpu| cpu.throttled_ms),
            of_cpu(|cpu| cpu.waited_ms),
            ms(time.rest_ms),
        ]
    });
    let data = table(&header.map(ToOwned::to_owned), data, &[0]);
    Some(Picture { title: title.to_owned(), says, drawing: Some(bars.draw()), legend, data })
}

/// The parts of a run that took any time, ms, each with its place among [`PARTS`].
fn parts(time: &RunTime) -> Vec<(usize, f64)> {
    let all = match time.cpu {
        Some(RunCpu { computing_ms, throttled_ms, waited_ms }) => {
            vec![(0, time.init_ms), (1, computing_ms), (2, throttled_ms), (3, waited_ms), (4, time.rest_ms)]
        }
        None => vec![(0, time.init_ms), (5, time.rest_ms)],
    };
    all.into_iter().filter(|(_, ms)| *ms > 0.0).collect()
}

/// The mean billed duration.
fn all_ms(time: &RunTime) -> f64 {
    parts(time).into_iter().map(|(_, ms)| ms).sum()
}

fn row(name: &str, time: &RunTime) -> Row {
    let part = |(color, part_ms): (usize, f64)| Part {
        color,
        value: part_ms / 1000.0,
        says: format!("{}: {} ms, {}", PARTS[color].1, ms(part_ms), share(part_ms, time)),
    };
    Row {
        name: format!("{name}: {:.3} s", all_ms(time) / 1000.0),
        parts: parts(time).into_iter().map(part).collect(),
    }
}

fn share(part_ms: f64, time: &RunTime) -> String {
    format!("{:.0} %", part_ms / all_ms(time) * 100.0)
}

fn in_words(all: &[&Success], known: &[(&str, RunTime)], stack: &str) -> String {
    let longest = known.iter().filter_map(|(name, time)| {
        let (part, part_ms) = parts(time).into_iter().max_by(|one, other| one.1.total_cmp(&other.1))?;
        Some(format!("{name} {} ({})", PARTS[part].0, share(part_ms, time)))
    });
    let mut says = format!(
        "Means of each contender's runs; a bar is as long as the mean billed duration. What took longest: {}.",
        longest.collect::<Vec<_>>().join(", ")
    );
    if known.iter().any(|(_, time)| time.cpu.is_some()) {
        says += " CPU time is added up over threads, and throttled time over processors; waiting for a processor is an estimate. \
                 What exceeds a run's time is cut, the last parts first, so the rest is at least so long.";
    }
    let name = |one: &&Success| contender(stack, &one.arn).to_owned();
    let without_cpu: Vec<_> =
        known.iter().filter(|(_, time)| time.cpu.is_none()).map(|(name, _)| *name).collect();
    if !without_cpu.is_empty() {
        let _ = write!(
            says,
            " What the work consisted of is not known of {}: AWS does not tell, and a local environment does of its last 2,000 \
             invocations.",
            without_cpu.join(", ")
        );
    }
    if all.iter().any(|one| one.invocations.iter().any(|invocations| *invocations > 1)) {
        says += " Of a run that caused further invocations, it is the time of the first one, which waits for them.";
    }
    let unknown: Vec<String> = all.iter().filter(|one| one.time.is_none()).map(name).collect();
    if !unknown.is_empty() {
        let _ = write!(says, " Left out, as REPORT lines are missing: {}.", unknown.join(", "));
    }
    says
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::success;

    fn spent(name: &str, time: Option<RunTime>) -> Success {
        Success { time, ..success(name, 2000) }
    }

    fn local() -> RunTime {
        let cpu = RunCpu { computing_ms: 300.0, throttled_ms: 500.0, waited_ms: 0.0 };
        RunTime { init_ms: 20.0, cpu: Some(cpu), rest_ms: 1180.0 }
    }

    fn on_aws() -> RunTime {
        RunTime { init_ms: 50.0, cpu: None, rest_ms: 1950.0 }
    }

    fn picture(all: &[Success]) -> Option<Picture> {
        time_picture("Where the time goes", &all.iter().collect::<Vec<_>>(), "dev")
    }

    #[test]
    fn a_bar_has_each_part_that_took_time() {
        let picture = picture(&[spent("rust-stream", Some(local()))]).unwrap();
        let drawn = picture.drawing.unwrap().into_string();
        assert_eq!(drawn.matches("class=\"bar").count(), 4, "nothing waited: {drawn}");
        assert!(drawn.contains("<title>computing: CPU time: 300 ms, 15 %</title>"), "{drawn}");
        let row = ["rust-stream", "2000", "20.0", "300", "500", "0.00", "1180"];
        assert_eq!(picture.data.cells().1, [row]);
        let colors: Vec<_> = picture.legend.iter().map(|(color, _)| *color).collect();
        assert_eq!(colors, [0, 1, 2, 4]);
        insta::assert_snapshot!(picture.says);
    }

    #[test]
    fn on_aws_only_the_initialization_is_told_from_the_work() {
        let picture = picture(&[spent("rust-stream", Some(on_aws()))]).unwrap();
        let row = ["rust-stream", "2000", "50.0", "–", "–", "–", "1950"];
        assert_eq!(picture.data.cells().1, [row]);
        let legend: Vec<_> = picture.legend.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(legend, ["initialization", "work: computing and waiting together"]);
        assert!(picture.says.contains(" is not known of rust-stream: AWS does not tell"), "{}", picture.says);
        assert!(!picture.says.contains("CPU time"), "{}", picture.says);
    }

    #[test]
    fn a_contender_without_its_report_lines_is_left_out_by_its_name() {
        let picture = picture(&[spent("rust-stream", Some(local())), spent("python", None)]).unwrap();
        assert_eq!(picture.data.cells().1.len(), 1);
        assert!(
            picture.says.ends_with(" Left out, as REPORT lines are missing: python."),
            "{}",
            picture.says
        );
        assert!(self::picture(&[spent("python", None)]).is_none());
    }

    #[test]
    fn of_a_run_that_fans_out_it_is_the_first_invocation() {
        let fan_out = Success { invocations: vec![150, 150], ..spent("rust-fan-out", Some(on_aws())) };
        assert!(
            picture(&[fan_out]).unwrap().says.contains(" the time of the first one, which waits for them.")
        );
    }
}
