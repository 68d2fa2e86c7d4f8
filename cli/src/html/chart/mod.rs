//! Pictures as SVG: a fixed width that scales with the page, colours by CSS classes, and nothing that runs.

mod axes;
mod bars;
mod intervals;
mod labels;
mod lanes;
mod percentiles;
mod plot;
mod scale;
mod strip;

use maud::{Markup, html};

pub use axes::Axis;
pub use bars::{Arrangement, Bars, Part, Row};
pub use intervals::{Interval, Intervals};
pub use lanes::{Lanes, Span};
pub use percentiles::{Distribution, percentiles};
pub use plot::{Line, Plot, Point, Style};
pub use scale::Scale;
pub use strip::{Strip, StripRow};

/// Width of each picture; text has 12 of these units, so it is readable on a phone and in two columns.
const WIDTH: f64 = 400.0;
/// Colours, each with a mark of its own; further ones begin again.
const COLORS: usize = 8;
/// What a character takes at most, on average.
const CHARACTER: f64 = 6.8;

/// A coordinate with as many digits as can be seen.
fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned)
}

/// How wide a text is, about.
#[expect(clippy::cast_precision_loss, reason = "no text is that long")]
fn text_width(text: &str) -> f64 {
    textwrap::core::display_width(text) as f64 * CHARACTER
}

/// A text that takes no more than a width, with an ellipsis if it was longer.
fn shortened(text: &str, width: f64) -> String {
    if text_width(text) <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        if text_width(&short) + 2.0 * CHARACTER > width {
            break;
        }
        short.push(character);
    }
    short + "…"
}

/// The class of a colour.
fn color(index: usize) -> String {
    format!("c{}", index % COLORS)
}

/// The outline of a mark around a point. Its shape differs where colours are similar or the same.
fn mark(index: usize, x: f64, y: f64) -> String {
    let (x, y) = (px(x), px(y));
    match (index + index / COLORS) % 4 {
        0 => format!("M{x} {y}m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"),
        1 => format!("M{x} {y}m-3.5-3.5h7v7h-7z"),
        2 => format!("M{x} {y}m0-4.5l4.5 8h-9z"),
        _ => format!("M{x} {y}m0-5l5 5l-5 5l-5-5z"),
    }
}

/// A picture of some height with what it says.
fn svg(height: f64, says: &str, content: &Markup) -> Markup {
    let view = format!("0 0 {} {}", px(WIDTH), px(height));
    html! { svg viewBox=(view) role="img" { title { (says) } (content) } }
}

/// What colours stand for.
pub fn legend(entries: &[(usize, String)]) -> Markup {
    html! {
        @if entries.len() > 1 {
            ul class="legend" {
                @for (index, name) in entries {
                    li {
                        svg viewBox="0 0 12 12" aria-hidden="true" {
                            path class=(format!("mark {}", color(*index))) d=(mark(*index, 6.0, 6.0)) {}
                        }
                        (name)
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shortened_to_their_place() {
        assert_eq!(shortened("rust-stream", 100.0), "rust-stream");
        assert_eq!(shortened("rust-stream-with-a-long-name", 64.6), "rust-str…");
    }

    #[test]
    fn one_entry_needs_no_legend() {
        assert_eq!(legend(&[(0, "a".to_owned())]).into_string(), "");
        assert_eq!(
            legend(&[(0, "a".to_owned()), (1, "b".to_owned())]).into_string().matches("<li>").count(),
            2
        );
    }
}
