//! Who is cheap and who is fast, as pictures.

use protocol::stats::real;
use results::scenario::archive::{Class, Contest, Success};

use super::contender;
use super::table::{price, seconds};
use super::time_picture::time_picture;
use crate::html::chart::{Axis, Line, Plot, Point, Scale, Strip, StripRow, Style};
use crate::html::picture::Picture;
use crate::layout::Table;
use crate::scenario::shared::pictures::Part;
use crate::scenario::shared::tables::{distinct, none, table};

/// A price of a run, USD.
type Usd = fn(&Success) -> Option<f64>;

/// With more runs of a contender, their values are summed up.
const MOST_LISTED: usize = 50;

/// Price against time, the runs, and where their time went; of each class apart.
pub fn pictures(contest: &Contest, part: &Part) -> Vec<Picture> {
    let mut pictures = price_against_time(&contest.success, part);
    let all: Vec<&Success> = contest.success.iter().collect();
    let classes = classes(&all);
    pictures.extend(classes.iter().filter_map(|class| runs(class, part.stack)));
    let where_time_goes =
        |class: &Ranked| time_picture(&class.title("Where the time goes"), &class.all, part.stack);
    pictures.extend(classes.iter().filter_map(where_time_goes));
    pictures
}

/// A point for each contender and memory size: of what Lambda's time costs, and where it is known of S3's requests as well; of each
/// class apart.
pub fn price_against_time<'a>(all: impl IntoIterator<Item = &'a Success>, part: &Part) -> Vec<Picture> {
    let all: Vec<&Success> = all.into_iter().collect();
    let of_time: Usd = |one| Some(one.run_price_usd);
    let with_requests: Usd = |one| one.total_price_usd;
    let pictures = |class: &Ranked| {
        let titles = [
            ("Price of Lambda's time against time", of_time),
            ("Price with S3 requests against time", with_requests),
        ];
        let pictures =
            titles.map(|(title, usd)| against_time(&class.title(title), &class.all, usd, part.stack));
        pictures.into_iter().flatten().collect::<Vec<_>>()
    };
    classes(&all).iter().flat_map(pictures).collect()
}

/// Contenders that are ranked among each other.
struct Ranked<'a> {
    /// Their class, where there is another one.
    name: Option<&'static str>,
    all: Vec<&'a Success>,
}

impl Ranked<'_> {
    fn title(&self, of: &str) -> String {
        self.name.map_or_else(|| of.to_owned(), |name| format!("{of}: {name}"))
    }
}

fn classes<'a>(all: &[&'a Success]) -> Vec<Ranked<'a>> {
    let is_only_one = all.iter().all(|one| one.class == Class::OneInvocation);
    let of_class = |class: Class| Ranked {
        name: (!is_only_one).then(|| class.name()),
        all: all.iter().copied().filter(|one| one.class == class).collect(),
    };
    Class::ALL.map(of_class).into_iter().filter(|class| !class.all.is_empty()).collect()
}

/// None if the price was not measured of every one: the others would look cheap or be missing.
fn against_time(title: &str, all: &[&Success], usd: Usd, stack: &str) -> Option<Picture> {
    let priced: Vec<(&Success, f64)> =
        all.iter().map(|one| Some((*one, usd(one)?))).collect::<Option<_>>()?;
    if priced.is_empty() {
        return None;
    }
    let pareto = pareto(&priced);
    let names = distinct(all.iter().map(|one| contender(stack, &one.arn)));
    let lines = priced.iter().enumerate().map(|(index, (one, usd))| {
        let name = title_of(one, stack, all);
        let says = format!("{name}: {} USD for 1,000 runs, {}", price(*usd), seconds(one.duration_ms));
        let label = Some(name.clone());
        let point = Point { says, label, is_marked: pareto.contains(&index), ..place(one, *usd) };
        let color = names.iter().position(|other| *other == contender(stack, &one.arn)).unwrap_or(0);
        Line { name, color, style: Style::Points, points: vec![point] }
    });
    let frontier = Line {
        name: String::new(),
        color: 0,
        style: Style::Guide,
        points: pareto.iter().map(|index| place(priced[*index].0, priced[*index].1)).collect(),
    };
    let lines: Vec<Line> = std::iter::once(frontier).chain(lines).collect();
    let values =
        |of: fn(&Point) -> f64| lines.iter().flat_map(|line| &line.points).map(of).collect::<Vec<_>>();
    let says = in_words(&priced, &pareto, |one| title_of(one, stack, all));
    let plot = Plot {
        says: says.clone(),
        x: Axis::new("mean time of a run, s", Scale::fitting(values(|point| point.x))),
        y: Axis::new("USD for 1,000 runs", Scale::fitting(values(|point| point.y))),
        lines,
    };
    let legend = names.into_iter().enumerate().map(|(color, name)| (color, name.to_owned())).collect();
    let data = data(&priced, &pareto, stack);
    Some(Picture { title: title.to_owned(), says, drawing: Some(plot.draw()), legend, data })
}

