//! The page: one file that needs no network, with a policy that lets nothing be loaded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use results::file::RunResult;
use sha2::{Digest as _, Sha256};

use super::section;
use super::table::Cells;
use super::text::Text;
use crate::report;
use crate::result_file::place;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("sort.js");

/// The page of some results.
pub fn render(results: &[RunResult]) -> String {
    let prices = report::prices(results);
    let texts: Vec<Text> = results.iter().map(Text::of).collect();
    let body = html! {
        @if results.len() > 1 { (contents(results, &texts)) }
        main {
            @for (index, (result, text)) in results.iter().zip(&texts).enumerate() {
                (section::render(result, text, index))
            }
            @if results.iter().any(|result| !result.cost.is_empty()) {
                section {
                    h2 { "Prices" }
                    p { "List prices without free tier." }
                    (Cells::from(&prices).draw("Prices"))
                }
            }
        }
    };
    document(&title(results), &body)
}

/// A whole page with a title, whatever it shows.
pub fn document(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("lambench ", env!("CARGO_PKG_VERSION")));
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                (body)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn title(results: &[RunResult]) -> String {
    match results {
        [one] => format!("lambench: {} on stack {}", one.run.scenario, one.environment.stack),
        _ => "lambench results".to_owned(),
    }
}

fn contents(results: &[RunResult], texts: &[Text]) -> Markup {
    html! {
        nav aria-label="Results" {
            ol {
                @for (index, (result, text)) in results.iter().zip(texts).enumerate() {
                    li {
                        a href=(format!("#{}", section::id(index))) { (result.run.scenario) ", stack " (result.environment.stack) }
                        " (" (place(&result.environment)) ")"
                        @if let Some(alarm) = text.alarm() { " " b class="error" { (alarm) } }
                    }
                }
            }
        }
    }
}

/// The policy of the page of results.
pub fn policy() -> String {
    policy_of(STYLE, SCRIPT)
}

/// Nothing but this style and this script.
pub fn policy_of(style: &str, script: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    )
}
