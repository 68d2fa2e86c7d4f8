//! Horizontal bars, beside each other or one behind the other.

use maud::{Markup, html};

use super::axes::{Axis, Frame};
use super::{WIDTH, color, px, shortened, svg};

/// Room for a row's name.
const NAME: f64 = 17.0;
/// Between two rows.
const GAP: f64 = 8.0;

/// How the parts of a row are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// Each begins where the last one ends.
    Stacked,
    /// Each begins at the axis, below the last one.
    Grouped,
}

/// A part of a row.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its colour.
    pub color: usize,
    /// How long it is.
    pub value: f64,
    /// What is shown where somebody points at it.
    pub says: String,
}

/// A row with a name above it.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it is about.
    pub name: String,
    /// From the axis on.
    pub parts: Vec<Part>,
}

/// A picture of rows of bars.
#[derive(Debug, Clone)]
pub struct Bars {
    /// What it says.
    pub says: String,
    /// What the lengths are.
    pub x: Axis,
    /// How parts are arranged.
    pub arrangement: Arrangement,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

impl Bars {
    /// The picture.
    pub fn draw(&self) -> Markup {
        let tops: Vec<f64> = self
            .rows
            .iter()
            .scan(2.0, |next, row| {
                let top = *next;
                *next += NAME + self.row_height(row) + GAP;
                Some(top)
            })
            .collect();
        let end = tops
            .last()
            .zip(self.rows.last())
            .map_or(0.0, |(top, row)| top + NAME + self.row_height(row) + GAP);
        let height = end + 40.0;
        let frame = Frame::of_rows(height);
        let content = html! {
            (frame.draw_x(&self.x))
            @for (row, top) in self.rows.iter().zip(&tops) {
                text class="row" x=(px(frame.left + 2.0)) y=(px(top + 13.0)) { (shortened(&row.name, WIDTH - frame.left - 4.0)) }
                (self.parts(row, &frame, top + NAME))
            }
        };
        svg(height, &self.says, &content)
    }

    fn row_height(&self, row: &Row) -> f64 {
        self.thickness()
            * if self.arrangement == Arrangement::Stacked {
                1.0
            } else {
                super::scale::small(row.parts.len())
            }
    }

    fn thickness(&self) -> f64 {
        if self.arrangement == Arrangement::Stacked { 20.0 } else { 11.0 }
    }

    fn parts(&self, row: &Row, frame: &Frame, top: f64) -> Markup {
        let (mut from, mut y) = (0.0, top);
        let mut parts = Vec::new();
        for part in &row.parts {
            let ends = frame.x(&self.x, from).zip(frame.x(&self.x, from + part.value));
            parts.extend(ends.map(|(start, end)| (part, start, y, (end - start).max(0.0))));
            match self.arrangement {
                Arrangement::Stacked if part.value.is_finite() => from += part.value,
                Arrangement::Stacked => {}
                Arrangement::Grouped => y += self.thickness(),
            }
        }
        let height = px(self.thickness() - 1.0);
        html! {
            @for (part, x, y, width) in parts {
                rect class=(format!("bar {}", color(part.color))) x=(px(x)) y=(px(y)) width=(px(width)) height=(height) {
                    title { (part.says) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::chart::Scale;

    fn bars(arrangement: Arrangement, values: &[f64]) -> String {
        let parts = values.iter().enumerate().map(|(color, value)| Part {
            color,
            value: *value,
            says: value.to_string(),
        });
        let rows = vec![Row { name: "p50".to_owned(), parts: parts.collect() }];
        let x = Axis::new("ms", Scale::linear([10.0]));
        Bars { says: "says".to_owned(), x, arrangement, rows }.draw().into_string()
    }

    #[test]
    fn stacked_parts_begin_where_the_last_one_ends_and_grouped_ones_at_the_axis() {
        // The frame is 366 wide, from 8 on.
        let stacked = bars(Arrangement::Stacked, &[5.0, 2.5]);
        assert!(
            stacked.contains("x=\"8\" y=\"19\" width=\"183\"")
                && stacked.contains("x=\"191\" y=\"19\" width=\"91.5\""),
            "{stacked}"
        );
        let grouped = bars(Arrangement::Grouped, &[5.0, 2.5]);
        assert!(grouped.contains("x=\"8\" y=\"30\" width=\"91.5\""), "{grouped}");
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out() {
        let drawn = bars(Arrangement::Stacked, &[f64::NAN, 5.0, f64::MAX]);
        assert_eq!(drawn.matches("<rect").count(), 1, "{drawn}");
    }
}