fn place(one: &Success, usd: f64) -> Point {
    Point::at(real(one.duration_ms) / 1000.0, usd * 1000.0)
}

/// A contender's name, with its memory where it takes part with several sizes.
fn title_of(one: &Success, stack: &str, all: &[&Success]) -> String {
    let name = contender(stack, &one.arn);
    let is_several = all.iter().any(|other| other.arn == one.arn && other.memory_mb != one.memory_mb);
    if is_several { format!("{name} {} MB", one.memory_mb) } else { name.to_owned() }
}

/// Those than which no other is both cheaper and faster, from the fastest on.
fn pareto(priced: &[(&Success, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..priced.len()).collect();
    order.sort_by(|a, b| {
        let (one, other) = (priced[*a], priced[*b]);
        one.0.duration_ms.cmp(&other.0.duration_ms).then(one.1.total_cmp(&other.1))
    });
    let mut cheapest = f64::INFINITY;
    order.retain(|index| {
        let is_cheaper = priced[*index].1 < cheapest;
        cheapest = cheapest.min(priced[*index].1);
        is_cheaper
    });
    order
}

fn in_words(priced: &[(&Success, f64)], pareto: &[usize], name: impl Fn(&Success) -> String) -> String {
    let on_line: Vec<String> = pareto
        .iter()
        .map(|index| priced[*index])
        .map(|(one, usd)| format!("{} ({}, {} USD)", name(one), seconds(one.duration_ms), price(usd)))
        .collect();
    match on_line.as_slice() {
        [one] => {
            format!("By their means, no other contender is cheaper or faster than {one}, which has the ring.")
        }
        several => format!(
            "By their means, no contender is both cheaper and faster than one of those with rings, on the dashed line: {}.",
            several.join(", ")
        ),
    }
}

fn data(priced: &[(&Success, f64)], pareto: &[usize], stack: &str) -> Table {
    let header = ["contender", "memory MB", "time", "USD/1,000 runs", "on the line"].map(ToOwned::to_owned);
    let rows = priced.iter().enumerate().map(|(index, (one, usd))| {
        vec![
            contender(stack, &one.arn).to_owned(),
            one.memory_mb.to_string(),
            seconds(one.duration_ms),
            price(*usd),
            if pareto.contains(&index) { "yes".to_owned() } else { "no".to_owned() },
        ]
    });
    table(&header, rows, &[0, 4])
}

/// The billed duration of every run.
fn runs(class: &Ranked<'_>, stack: &str) -> Option<Picture> {
    let rows: Vec<StripRow> = class
        .all
        .iter()
        .enumerate()
        .map(|(color, one)| StripRow {
            name: format!(
                "{}: {} ± {}",
                contender(stack, &one.arn),
                seconds(one.duration_ms),
                seconds(one.duration_ms_stddev)
            ),
            color,
            values: one.durations_ms.iter().map(|ms| real(*ms) / 1000.0).collect(),
        })
        .filter(|row| !row.values.is_empty())
        .collect();
    if rows.is_empty() {
        return None;
    }
    let x = Axis::new("billed duration, s", Scale::fitting(rows.iter().flat_map(|row| row.values.clone())));
    let mut strip = Strip { says: String::new(), x, unit: "s", rows };
    let mark = if strip.has_ticks() { "The higher a mark, the more runs" } else { "Each mark is one run" };
    let says = format!(
        "{mark}, from left to right the longer: where the marks of two contenders mix, the difference of their means may \
         be chance."
    );
    strip.says.clone_from(&says);
    let data = run_table(&class.all, stack);
    Some(Picture { title: class.title("Runs"), says, drawing: Some(strip.draw()), legend: vec![], data })
}

/// A row for each contender; the runs by themselves as long as they are few.
fn run_table(all: &[&Success], stack: &str) -> Table {
    let header = ["contender", "runs", "shortest", "mean", "longest", "runs in their order, ms"]
        .map(ToOwned::to_owned);
    let rows = all.iter().map(|one| {
        let listed: Vec<String> = one.durations_ms.iter().map(u64::to_string).collect();
        vec![
            contender(stack, &one.arn).to_owned(),
            one.runs_count.to_string(),
            seconds(one.duration_ms_min),
            seconds(one.duration_ms),
            seconds(one.duration_ms_max),
            if listed.len() > MOST_LISTED { none() } else { listed.join(", ") },
        ]
    });
    table(&header, rows, &[0, 5])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::success;

    fn part() -> Part<'static> {
        Part { stack: "dev", distributions: vec![], costs: vec![] }
    }

    fn contest() -> Contest {
        serde_json::from_value(serde_json::json!({
            "success": [success("rust-stream", 2000), success("rust-slow", 2500), success("python-naive", 5000)],
            "failure": [],
        }))
        .unwrap()
    }

    #[test]
    fn each_contender_is_a_point_and_each_run_a_mark() {
        let [time, runs] = pictures(&contest(), &part()).try_into().ok().expect("no price with S3 requests");
        let drawn = |picture: Picture| picture.drawing.unwrap().into_string();
        assert_eq!(time.data.cells().1.len(), 3);
        assert_eq!(drawn(time).matches("class=\"mark").count(), 3);
        assert_eq!(drawn(runs).matches("class=\"mark").count(), 6);
    }

    #[test]
    fn the_line_has_those_that_nobody_beats_in_both() {
        let mut contest = contest();
        contest.success[2].run_price_usd = 0.000_001;
        let picture = price_against_time(&contest.success, &part()).remove(0);
        let on_line: Vec<_> = picture.data.cells().1.iter().map(|row| row[4].as_str()).collect();
        assert_eq!(on_line, ["yes", "no", "yes"]);
        insta::assert_snapshot!(picture.says);
    }

    #[test]
    fn a_price_that_was_not_measured_of_each_is_not_shown() {
        let mut contest = contest();
        contest.success[0].total_price_usd = Some(0.1);
        assert_eq!(price_against_time(&contest.success, &part()).len(), 1);
        for one in &mut contest.success {
            one.total_price_usd = Some(0.1);
        }
        assert_eq!(price_against_time(&contest.success, &part()).len(), 2);
    }

    #[test]
    fn a_contender_that_fans_out_stands_in_pictures_of_its_own() {
        let mut contest = contest();
        contest.success[2].class = Class::FanOut;
        let pictures = pictures(&contest, &part());
        let shown: Vec<_> =
            pictures.iter().map(|one| (one.title.as_str(), one.data.cells().1.len())).collect();
        let expected = [
            ("Price of Lambda's time against time: one invocation", 2),
            ("Price of Lambda's time against time: fan-out", 1),
            ("Runs: one invocation", 2),
            ("Runs: fan-out", 1),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn sizes_of_a_contender_have_its_colour_and_their_memory_beside_it() {
        let mut large = success("rust-stream", 1000);
        large.memory_mb = 1024;
        let drawing = price_against_time([&success("rust-stream", 2000), &large], &part()).remove(0).drawing;
        let drawn = drawing.unwrap().into_string();
        assert!(drawn.contains(">rust-stream 1024 MB<") && drawn.contains(">rust-stream 512 MB<"), "{drawn}");
        assert!(!drawn.contains("c1"), "{drawn}");
    }

    #[test]
    fn a_contest_without_a_winner_has_no_picture() {
        let nobody = serde_json::from_value(serde_json::json!({ "success": [], "failure": [] })).unwrap();
        assert!(pictures(&nobody, &part()).is_empty());
    }
}
