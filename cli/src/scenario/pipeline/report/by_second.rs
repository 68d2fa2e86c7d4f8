//! What came and what arrived in each second, as a picture: an outage and a throttle show.

use std::cmp::Reverse;

use protocol::stats::real;
use results::scenario::pipeline::Second;

use crate::html::chart::{Axis, Line, Plot, Point, Scale, Style};
use crate::html::picture::Picture;
use crate::scenario::shared::tables::{count, digits, table};

/// Points that a line has at most: so many can be told apart, and the page of ten results of an hour stays below a MB.
const MOST_POINTS: u64 = 400;
/// A time without a row that is worth a word, s: rows come in batches.
const GAP: u64 = 2;

/// A count of a second by its name.
type Column = (&'static str, fn(&Second) -> u64);

const COLUMNS: [Column; 7] = [
    ("due", |one| one.due),
    ("sent", |one| one.sent),
    ("accepted", |one| one.accepted),
    ("refused", |one| one.refused),
    ("no answer", |one| one.unknown),
    ("rows", |one| one.rows),
    ("dead-lettered", |one| one.dead_lettered),
];

/// What the lines show, in the order of their colours; one that is 0 throughout is left out.
const LINES: [Column; 4] = [
    ("requests accepted", |one| one.accepted),
    ("rows confirmed", |one| one.rows),
    ("requests refused or not answered", |one| one.refused.saturating_add(one.unknown)),
    ("messages dead-lettered", |one| one.dead_lettered),
];

/// The seconds of a load, or the means of some, so that there are no more points than can be told apart.
struct Course<'a> {
    seconds: &'a [Second],
    /// The last second.
    last: u64,
    /// Seconds of a point.
    width: u64,
}

/// The picture; none without any second.
pub fn picture(seconds: &[Second]) -> Option<Picture> {
    let last = seconds.iter().map(|one| one.second).max()?;
    let course = Course { seconds, last, width: last / MOST_POINTS + 1 };
    let line = |name: &str, color, style, values: Vec<f64>| Line {
        name: name.to_owned(),
        color,
        style,
        points: course.starts().zip(values).map(|(from, value)| Point::at(real(from), value)).collect(),
    };
    let shown = LINES.into_iter().enumerate();
    let shown: Vec<_> = shown.filter(|(_, (_, of))| seconds.iter().any(|one| of(one) > 0)).collect();
    let due = line("due", 0, Style::Guide, course.means(|one| one.due));
    let others = shown.iter().map(|(color, (name, of))| line(name, *color, Style::Smooth, course.means(*of)));
    let lines: Vec<Line> = std::iter::once(due).chain(others).collect();
    let says = in_words(&course);
    let heights = lines.iter().flat_map(|line| &line.points).map(|point| point.y);
    let plot = Plot {
        x: Axis::new("s from the start of the load", Scale::linear([real(last)])),
        y: Axis::new("per second", Scale::linear(heights)),
        says: says.clone(),
        lines,
    };
    let means = COLUMNS.map(|(_, of)| course.means(of));
    let rows = course.starts().enumerate().map(|(index, from)| {
        let counts = means.iter().map(|values| digits_of(values[index], course.width));
        std::iter::once(from.to_string()).chain(counts).collect()
    });
    let header: Vec<String> =
        std::iter::once("second").chain(COLUMNS.map(|(name, _)| name)).map(ToOwned::to_owned).collect();
    Some(Picture {
        title: "Requests and rows by second".to_owned(),
        says,
        drawing: Some(plot.draw()),
        legend: shown.iter().map(|(color, (name, _))| (*color, (*name).to_owned())).collect(),
        data: table(&header, rows, &[]),
    })
}

/// A count as it is, a mean with four digits.
fn digits_of(value: f64, width: u64) -> String {
    if width == 1 { format!("{value:.0}") } else { digits(value) }
}

