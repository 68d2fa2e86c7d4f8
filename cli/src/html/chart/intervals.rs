//! Differences with their confidence intervals, on both sides of a line at 0.

use maud::{Markup, html};

use super::axes::{Axis, Frame};
use super::scale::small;
use super::{WIDTH, color, mark, px, shortened, svg};

/// Height of a row, its name included.
const ROW: f64 = 34.0;
/// Half of what ends an interval.
const CAP: f64 = 4.0;

/// A difference with a name above it.
#[derive(Debug, Clone)]
pub struct Interval {
    /// What it is of.
    pub name: String,
    /// Its colour.
    pub color: usize,
    /// The difference.
    pub value: f64,
    /// How far it may be off, either way; none if nobody can tell.
    pub margin: Option<f64>,
    /// Whether it is larger than chance explains; else its mark is hollow.
    pub is_shown: bool,
    /// What is shown where somebody points at it.
    pub says: String,
}

/// A picture of differences.
#[derive(Debug, Clone)]
pub struct Intervals {
    /// What it says.
    pub says: String,
    /// What the differences are.
    pub x: Axis,
    /// From top to bottom.
    pub rows: Vec<Interval>,
}

impl Interval {
    /// From the lower end to the upper one; none if nobody can tell.
    pub fn ends(&self) -> Option<[f64; 2]> {
        self.margin.map(|margin| [self.value - margin, self.value + margin])
    }
}

impl Intervals {
    /// The picture.
    pub fn draw(&self) -> Markup {
        let height = small(self.rows.len()) * ROW + 44.0;
        let frame = Frame::of_rows(height);
        let content = html! {
            (frame.draw_x(&self.x))
            @if let Some(x) = frame.x(&self.x, 0.0).map(px) {
                line class="axis" x1=(x) x2=(x) y1=(px(frame.top)) y2=(px(frame.bottom)) {}
            }
            @for (index, row) in self.rows.iter().enumerate() {
                @let top = 4.0 + small(index) * ROW;
                text class="row" x=(px(frame.left + 2.0)) y=(px(top + 12.0)) { (shortened(&row.name, WIDTH - frame.left - 4.0)) }
                (self.interval(row, &frame, top + 23.0))
            }
        };
        svg(height, &self.says, &content)
    }

    fn interval(&self, row: &Interval, frame: &Frame, y: f64) -> Markup {
        let ends = row.ends().and_then(|[low, high]| frame.x(&self.x, low).zip(frame.x(&self.x, high)));
        let [class, bar] = ["mark", "course"].map(|class| format!("{class} {}", color(row.color)));
        let hollow = if row.is_shown { "" } else { " hollow" };
        html! {
            @if let Some((low, high)) = ends { path class=(bar) d=(outline(low, high, y)) {} }
            @if let Some(x) = frame.x(&self.x, row.value) {
                path class=(format!("{class}{hollow}")) d=(mark(row.color, x, y)) { title { (row.says) } }
            }
        }
    }
}

/// A bar with an end on either side.
fn outline(low: f64, high: f64, y: f64) -> String {
    let [low, high, y, top] = [low, high, y, y - CAP].map(px);
    let cap = px(2.0 * CAP);
    format!("M{low} {top}v{cap}M{low} {y}H{high}M{high} {top}v{cap}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::chart::Scale;

    fn drawn(value: f64, margin: Option<f64>, is_shown: bool) -> String {
        let row =
            Interval { name: "mean".to_owned(), color: 1, value, margin, is_shown, says: "says".to_owned() };
        let x = Axis::new("% of A", Scale::linear([-50.0, 50.0]));
        Intervals { says: "all".to_owned(), x, rows: vec![row] }.draw().into_string()
    }

    #[test]
    fn a_difference_has_its_interval_around_it_and_0_is_a_line() {
        // The frame is 366 wide, from 8 on; the scale goes from -60 to 60.
        let shown = drawn(30.0, Some(15.0), true);
        assert!(shown.contains("class=\"axis\" x1=\"191\" x2=\"191\""), "{shown}");
        assert!(shown.contains("class=\"course c1\" d=\"M236.8 23v8M236.8 27H328.2M328.2 23v8\""), "{shown}");
        assert!(shown.contains("class=\"mark c1\" d=\"M282.5 27m"), "{shown}");
    }

    #[test]
    fn what_may_be_chance_is_hollow_and_what_nobody_can_tell_has_no_interval() {
        assert!(drawn(10.0, Some(20.0), false).contains("class=\"mark c1 hollow\""));
        assert!(!drawn(10.0, None, false).contains("course"));
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out() {
        for (value, margin) in [(f64::NAN, 1.0), (f64::INFINITY, 1.0), (1.0, f64::INFINITY), (1.0, f64::NAN)]
        {
            let drawn = drawn(value, Some(margin), true);
            assert!(!drawn.contains("NaN") && !drawn.contains("inf") && !drawn.contains("course"), "{drawn}");
        }
    }
}
