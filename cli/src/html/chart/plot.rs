//! Points and lines between two axes.

use maud::{Markup, html};

use super::axes::{Axis, Frame};
use super::{color, labels, mark, px, svg};

/// Height of the picture.
const HEIGHT: f64 = 270.0;

/// How the points of a line are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Each by itself.
    Points,
    /// Connected, in the order in which they are given.
    Connected,
    /// Only what connects them.
    Smooth,
    /// As [`Self::Smooth`], but dashed: for what was not measured.
    Guide,
}

/// What belongs together.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it stands for.
    pub name: String,
    /// Its colour.
    pub color: usize,
    /// How it is drawn.
    pub style: Style,
    /// Its points.
    pub points: Vec<Point>,
}

/// A value for a value.
#[derive(Debug, Clone, Default)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    /// What is shown where somebody points at it.
    pub says: String,
    /// What stands beside it.
    pub label: Option<String>,
    /// Whether it stands out.
    pub is_marked: bool,
    /// Whether it is not to be relied on.
    pub is_hollow: bool,
}

impl Point {
    /// A point of a line that only shows a course.
    pub fn at(x: f64, y: f64) -> Self {
        Self { x, y, ..Self::default() }
    }
}

/// A picture with two axes.
#[derive(Debug, Clone)]
pub struct Plot {
    /// What it says.
    pub says: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, the last on top.
    pub lines: Vec<Line>,
}

impl Plot {
    /// The picture; what stands outside of its axes is left out.
    pub fn draw(&self) -> Markup {
        let frame = Frame::new(HEIGHT, &self.y);
        let place = |point: &Point| Some((frame.x(&self.x, point.x)?, frame.y(&self.y, point.y)?));
        let content = html! {
            (frame.draw_y(&self.y))
            (frame.draw_x(&self.x))
            @for line in &self.lines { (course(line, place)) }
            @let (leaders, labels) = self.labels(&frame, place);
            (leaders)
            @for line in &self.lines { (marks(line, place)) }
            (labels)
        };
        svg(HEIGHT, &self.says, &content)
    }

    /// The lines that lead to names, and the names.
    fn labels(&self, frame: &Frame, place: impl Fn(&Point) -> Option<(f64, f64)>) -> (Markup, Markup) {
        let marked = self.lines.iter().filter(|line| line.has_marks());
        let visible = marked.flat_map(|line| &line.points).filter_map(|point| Some((place(point)?, point)));
        let (places, points): (Vec<_>, Vec<_>) = visible.unzip();
        let names: Vec<_> = points.iter().map(|point| point.label.as_deref()).collect();
        let courses = self.lines.iter().filter(|line| line.style != Style::Points);
        let courses: Vec<Vec<_>> =
            courses.map(|line| line.points.iter().filter_map(&place).collect()).collect();
        let labels = labels::place(frame, &places, &names, &courses);
        let shown =
            || labels.iter().zip(&names).filter_map(|(label, name)| Some((label.as_ref()?, (*name)?)));
        let leaders = html! {
            @for (from, to) in shown().filter_map(|(label, _)| label.leader) {
                line class="leader" x1=(px(from.0)) y1=(px(from.1)) x2=(px(to.0)) y2=(px(to.1)) {}
            }
        };
        let names = html! {
            @for (label, name) in shown() {
                text class="label" x=(px(label.start.0)) y=(px(label.start.1)) { (name) }
            }
        };
        (leaders, names)
    }
}

impl Line {
    fn has_marks(&self) -> bool {
        matches!(self.style, Style::Points | Style::Connected)
    }
}

/// What connects a line's points.
fn course(line: &Line, place: impl Fn(&Point) -> Option<(f64, f64)>) -> Markup {
    let places: Vec<String> =
        line.points.iter().filter_map(place).map(|(x, y)| format!("{} {}", px(x), px(y))).collect();
    let class =
        if line.style == Style::Guide { "guide".to_owned() } else { format!("course {}", color(line.color)) };
    html! {
        @if line.style != Style::Points && places.len() > 1 { path class=(class) d=(format!("M{}", places.join("L"))) {} }
    }
}

fn marks(line: &Line, place: impl Fn(&Point) -> Option<(f64, f64)>) -> Markup {
    let shown = line.points.iter().filter(|_| line.has_marks());
    html! {
        @for (point, (x, y)) in shown.filter_map(|point| Some((point, place(point)?))) {
            @if point.is_marked { circle class="ring" cx=(px(x)) cy=(px(y)) r="8" {} }
            @let hollow = if point.is_hollow { " hollow" } else { "" };
            path class=(format!("mark {}{hollow}", color(line.color))) d=(mark(line.color, x, y)) { title { (point.says) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::chart::Scale;

    fn plot(points: Vec<Point>, scale: fn([f64; 2]) -> Scale) -> String {
        let axis = |name: &str| Axis::new(name, scale([1.0, 100.0]));
        let line = Line { name: "a".to_owned(), color: 0, style: Style::Connected, points };
        Plot { says: "says".to_owned(), x: axis("clients"), y: axis("TPS"), lines: vec![line] }
            .draw()
            .into_string()
    }

    #[test]
    fn a_plot_has_axes_its_points_and_what_connects_them() {
        let named = Point {
            label: Some("knee".to_owned()),
            is_marked: true,
            says: "<b>".to_owned(),
            ..Point::at(10.0, 50.0)
        };
        insta::assert_snapshot!(plot(vec![Point::at(1.0, 10.0), named], Scale::linear).replace("><", ">\n<"));
    }

    #[test]
    fn points_that_cannot_be_drawn_are_left_out() {
        for bad in [f64::NAN, f64::INFINITY, f64::MAX, -1.0, 0.0] {
            let drawn = plot(vec![Point::at(1.0, bad), Point::at(bad, 1.0), Point::at(2.0, 2.0)], Scale::log);
            assert_eq!(drawn.matches("class=\"mark").count(), 1, "{bad}");
            assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
        }
    }
}