impl Course<'_> {
    /// The first second of each point.
    fn starts(&self) -> impl Iterator<Item = u64> + use<> {
        let width = self.width;
        (0..=self.last / width).map(move |point| point * width)
    }

    /// How many there are of something in a second of each point; 0 in seconds that the result leaves out.
    fn means(&self, of: fn(&Second) -> u64) -> Vec<f64> {
        let mut means: Vec<f64> = self.starts().map(|_| 0.0).collect();
        for one in self.seconds {
            let (point, from) = (one.second / self.width, one.second - one.second % self.width);
            // The last point may have fewer.
            let seconds = (self.last - from).saturating_add(1).min(self.width);
            if let Some(mean) = usize::try_from(point).ok().and_then(|point| means.get_mut(point)) {
                *mean += real(of(one)) / real(seconds);
            }
        }
        means
    }
}

fn in_words(course: &Course) -> String {
    let seconds = course.seconds;
    let most = |of: fn(&Second) -> u64| seconds.iter().map(of).max().unwrap_or_default();
    let mut says = vec![format!(
        "What was due (dashed), what the API accepted, and what became rows. At most {} were accepted in a second, and {} \
         confirmed.",
        count(most(|one| one.accepted), "request"),
        count(most(|one| one.rows), "row"),
    )];
    if course.width > 1 {
        says.push(format!(
            "Each point is the mean of {} seconds; the result's file has every second.",
            course.width
        ));
    }
    says.extend(when(seconds, "request", "refused or not answered", |one| {
        one.refused.saturating_add(one.unknown)
    }));
    says.extend(when(seconds, "message", "dead-lettered", |one| one.dead_lettered));
    if let Some((from, gap)) = longest_gap(seconds) {
        says.push(format!(
            "The longest time without a row while accepted messages were under way: {gap} s, from second {from} on."
        ));
    }
    says.join(" ")
}

/// When something happened that should not; none if it did not.
fn when(seconds: &[Second], what: &str, happened: &str, of: fn(&Second) -> u64) -> Option<String> {
    let those = || seconds.iter().filter(|one| of(one) > 0).map(|one| one.second);
    let (first, last) = (those().min()?, those().max()?);
    let sum = seconds.iter().fold(0_u64, |sum, one| sum.saturating_add(of(one)));
    let when =
        if first == last { format!("in second {first}") } else { format!("from second {first} to {last}") };
    Some(format!("{} {happened} {when}.", count(sum, what)))
}

