//! A load as pictures: what more clients bring, and what went wrong.

use protocol::aurora::Endpoint;
use protocol::stats::real;
use results::scenario::aurora::{Aggregate, Load, QueueRun, RampRun, Runs, Stage};

use super::table::{heading, knee};
use crate::html::chart::{Arrangement, Axis, Bars, Line, Part as BarPart, Plot, Point, Row, Scale, Style};
use crate::html::picture::Picture;
use crate::layout::Table;
use crate::scenario::aurora::clients;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::tables::{digits, distinct, ms, none, per_second, table};

/// A figure of a stage.
struct Figure {
    /// What it is, with its unit.
    name: &'static str,
    value: fn(&Stage) -> Option<f64>,
    show: fn(f64) -> String,
    /// A rate is seen from 0 on: whether it grows with the clients is what the picture is about.
    scale: fn(Vec<f64>) -> Scale,
}

const FIGURES: [Figure; 3] = [
    Figure { name: "TPS", value: |stage| Some(stage.aggregate.tps), show: per_second, scale: Scale::linear },
    Figure {
        name: "p99 latency, ms",
        value: |stage| stage.aggregate.latency_ms.map(|latency| latency.p99),
        show: ms,
        scale: Scale::fitting,
    },
    Figure {
        name: "highest ACUs",
        value: |stage| stage.acus.map(|range| range.max),
        show: digits,
        scale: Scale::linear,
    },
];

/// The figures against the clients, or of each action's messages; and the errors.
pub fn pictures(load: &Load, part: &Part) -> Vec<Picture> {
    let (mut pictures, errors) = match &load.runs {
        Runs::Ramp(runs) => (ramps(runs), errors_of_ramps(runs)),
        Runs::Queue(runs) => {
            let pictures =
                throughput(runs).into_iter().chain(part.percentiles("Latency of a unit", |_| true));
            (pictures.collect(), errors_of_queues(runs))
        }
    };
    pictures.extend(errors_by_kind(errors));
    pictures
}

fn ramps(runs: &[RampRun]) -> Vec<Picture> {
    let actions = distinct(runs.iter().map(|run| &run.action));
    let of_action = actions.into_iter().flat_map(|action| {
        let runs: Vec<&RampRun> = runs.iter().filter(|run| run.action == *action).collect();
        let drawn = FIGURES.map(|figure| against_clients(&runs, &figure));
        drawn.into_iter().flatten().collect::<Vec<_>>()
    });
    of_action.collect()
}

/// A line for each driver; none if nothing was measured.
fn against_clients(runs: &[&RampRun], figure: &Figure) -> Option<Picture> {
    let lines: Vec<Line> = runs
        .iter()
        .enumerate()
        .map(|(color, run)| Line {
            name: run.driver.to_string(),
            color,
            style: Style::Connected,
            points: run
                .stages
                .iter()
                .filter_map(|stage| Some(point(run, stage, figure, (figure.value)(stage)?)))
                .collect(),
        })
        .filter(|line| !line.points.is_empty())
        .collect();
    if lines.is_empty() {
        return None;
    }
    let knees: Vec<String> = runs.iter().map(|run| format!("{}: {}", run.driver, knee(run))).collect();
    let says = format!("{}. {}.", heading(runs), knees.join(". "));
    let values =
        |of: fn(&Point) -> f64| lines.iter().flat_map(|line| &line.points).map(of).collect::<Vec<_>>();
    let plot = Plot {
        says: says.clone(),
        x: Axis::new("clients", Scale::linear(values(|point| point.x))),
        y: Axis::new(figure.name, (figure.scale)(values(|point| point.y))),
        lines,
    };
    let host = if runs.iter().any(|run| run.host == Endpoint::Reader) { " on the reader" } else { "" };
    let action = runs.first().map_or_else(String::new, |run| run.action.to_string());
    Some(Picture {
        title: format!("{action}{host}: {} against clients", figure.name),
        says,
        drawing: Some(plot.draw()),
        legend: plot.lines.iter().map(|line| (line.color, line.name.clone())).collect(),
        data: by_clients(runs, figure),
    })
}

/// A row for each number of clients.
fn by_clients(runs: &[&RampRun], figure: &Figure) -> Table {
    let stages = distinct(runs.iter().flat_map(|run| &run.stages).map(|stage| &stage.clients));
    let header: Vec<String> = std::iter::once("clients".to_owned())
        .chain(runs.iter().map(|run| format!("{} {}", run.driver, figure.name)))
        .collect();
    let of = |run: &RampRun, clients: u64| {
        let stage = run.stages.iter().find(|stage| stage.clients == clients)?;
        Some((figure.show)((figure.value)(stage)?))
    };
    let rows = stages.into_iter().map(|clients| {
        let cells = runs.iter().map(|run| of(run, *clients).unwrap_or_else(none));
        std::iter::once(clients.to_string()).chain(cells).collect()
    });
    table(&header, rows, &[])
}

fn point(run: &RampRun, stage: &Stage, figure: &Figure, y: f64) -> Point {
    let is_knee = run.knee.is_some_and(|knee| knee.clients == stage.clients);
    Point {
        says: format!("{}, {}: {} ({})", run.driver, clients(stage.clients), (figure.show)(y), figure.name),
        label: is_knee.then(|| "knee".to_owned()),
        is_marked: is_knee,
        ..Point::at(real(stage.clients), y)
    }
}

