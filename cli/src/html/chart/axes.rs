//! The two axes of a picture: lines, ticks, and what they are about.

use maud::{Markup, html};

use super::scale::Scale;
use super::{WIDTH, px, text_width};

/// Room for the name of the vertical axis, which stands above it.
pub const ABOVE: f64 = 24.0;
/// Room for the ticks and the name of the horizontal axis.
pub const BELOW: f64 = 38.0;
/// Room for half a tick's text at the right end.
const RIGHT: f64 = 26.0;

/// One axis.
#[derive(Debug, Clone)]
pub struct Axis {
    /// What it shows, with its unit.
    pub name: String,
    /// Where values stand.
    pub scale: Scale,
    /// What is written at it.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis with the ticks of its scale.
    pub fn new(name: impl Into<String>, scale: Scale) -> Self {
        let ticks = scale.ticks();
        let log = if scale.is_log() { " (logarithmic)" } else { "" };
        Self { name: name.into() + log, scale, ticks }
    }

    /// An axis on which only these values are written.
    pub fn with_ticks(name: impl Into<String>, scale: Scale, ticks: Vec<(f64, String)>) -> Self {
        Self { name: name.into(), scale, ticks }
    }
}

/// The rectangle between the axes.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Frame {
    /// The one of a picture with two axes.
    pub fn new(height: f64, y: &Axis) -> Self {
        Self::beside(height, y.ticks.iter().map(|(_, label)| text_width(label)).fold(0.0, f64::max))
    }

    /// The one of a picture with texts of this width on its left.
    pub fn beside(height: f64, widest: f64) -> Self {
        Self { left: widest + 10.0, right: WIDTH - RIGHT, top: ABOVE, bottom: height - BELOW }
    }

    /// The one of a picture whose rows have their names above them.
    pub fn of_rows(height: f64) -> Self {
        Self { left: 8.0, right: WIDTH - RIGHT, top: 2.0, bottom: height - BELOW }
    }

    /// Where a value stands on the horizontal axis.
    pub fn x(&self, axis: &Axis, value: f64) -> Option<f64> {
        Some(self.left + axis.scale.position(value)? * (self.right - self.left))
    }

    /// Where a value stands on the vertical axis.
    pub fn y(&self, axis: &Axis, value: f64) -> Option<f64> {
        Some(self.bottom - axis.scale.position(value)? * (self.bottom - self.top))
    }

    /// The horizontal axis.
    pub fn draw_x(&self, axis: &Axis) -> Markup {
        let [top, bottom, labels, name] =
            [self.top, self.bottom, self.bottom + 15.0, self.bottom + 32.0].map(px);
        html! {
            @for (x, label, has_room) in self.x_ticks(axis) {
                line class="grid" x1=(px(x)) x2=(px(x)) y1=(top) y2=(bottom) {}
                @if has_room { text class="middle" x=(px(x)) y=(labels) { (label) } }
            }
            line class="axis" x1=(px(self.left)) x2=(px(self.right)) y1=(bottom) y2=(bottom) {}
            text class="end name" x=(px(WIDTH - 2.0)) y=(name) { (axis.name) }
        }
    }

    /// Where the horizontal axis has a tick, and whether there is room for its text behind the last one.
    fn x_ticks<'a>(&self, axis: &'a Axis) -> Vec<(f64, &'a str, bool)> {
        let mut end = f64::NEG_INFINITY;
        let placed = axis.ticks.iter().filter_map(|(value, label)| Some((self.x(axis, *value)?, label)));
        let ticks = placed.map(|(x, label)| {
            let half = text_width(label) / 2.0;
            let has_room = x - half > end + 8.0;
            if has_room {
                end = x + half;
            }
            (x, label.as_str(), has_room)
        });
        ticks.collect()
    }

    /// The vertical axis.
    pub fn draw_y(&self, axis: &Axis) -> Markup {
        let [left, right, labels] = [self.left, self.right, self.left - 5.0].map(px);
        let ticks = axis.ticks.iter().filter_map(|(value, label)| Some((self.y(axis, *value)?, label)));
        html! {
            @for (y, label) in ticks {
                line class="grid" x1=(left) x2=(right) y1=(px(y)) y2=(px(y)) {}
                text class="end" x=(labels) y=(px(y + 4.0)) { (label) }
            }
            text class="name" x="2" y="12" { (axis.name) }
        }
    }
}
