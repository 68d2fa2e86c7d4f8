//! Names beside points, where they hide neither a point nor each other, and if possible no line.

use super::axes::Frame;
use super::{WIDTH, scale, text_width};

/// Half of what a point takes.
const POINT: f64 = 7.0;
/// From a point's middle to what stands beside it.
const BESIDE: f64 = 9.0;
/// Height of a line of text.
const LINE: f64 = 13.0;
/// How many lines of text away from its point a name may stand.
const FARTHEST: usize = 3;
/// How far to the side of its point a name begins that is led to aslant.
const ASIDE: f64 = 30.0;

/// Where something stands in the picture.
pub type Place = (f64, f64);

/// Where a text begins, on its baseline.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    pub start: Place,
    /// The ends of the line that leads to it, where it does not stand beside its point.
    pub leader: Option<(Place, Place)>,
}

/// A rectangle: left, right, top, bottom.
#[derive(Debug, Clone, Copy)]
struct Area(f64, f64, f64, f64);

impl Area {
    fn around((x, y): Place) -> Self {
        Self(x - POINT, x + POINT, y - POINT, y + POINT)
    }

    /// That of a text.
    fn of((left, baseline): Place, width: f64) -> Self {
        Self(left, left + width, baseline - LINE + 3.0, baseline + 3.0)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.0 < other.1 && other.0 < self.1 && self.2 < other.3 && other.2 < self.3
    }

    fn is_within(&self, frame: &Frame) -> bool {
        self.0 >= frame.left && self.1 <= WIDTH && self.2 >= frame.top - 8.0 && self.3 <= frame.bottom
    }

    /// Whether a line passes through it.
    fn is_crossed_by(&self, (from, to): (Place, Place)) -> bool {
        let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
        for (start, way, low, high) in
            [(from.0, to.0 - from.0, self.0, self.1), (from.1, to.1 - from.1, self.2, self.3)]
        {
            if way.abs() > f64::EPSILON {
                let (one, other) = ((low - start) / way, (high - start) / way);
                enters = enters.max(one.min(other));
                leaves = leaves.min(one.max(other));
            } else if start <= low || start >= high {
                return false;
            }
        }
        enters < leaves
    }
}

/// Where the names of points go; none for a name that has no place. `courses` are the lines between points.
pub fn place(
    frame: &Frame,
    points: &[Place],
    names: &[Option<&str>],
    courses: &[Vec<Place>],
) -> Vec<Option<Label>> {
    let areas: Vec<Area> = points.iter().copied().map(Area::around).collect();
    let lines: Vec<(Place, Place)> = courses
        .iter()
        .flat_map(|course| course.iter().copied().zip(course.iter().copied().skip(1)))
        .collect();
    let (mut texts, mut leaders) = (Vec::<Area>::new(), Vec::<(Place, Place)>::new());
    let mut label = |(index, (point, name)): (usize, (&Place, Option<&str>))| {
        let width = text_width(name?);
        let is_free = |label: &Label| {
            let area = Area::of(label.start, width);
            let others = areas.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, area)| area);
            area.is_within(frame)
                && !areas.iter().chain(&texts).any(|other| area.overlaps(other))
                && !leaders.iter().any(|leader| area.is_crossed_by(*leader))
                && label
                    .leader
                    .is_none_or(|leader| !others.chain(&texts).any(|other| other.is_crossed_by(leader)))
        };
        let hides_no_line =
            |label: &Label| !lines.iter().any(|line| Area::of(label.start, width).is_crossed_by(*line));
        let near = || beside(*point, width).into_iter().filter(is_free);
        let found = near()
            .find(hides_no_line)
            .or_else(|| near().next())
            .or_else(|| away(*point, width).into_iter().filter(is_free).find(hides_no_line));
        texts.extend(found.map(|label| Area::of(label.start, width)));
        leaders.extend(found.and_then(|label| label.leader));
        found
    };
    points.iter().zip(names.iter().copied()).enumerate().map(&mut label).collect()
}

