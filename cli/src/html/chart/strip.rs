//! Each value of some rows as a mark on a line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maud::{Markup, html};

use super::axes::{Axis, Frame};
use super::{WIDTH, color, mark, px, shortened, svg};

/// Height of a row, its name included.
const ROW: f64 = 34.0;
/// With more values in a row, a mark stands for all values in the same place.
const MOST_MARKS: usize = 200;
/// Height of such a mark where most values are.
const HIGHEST: f64 = 15.0;

/// The values of something.
#[derive(Debug, Clone)]
pub struct StripRow {
    /// What it is.
    pub name: String,
    /// Its colour.
    pub color: usize,
    /// Its values, with what each says where somebody points at it.
    pub values: Vec<f64>,
}

/// A picture of rows of values.
#[derive(Debug, Clone)]
pub struct Strip {
    /// What it says.
    pub says: String,
    /// What the values are.
    pub x: Axis,
    /// The unit of a value.
    pub unit: &'static str,
    /// From top to bottom.
    pub rows: Vec<StripRow>,
}

impl Strip {
    /// The picture.
    pub fn draw(&self) -> Markup {
        let height = super::scale::small(self.rows.len()) * ROW + 44.0;
        let frame = Frame::of_rows(height);
        let content = html! {
            (frame.draw_x(&self.x))
            @for (index, row) in self.rows.iter().enumerate() {
                @let top = 4.0 + super::scale::small(index) * ROW;
                text class="row" x=(px(frame.left + 2.0)) y=(px(top + 12.0)) { (shortened(&row.name, WIDTH - frame.left - 4.0)) }
                @if row.values.len() > MOST_MARKS {
                    path class=(format!("ticks {}", color(row.color))) d=(self.ticks(row, &frame, top + 31.0)) {}
                } @else {
                    (self.marks(row, &frame, top + 23.0))
                }
            }
        };
        svg(height, &self.says, &content)
    }

    fn marks(&self, row: &StripRow, frame: &Frame, y: f64) -> Markup {
        html! {
            @for (value, x) in row.values.iter().filter_map(|value| Some((value, frame.x(&self.x, *value)?))) {
                path class=(format!("mark faint {}", color(row.color))) d=(mark(row.color, x, y)) { title { (value) " " (self.unit) } }
            }
        }
    }

    /// A line in each place that has values, the higher the more of them there are.
    #[expect(clippy::cast_possible_truncation, reason = "a place is within the picture")]
    fn ticks(&self, row: &StripRow, frame: &Frame, bottom: f64) -> String {
        let mut counts: BTreeMap<i32, u32> = BTreeMap::new();
        for x in row.values.iter().filter_map(|value| frame.x(&self.x, *value)) {
            *counts.entry((x * 2.0).round() as i32).or_default() += 1;
        }
        let most = counts.values().copied().max().unwrap_or(1);
        let mut path = String::new();
        for (half, count) in counts {
            let height = (HIGHEST * f64::from(count) / f64::from(most)).max(1.0);
            let _ = write!(path, "M{} {}v-{}", px(f64::from(half) / 2.0), px(bottom), px(height));
        }
        path
    }

    /// Whether a mark stands for several values in some row.
    pub fn has_ticks(&self) -> bool {
        self.rows.iter().any(|row| row.values.len() > MOST_MARKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::chart::Scale;

    fn strip(values: Vec<f64>) -> String {
        let x = Axis::new("s", Scale::linear(values.iter().copied()));
        let rows = vec![StripRow { name: "rust-stream".to_owned(), color: 0, values }];
        Strip { says: "says".to_owned(), x, unit: "s", rows }.draw().into_string()
    }

    #[test]
    fn each_value_has_a_mark() {
        let drawn = strip(vec![1.0, 1.0, 2.5, f64::NAN]);
        assert_eq!(drawn.matches("class=\"mark").count(), 3);
        assert!(drawn.contains("<title>2.5 s</title>"), "{drawn}");
    }

    #[test]
    fn very_many_values_take_no_more_room_than_there_are_places() {
        let drawn = strip((0..20_000).map(|value| f64::from(value % 5_000)).collect());
        assert!(drawn.len() < 20_000, "{}", drawn.len());
        assert!(drawn.matches("v-").count() > 600);
    }

    #[test]
    fn of_very_many_values_the_marks_are_the_higher_the_more_there_are() {
        let drawn = strip([vec![1.0; 150], vec![2.0; 100]].concat());
        assert!(drawn.contains("v-15M") && drawn.contains("v-10\""), "{drawn}");
    }
}
