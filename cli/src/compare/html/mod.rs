//! `lambench compare --html`: what `compare` prints as one page, with pictures of the differences, the distributions and the
//! history.

mod differences;
mod distributions;
mod history;
#[cfg(test)]
mod tests;

use maud::{Markup, html};

use super::pairing::Pairing;
use super::{Side, settings_diff, table};
use crate::html::picture::{Group, Picture};
use crate::html::{as_printed, document};
use crate::layout::without_limit;
use crate::result_file::{incomplete, place, where_and_when};
use crate::scenario::out;
use crate::scenario::shared::tables::distinct;
pub use history::History;

/// The page of results side by side.
pub fn render(sides: &[Side], pairing: &Pairing, histories: &[History]) -> String {
    without_limit(|| {
        let scenario = sides.first().map_or("", Side::scenario);
        document(&format!("lambench: {scenario}, side by side"), &body(sides, pairing, histories))
    })
}

fn body(sides: &[Side], pairing: &Pairing, histories: &[History]) -> Markup {
    let figures = table::figures(sides, pairing);
    let notes = table::notes(sides, pairing, &figures);
    html! {
        main {
            section {
                h2 { "What is compared" }
                (places(sides))
                @for side in sides { (origin(side)) }
                (as_printed(&settings_diff::differences(sides)))
                @for (letters, warning) in super::each_warning(sides) {
                    p class="remark warning" { b { "warning" } " (" (letters) "): " (warning) }
                }
            }
            section {
                h2 { "Differences" }
                (drawn(differences::pictures(sides, pairing)))
                (as_printed(&notes))
                h3 { "All figures" }
                (as_printed(&figures))
            }
            (part("Distributions", distributions::pictures(sides)))
            section {
                h2 { "History" }
                @if histories.is_empty() {
                    p { "None: earlier results are those in results/ of a checkout, and this page was not made in one." }
                }
                @for history in histories { (history.draw(sides)) }
            }
        }
    }
}

/// Whose numbers these are, each once.
fn places(sides: &[Side]) -> Markup {
    let places = distinct(sides.iter().flat_map(Side::results).map(|result| place(&result.environment)));
    html! { @for place in places { p class="place" { (place) } } }
}

/// A side's files, and what makes them unfit for use.
fn origin(side: &Side) -> Markup {
    html! {
        @for (file, result) in &side.runs {
            p {
                b { (side.letter) } ": stack " (result.environment.stack) ", " (where_and_when(result)) ", commit "
                (result.run.git_commit.as_deref().unwrap_or("unknown")) ", " (file.display())
            }
            @if let Some(lacks) = incomplete(result) { p class="remark incomplete" { (side.letter) ": " (lacks) } }
            @for check in &result.failed_checks { p class="remark error" { (side.letter) ": " b { "ERROR" } ": " (check) } }
            @for out in out(result) { p class="remark error" { (side.letter) ": " (out) } }
        }
    }
}

fn part(title: &str, pictures: Vec<Picture>) -> Markup {
    html! { @if !pictures.is_empty() { section { h2 { (title) } (drawn(pictures)) } } }
}

fn drawn(pictures: Vec<Picture>) -> Markup {
    Group { pictures, ..Group::default() }.draw()
}
