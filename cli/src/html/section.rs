//! A result: whose numbers these are and what is wrong with them, its pictures, and its tables.

use maud::{Markup, html};
use results::file::RunResult;

use super::text::{Block, Text};
use crate::result_file::{place, where_and_when};
use crate::scenario;

/// The anchor of a result.
pub fn id(index: usize) -> String {
    format!("result-{}", index + 1)
}

/// A result's part of the page.
pub fn render(result: &RunResult, text: &Text, index: usize) -> Markup {
    html! {
        section id=(id(index)) {
            h2 { (result.run.scenario) ", stack " (result.environment.stack) }
            p class="place" { (place(&result.environment)) }
            (origin(result))
            (remarks(text))
            @for group in scenario::pictures(result) { (group.draw()) }
            h3 { "All figures" }
            @for block in &text.blocks { (draw(block)) }
        }
    }
}

fn origin(result: &RunResult) -> Markup {
    let commit = result.run.git_commit.as_deref().unwrap_or("unknown");
    html! {
        p { (where_and_when(result)) ", lambench " (result.run.tool_version) ", commit " (commit) ", run " (result.run.id) }
        details {
            summary { "settings" }
            dl {
                @for (name, value) in &result.environment.settings { dt { (name) } dd { (value) } }
            }
        }
    }
}

/// What a reader has to know first; what makes the figures unfit for use in front of it all.
fn remarks(text: &Text) -> Markup {
    html! {
        @for remark in &text.remarks {
            p class=(format!("remark {}", remark.label.to_lowercase())) { b { (remark.label) } (remark.says) }
        }
    }
}

/// A part of what is printed.
pub fn draw(block: &Block) -> Markup {
    html! {
        @match block {
            Block::Line(line) => p { (line) },
            Block::Table(cells) => (cells.draw(&cells.header.join(", "))),
            Block::Text(text) => pre { (text) },
        }
    }
}
