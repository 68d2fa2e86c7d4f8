//! When something was under way, as bars in lanes over a common time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maud::{Markup, html};

use super::axes::{ABOVE, Axis, BELOW, Frame};
use super::scale::small;
use super::{color, px, svg, text_width};

/// Height of all lanes at most, and of one.
const HIGHEST: f64 = 400.0;
const LANE: f64 = 16.0;
/// Between two numbers of lanes at least.
const NUMBER: f64 = 13.0;
/// With more bars, those of a colour are one path, and none says anything by itself.
const MOST_SAYING: usize = 100;
/// Less cannot be seen.
const LEAST_WIDTH: f64 = 0.5;

/// Something that was under way.
#[derive(Debug, Clone)]
pub struct Span {
    /// The lane it is in, from 0 on.
    pub lane: usize,
    /// Its colour.
    pub color: usize,
    /// When it began, on the horizontal axis.
    pub from: f64,
    /// When it ended.
    pub to: f64,
    /// What is shown where somebody points at it.
    pub says: String,
}

/// A picture of lanes, which are numbered from 1 on, the first at the top.
#[derive(Debug, Clone)]
pub struct Lanes {
    /// What it says.
    pub says: String,
    /// The time.
    pub x: Axis,
    /// What a lane is.
    pub name: String,
    /// How many lanes there are.
    pub count: usize,
    /// In any order.
    pub spans: Vec<Span>,
}

/// Where a bar stands: its left end, the middle of its height, and its width.
struct Place {
    x: f64,
    y: f64,
    width: f64,
}

impl Lanes {
    /// The picture; what stands outside of its axis and lanes is left out.
    pub fn draw(&self) -> Markup {
        let lane = (HIGHEST / small(self.count.max(1))).min(LANE);
        let height = ABOVE + lane * small(self.count) + BELOW;
        let frame = Frame::beside(height, text_width(&self.count.to_string()));
        let middle = |index: usize| frame.top + (small(index) + 0.5) * lane;
        let placed = || self.spans.iter().filter_map(|span| Some((span, self.place(span, &frame, middle)?)));
        let content = html! {
            (frame.draw_x(&self.x))
            text class="name" x="2" y="12" { (self.name) }
            @for index in (0..self.count).step_by(step(lane)) {
                text class="end" x=(px(frame.left - 5.0)) y=(px(middle(index) + 4.0)) { (index + 1) }
            }
            @if self.spans.len() > MOST_SAYING {
                @for (index, path) in paths(placed()) {
                    path class=(format!("spans {}", color(index))) stroke-width=(px(lane * 0.8)) d=(path) {}
                }
            } @else {
                @for (span, Place { x, y, width }) in placed() {
                    rect
                        class=(format!("span {}", color(span.color)))
                        x=(px(x)) y=(px(y - lane * 0.4)) width=(px(width)) height=(px(lane * 0.8)) {
                        title { (span.says) }
                    }
                }
            }
        };
        svg(height, &self.says, &content)
    }

    fn place(&self, span: &Span, frame: &Frame, middle: impl Fn(usize) -> f64) -> Option<Place> {
        let (x, end) = frame.x(&self.x, span.from).zip(frame.x(&self.x, span.to))?;
        let width = (end - x).max(LEAST_WIDTH);
        (span.lane < self.count).then(|| Place { x, y: middle(span.lane), width })
    }
}

/// One in so many lanes has room for its number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "there are few lanes")]
fn step(lane: f64) -> usize {
    (NUMBER / lane).ceil() as usize
}

/// A path of all bars of each colour.
fn paths<'a>(placed: impl Iterator<Item = (&'a Span, Place)>) -> BTreeMap<usize, String> {
    let mut paths: BTreeMap<usize, String> = BTreeMap::new();
    for (span, Place { x, y, width }) in placed {
        let _ = write!(paths.entry(span.color).or_default(), "M{} {}h{}", px(x), px(y), px(width));
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::chart::Scale;

    fn drawn(count: usize, spans: Vec<Span>) -> String {
        let x = Axis::new("s", Scale::linear([10.0]));
        let name = "environment".to_owned();
        Lanes { says: "says".to_owned(), x, name, count, spans }.draw().into_string()
    }

    fn span(lane: usize, from: f64, to: f64) -> Span {
        Span { lane, color: lane % 2, from, to, says: format!("<item {lane}>") }
    }

    #[test]
    fn a_bar_stands_in_its_lane_from_its_start_to_its_end() {
        let drawn = drawn(2, vec![span(0, 0.0, 5.0), span(1, 5.0, 5.001)]);
        insta::assert_snapshot!(drawn.replace("><", ">\n<"));
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out() {
        let bad = [f64::NAN, f64::INFINITY, f64::MAX].map(|bad| span(0, 0.0, bad));
        let drawn = drawn(1, [bad.as_slice(), &[span(1, 0.0, 1.0), span(0, 0.0, 1.0)]].concat());
        assert_eq!(drawn.matches("<rect").count(), 1, "{drawn}");
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }

    #[test]
    fn many_bars_are_a_path_of_each_colour_and_take_little_room() {
        let spans = (0..1000_usize).map(|index| {
            let start = small(index) / 200.0;
            span(index % 40, start, start + 0.2)
        });
        let drawn = drawn(40, spans.collect());
        assert_eq!((drawn.matches("class=\"spans").count(), drawn.matches("<rect").count()), (2, 0));
        assert_eq!(drawn.matches('M').count(), 1000);
        assert!(drawn.len() < 20_000, "{}", drawn.len());
    }

    #[test]
    fn a_thousand_lanes_fit_one_picture_and_some_have_their_number() {
        let drawn = drawn(1000, (0..1000).map(|lane| span(lane, 0.0, 1.0)).collect());
        assert!(drawn.starts_with("<svg viewBox=\"0 0 400 462\""), "{}", &drawn[..60]);
        assert!(drawn.contains(">34</text>") && !drawn.contains(">35</text>"), "{drawn}");
    }
}