/// A bar for each driver and action; none without any.
fn throughput(runs: &[QueueRun]) -> Option<Picture> {
    let all =
        runs.iter().enumerate().flat_map(|(color, run)| run.actions.iter().map(move |one| (color, run, one)));
    let rows: Vec<Row> = all
        .map(|(color, run, one)| {
            let tps = one.aggregate.tps;
            let says = format!("{} TPS", per_second(tps));
            let name = format!("{} {}: {says}", run.driver, one.action);
            Row { name, parts: vec![BarPart { color, value: tps, says }] }
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let says = "Completions per second, from an action's first unit to its last one.".to_owned();
    let data = table(
        &["driver", "action", "TPS"].map(ToOwned::to_owned),
        runs.iter().flat_map(|run| {
            run.actions.iter().map(|one| {
                vec![run.driver.to_string(), one.action.to_string(), per_second(one.aggregate.tps)]
            })
        }),
        &[0, 1],
    );
    let scale = Scale::linear(rows.iter().flat_map(|row| &row.parts).map(|part| part.value));
    let bars =
        Bars { says: says.clone(), x: Axis::new("TPS", scale), arrangement: Arrangement::Stacked, rows };
    let legend = runs.iter().enumerate().map(|(color, run)| (color, run.driver.to_string())).collect();
    Some(Picture { title: "TPS by action".to_owned(), says, drawing: Some(bars.draw()), legend, data })
}

/// What failed where, such as `sqlx INSERT, 4 clients`.
type Errors<'a> = Vec<(String, &'a Aggregate)>;

fn errors_of_ramps(runs: &[RampRun]) -> Errors<'_> {
    let stages = runs.iter().flat_map(|run| run.stages.iter().map(move |stage| (run, stage)));
    let named = stages.map(|(run, stage)| {
        (format!("{} {}, {}", run.driver, run.action, clients(stage.clients)), &stage.aggregate)
    });
    named.collect()
}

fn errors_of_queues(runs: &[QueueRun]) -> Errors<'_> {
    let actions = runs.iter().flat_map(|run| run.actions.iter().map(move |one| (run, one)));
    actions.map(|(run, one)| (format!("{} {}", run.driver, one.action), &one.aggregate)).collect()
}

/// A row for each kind of error; none without errors.
fn errors_by_kind(errors: Errors) -> Option<Picture> {
    let rows: Vec<Vec<String>> = errors
        .into_iter()
        .flat_map(|(name, aggregate)| {
            let counted = aggregate.errors.iter().map(|(kind, count)| (kind.as_str(), *count));
            let lost = (aggregate.lost > 0).then_some(("lost worker", aggregate.lost));
            let all = counted.chain(lost);
            all.map(|(kind, count)| vec![name.clone(), kind.to_owned(), count.to_string()])
                .collect::<Vec<_>>()
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let says = "SQLSTATE or kind of each failed statement, and workers that returned nothing.".to_owned();
    let data: Table = table(&["of", "kind", "count"].map(ToOwned::to_owned), rows.into_iter(), &[0, 1]);
    Some(Picture { title: "Errors by kind".to_owned(), says, drawing: None, legend: vec![], data })
}

#[cfg(test)]
mod tests {
    use protocol::aurora::Action;

    use super::*;
    use crate::scenario::aurora::testing::{queue_run, ramp_run};

    fn part() -> Part<'static> {
        Part { stack: "dev", distributions: vec![], costs: vec![] }
    }

    #[test]
    fn each_stage_is_a_point_and_the_knee_is_marked() {
        let mut run = ramp_run(Action::Select, &[(1, 100), (2, 190), (4, 200)]);
        run.knee = Some(results::scenario::aurora::knee::Knee {
            clients: 2,
            kind: results::scenario::aurora::knee::KneeKind::Saturated,
        });
        let pictures = pictures(&Load { runs: Runs::Ramp(vec![run]) }, &part());
        let drawn: Vec<String> = pictures
            .iter()
            .filter_map(|picture| Some(picture.drawing.as_ref()?.clone().into_string()))
            .collect();
        assert_eq!(drawn.len(), 2, "no ACUs were measured");
        for drawing in drawn {
            assert_eq!(
                (drawing.matches("class=\"mark").count(), drawing.matches("class=\"ring").count()),
                (3, 1)
            );
            assert!(drawing.contains(">knee<"), "{drawing}");
        }
        insta::assert_snapshot!(pictures[0].says);
    }

    #[test]
    fn messages_have_a_bar_for_each_action() {
        let run = queue_run(100, 100, 0);
        let actions = run.actions.len();
        let pictures = pictures(&Load { runs: Runs::Queue(vec![run]) }, &part());
        let drawing = pictures[0].drawing.as_ref().unwrap().clone().into_string();
        assert_eq!(drawing.matches("<rect").count(), actions);
    }

    #[test]
    fn errors_are_a_table_by_kind() {
        let mut run = ramp_run(Action::Insert, &[(1, 100)]);
        run.stages[0].aggregate.errors.insert("40001".to_owned(), 3);
        run.stages[0].aggregate.lost = 1;
        let pictures = pictures(&Load { runs: Runs::Ramp(vec![run]) }, &part());
        let errors = pictures.last().unwrap();
        let expected =
            [["sqlx INSERT, 1 client", "40001", "3"], ["sqlx INSERT, 1 client", "lost worker", "1"]];
        assert_eq!(errors.data.cells().1, expected);
    }
}
