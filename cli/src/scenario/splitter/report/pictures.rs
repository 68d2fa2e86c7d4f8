//! What fan-out brought, as pictures.

use protocol::stats::real;
use results::scenario::splitter::{SplitRun, Splitting};

use super::gantt::gantt;
use crate::html::chart::{Axis, Line, Plot, Point, Scale, Style};
use crate::html::picture::Picture;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::tables::{count, none, table};

/// The speed-up, how long items waited in the queue, and which environment did them when.
pub fn pictures(splitting: &Splitting, part: &Part) -> Vec<Picture> {
    let queueing =
        part.percentiles("From sending an item's message to its start", |name| name.ends_with(": queueing"));
    let gantts = splitting.runs.iter().filter_map(gantt);
    speed_up(splitting).into_iter().chain(queueing).chain(gantts).collect()
}

/// Against what is ideal; none if it was not measured.
fn speed_up(Splitting { task, runs }: &Splitting) -> Option<Picture> {
    let mut measured: Vec<(&SplitRun, f64)> =
        runs.iter().filter_map(|run| Some((run, run.speed_up?))).collect();
    measured.sort_by_key(|(run, _)| run.concurrency);
    let most = real(measured.last()?.0.concurrency);
    let items = real(task.items.max(1));
    let points = measured.iter().map(|(run, speed_up)| Point {
        says: format!("concurrency {}: {speed_up:.2} ×", run.concurrency),
        label: Some(format!("{speed_up:.2} ×")),
        ..Point::at(real(run.concurrency), *speed_up)
    });
    let ideal =
        [0.0, items.min(most), most].map(|concurrency| Point::at(concurrency, concurrency.min(items)));
    let line = |name: &str, style, points| Line { name: name.to_owned(), color: 0, style, points };
    let lines = vec![
        line("ideal", Style::Guide, ideal.to_vec()),
        line("measured", Style::Connected, points.collect()),
    ];
    let each: Vec<String> = measured
        .iter()
        .map(|(run, speed_up)| format!("{speed_up:.2} × at concurrency {}", run.concurrency))
        .collect();
    let says = format!(
        "How many times as fast {} done as one after the other: {}. The dashed line is ideal: as many times as items may \
         be under way at once.",
        count(task.items, "item") + if task.items == 1 { " is" } else { " are" },
        each.join(", ")
    );
    let heights = lines.iter().flat_map(|line| &line.points).map(|point| point.y);
    let plot = Plot {
        says: says.clone(),
        x: Axis::new("concurrency", Scale::linear([most])),
        y: Axis::new("speed-up, ×", Scale::linear(heights)),
        lines,
    };
    let data = measured.iter().map(|(run, speed_up)| {
        let ideal = run.concurrency.min(task.items.max(1));
        let efficiency = run.efficiency.map_or_else(none, |share| format!("{:.0} %", share * 100.0));
        vec![run.concurrency.to_string(), ideal.to_string(), format!("{speed_up:.2} ×"), efficiency]
    });
    let data = table(&["concurrency", "ideal", "speed-up", "efficiency"].map(ToOwned::to_owned), data, &[]);
    Some(Picture {
        title: "Speed-up against concurrency".to_owned(),
        says,
        drawing: Some(plot.draw()),
        legend: vec![],
        data,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use results::scenario::Detail;

    use super::*;
    use crate::result_file::read;

    #[test]
    fn each_concurrency_is_a_point_below_the_ideal_line() {
        let result = read(Path::new("tests/v1/splitter.json")).unwrap();
        let Detail::Splitter(splitting) = &result.detail else { panic!("another scenario") };
        let pictures = pictures(splitting, &Part::of(&result));
        let drawn: Vec<String> = pictures
            .iter()
            .filter_map(|picture| Some(picture.drawing.as_ref()?.clone().into_string()))
            .collect();
        assert_eq!(drawn[0].matches("class=\"mark").count(), splitting.runs.len());
        assert_eq!(drawn[0].matches("class=\"guide").count(), 1);
        assert_eq!(drawn[1].matches("class=\"course").count(), 2, "concurrency 1 has no queue");
        insta::assert_snapshot!(pictures[0].says);
    }

    #[test]
    fn items_that_take_no_time_have_no_speed_up() {
        let result = read(Path::new("tests/v1/splitter.json")).unwrap();
        let Detail::Splitter(mut splitting) = result.detail else { panic!("another scenario") };
        for run in &mut splitting.runs {
            run.speed_up = None;
        }
        assert!(speed_up(&splitting).is_none());
    }
}