/// Whole seconds in which no row was confirmed although messages were under way, from which second on and how many; none if
/// they are few.
fn longest_gap(seconds: &[Second]) -> Option<(u64, u64)> {
    let (mut under_way, mut since) = (0.0, None);
    let mut gaps = Vec::new();
    for one in seconds {
        if one.rows > 0 {
            gaps.extend(since.take().map(|from| (from, one.second.saturating_sub(from))));
        }
        under_way += real(one.accepted) - real(one.rows) - real(one.dead_lettered);
        let from = one.second.saturating_add(u64::from(one.rows > 0));
        since = if under_way > 0.0 { since.or(Some(from)) } else { None };
    }
    // The first of equally long ones.
    gaps.into_iter().filter(|(_, gap)| *gap >= GAP).min_by_key(|(_, gap)| Reverse(*gap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::pipeline::testing::delivery;

    fn of(second: u64, accepted: u64, refused: u64, rows: u64) -> Second {
        let due = accepted + refused;
        Second { second, due, sent: due, accepted, refused, rows, ..Second::default() }
    }

    /// A minute in which the API throttles from second 10 on, and PostgreSQL is away from second 30 on.
    fn disturbed() -> Vec<Second> {
        let seconds = (0..60).map(|second| match second {
            10..20 => of(second, 30, 20, 30),
            30..45 => of(second, 50, 0, 0),
            45 => of(second, 50, 0, 16 * 50),
            _ => of(second, 50, 0, 50),
        });
        seconds.collect()
    }

    fn drawn(picture: &Picture) -> String {
        picture.drawing.clone().expect("a drawing").into_string()
    }

    #[test]
    fn what_came_and_what_arrived_are_lines_and_each_second_is_a_row() {
        let seconds = delivery().seconds;
        let picture = picture(&seconds).unwrap();
        let drawing = drawn(&picture);
        assert_eq!(drawing.matches("class=\"guide\"").count(), 1);
        let courses: Vec<&str> = drawing.split("class=\"course ").skip(1).collect();
        assert_eq!(courses.len(), 3, "accepted, rows, refused; nothing is known of dead letters");
        let (_, rows) = picture.data.cells();
        assert_eq!(rows.len(), 71);
        assert_eq!(rows[30], ["30", "200", "200", "190", "10", "0", "190", "0"]);
        assert!(picture.legend.iter().map(|(color, _)| *color).eq(0..3));
        assert!(super::picture(&[]).is_none());
    }

    #[test]
    fn a_throttle_and_an_outage_are_told() {
        let says = in_words(&Course { seconds: &disturbed(), last: 59, width: 1 });
        assert_eq!(
            says,
            "What was due (dashed), what the API accepted, and what became rows. At most 50 requests were accepted in a \
             second, and 800 rows confirmed. 200 requests refused or not answered from second 10 to 19. The longest time \
             without a row while accepted messages were under way: 15 s, from second 30 on."
        );
    }

    #[test]
    fn a_pause_in_which_nothing_is_under_way_is_no_gap() {
        let seconds = [of(0, 5, 0, 5), of(40, 5, 0, 0), of(41, 0, 0, 5)];
        assert_eq!(longest_gap(&seconds), None);
        let seconds = [of(0, 5, 0, 4), of(40, 5, 0, 6)];
        assert_eq!(longest_gap(&seconds), Some((1, 39)), "one message waits");
        let lost = [of(0, 5, 0, 4), of(40, 0, 0, 0)];
        assert_eq!(longest_gap(&lost), None, "it never comes");
    }

    #[test]
    fn seconds_that_a_result_leaves_out_are_0() {
        let picture = picture(&[of(0, 5, 0, 4), of(3, 0, 0, 1)]).unwrap();
        let (_, rows) = picture.data.cells();
        let counted: Vec<_> = rows.iter().map(|row| row[6].as_str()).collect();
        assert_eq!(counted, ["4", "0", "0", "1"]);
        assert!(picture.says.ends_with("under way: 2 s, from second 1 on."), "{}", picture.says);
    }

    #[test]
    fn an_hour_has_no_more_points_than_can_be_told_apart_and_the_same_sum() {
        let seconds: Vec<_> = (0..3601).map(|second| of(second, second % 90, 0, 7)).collect();
        let picture = picture(&seconds).unwrap();
        let (_, rows) = picture.data.cells();
        assert_eq!(rows.len(), 361);
        assert_eq!(rows[0][3], "4.500", "the mean of 0 to 9");
        assert_eq!(rows[360], ["3600", "0", "0", "0", "0", "0", "7.000", "0"], "only one second is in it");
        assert!(picture.says.contains("Each point is the mean of 10 seconds"), "{}", picture.says);
        assert!(drawn(&picture).len() < 40_000);
    }

    #[test]
    fn counts_and_seconds_that_are_impossible_do_no_harm() {
        let most = Second { second: u64::MAX, accepted: u64::MAX, refused: u64::MAX, ..Second::default() };
        let unsorted =
            [Second { rows: u64::MAX, unknown: u64::MAX, ..most }, most, of(5, 1, 1, 1), of(5, 1, 1, 1)];
        let picture = picture(&unsorted).unwrap();
        assert!(picture.data.cells().1.len() <= 401);
        let drawing = drawn(&picture);
        assert!(!drawing.contains("NaN") && !drawing.contains("inf"), "{drawing}");
    }
}