/// Next to a point, the best place first.
fn beside((x, y): Place, width: f64) -> Vec<Label> {
    let (above, below) = (y - BESIDE - 2.0, y + BESIDE + 10.0);
    let starts = [
        (x + BESIDE + 1.0, y + 4.0),
        (x - BESIDE - 1.0 - width, y + 4.0),
        (x - width / 2.0, above),
        (x - width / 2.0, below),
        (x + 4.0, above),
        (x - width - 4.0, above),
        (x + 4.0, below),
        (x - width - 4.0, below),
    ];
    starts.into_iter().map(|start| Label { start, leader: None }).collect()
}

/// Above a point and below it, the nearest place first, with a line that leads there.
fn away((x, y): Place, width: f64) -> Vec<Label> {
    let rows = (1..=FARTHEST).flat_map(|row| {
        let distance = BESIDE + scale::small(row) * LINE;
        [(y - distance - 2.0, y - distance + 1.0), (y + distance + 10.0, y + distance)]
    });
    let labels = rows.flat_map(|(baseline, edge)| {
        let straight = [x - width / 2.0, x - 8.0, x - width + 8.0].map(|left| (left, (x, edge)));
        let (left, right) = (x - ASIDE, x + ASIDE);
        let aslant = [(right, (right - 1.0, baseline - 4.0)), (left - width, (left + 1.0, baseline - 4.0))];
        straight
            .into_iter()
            .chain(aslant)
            .map(move |(start, end)| Label { start: (start, baseline), leader: Some(((x, y), end)) })
    });
    labels.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hide_neither_points_nor_each_other() {
        let frame = Frame { left: 40.0, right: 380.0, top: 20.0, bottom: 200.0 };
        let points = [(60.0, 100.0), (75.0, 100.0), (370.0, 100.0)];
        let starts = place(&frame, &points, &[Some("rust-stream"), Some("rust-copy"), Some("python")], &[]);
        let starts: Vec<_> = starts.into_iter().map(|label| label.expect("there is room").start).collect();
        assert!((starts[0].1 - 104.0).abs() > 1.0, "not over the second point: {starts:?}");
        assert!(starts[2].0 + text_width("python") < 370.0, "left of a point at the edge: {starts:?}");
    }

    #[test]
    fn where_there_is_no_room_there_is_no_name() {
        let frame = Frame { left: 40.0, right: 380.0, top: 20.0, bottom: 200.0 };
        let points = vec![(200.0, 100.0); 40];
        let starts = place(&frame, &points, &[Some("a contender"); 40], &[]);
        assert!(starts.iter().any(Option::is_some) && starts.iter().any(Option::is_none), "{starts:?}");
    }

    #[test]
    fn a_name_stands_where_it_hides_no_line_if_there_is_such_a_place() {
        let frame = Frame { left: 40.0, right: 380.0, top: 20.0, bottom: 200.0 };
        let course = vec![(60.0, 150.0), (200.0, 100.0), (340.0, 60.0)];
        let label = place(&frame, &[(200.0, 100.0)], &[Some("9.57 ×")], std::slice::from_ref(&course));
        let area = Area::of(label[0].expect("there is room").start, text_width("9.57 ×"));
        assert!(!course.windows(2).any(|ends| area.is_crossed_by((ends[0], ends[1]))), "{area:?}");
    }

    #[test]
    fn a_name_that_has_no_room_beside_its_point_is_led_to() {
        let frame = Frame { left: 40.0, right: 380.0, top: 20.0, bottom: 232.0 };
        let points = [(127.0, 216.0), (148.0, 213.0), (238.0, 199.0)];
        let names = [Some("rust-copy-plan"), Some("rust-stream"), Some("rust-sdk-stream")];
        let labels: Vec<Label> = place(&frame, &points, &names, &[]).into_iter().flatten().collect();
        assert_eq!(labels.len(), 3, "{labels:?}");
        let ((x, _), (end, _)) = labels[0].leader.expect("no room beside it");
        assert!((x - 127.0).abs() < 0.1 && (end - 127.0).abs() < 0.1, "{labels:?}");
    }
}
