//! What a page shows while its run is under way, or if there is no result of it.

use std::time::Duration;

use hyper::body::Bytes;
use indicatif::{FormattedDuration, HumanDuration};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::html::chart::{Axis, Line, Plot, Point, Scale, Style};
use crate::html::policy_of;
use crate::progress::{Course, Phase};
use crate::scenario::shared::tables::per_second;

const STYLE: &str = concat!(include_str!("../html/style.css"), include_str!("live.css"));
const SCRIPT: &str = include_str!("live.js");

/// A whole page, and the policy under which a browser is to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The page.
    pub html: Bytes,
    /// Its content security policy.
    pub policy: String,
}

impl Document {
    /// A page that nobody may frame.
    pub fn new(html: Bytes, policy: &str) -> Self {
        Self { html, policy: format!("{policy}; frame-ancestors 'none'") }
    }
}

/// The page of a run that is under way; its script keeps it up to date.
pub fn page(run: &str, progress: &str) -> Document {
    let content = html! {
        div id="progress" { (PreEscaped(progress)) }
        p id="lost" class="error" hidden {
            "lambench does not answer: the run has ended or was aborted. Its terminal says what became of it."
        }
        script { (PreEscaped(SCRIPT)) }
    };
    Document::new(shell(run, &content), &format!("{}; connect-src 'self'", policy_of(STYLE, SCRIPT)))
}

/// The page of a run without a result.
pub fn failed(run: &str, error: &str, course: &Course, now: Duration) -> Document {
    let content = html! {
        p class="place" { "failed after " (FormattedDuration(now)) }
        p class="error remark" { b { "ERROR: " } (error) }
        (past(course))
        (notes(course))
    };
    Document::new(shell(run, &content), &policy_of(STYLE, ""))
}

fn shell(run: &str, content: &Markup) -> Bytes {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (run) }
                style { (PreEscaped(STYLE)) }
            }
            body { h1 { (run) } main { (content) } }
        }
    };
    page.into_string().into()
}

/// What a run that is under way has done so far, as a part of its page.
pub fn progress(course: &Course, now: Duration) -> Markup {
    html! {
        p class="place" { "under way for " (FormattedDuration(now)) }
        @if let Some(phase) = course.current() { (current(phase, now)) }
        @if let Some(phase) = course.drawn() { (picture(phase)) }
        (past(course))
        (notes(course))
    }
}

fn current(phase: &Phase, now: Duration) -> Markup {
    let since = format!("for {}", FormattedDuration(phase.elapsed(now)));
    let quiet = phase.quiet(now).map(|quiet| format!("no change for {:#}", HumanDuration(quiet)));
    let says: Vec<String> = [Some(since), phase.pace(), quiet].into_iter().flatten().collect();
    html! {
        h2 { (phase.line()) }
        @if let Some((done, total)) = phase.done().zip(phase.total) {
            progress max=(total) value=(done) aria-label=(phase.unit()) {}
        }
        p { (says.join("; ")) }
    }
}

/// Steps per second against time.
fn picture(phase: &Phase) -> Markup {
    let rates = phase.rates();
    let seconds = rates.iter().map(|(at, _)| *at);
    let unit = phase.unit();
    let says = format!("{unit}: how many per second, by the seconds since the beginning");
    let points = rates.iter().map(|(at, rate)| Point::at(*at, *rate)).collect();
    let plot = Plot {
        x: Axis::new("s", Scale::linear(seconds)),
        y: Axis::new("per second", Scale::linear(rates.iter().map(|(_, rate)| *rate))),
        lines: vec![Line { name: unit.to_owned(), color: 0, style: Style::Smooth, points }],
        says,
    };
    html! {
        figure { h3 { (unit) ", per second" } (plot.draw()) figcaption { (plot.says) } }
    }
}

fn past(course: &Course) -> Markup {
    let phases: Vec<&Phase> = course.past().collect();
    html! {
        @if !phases.is_empty() {
            h3 { "So far" }
            div class="scroll" tabindex="0" role="region" aria-label="So far" {
                table {
                    thead { tr {
                        th scope="col" { "done" }
                        th scope="col" class="n" { "time" }
                        th scope="col" class="n" { "per second" }
                    } }
                    tbody { @for phase in phases { (row(phase)) } }
                }
            }
        }
    }
}

fn row(phase: &Phase) -> Markup {
    let rate = phase.per_second().filter(|rate| *rate > 0.0).map(per_second).unwrap_or_default();
    html! {
        tr {
            td { (phase.line()) }
            td class="n" { (FormattedDuration(phase.elapsed(Duration::ZERO))) }
            td class="n" { (rate) }
        }
    }
}

fn notes(course: &Course) -> Markup {
    html! {
        @if !course.notes.is_empty() {
            h3 { "What lambench said" }
            ul { @for note in &course.notes { li class="remark" { (note) } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A pipeline's run that has sent its messages, of which some have not arrived yet.
    fn course() -> Course {
        let mut course = Course::default();
        let looking = course.begin(s(0), None, "looking up prices and limits");
        course.end(looking, s(1));
        let sending = course.begin(s(1), Some(300), "");
        for (second, sent) in [(1, 0), (2, 80), (3, 200), (4, 300)] {
            course.set(sending, s(second), sent, &format!("requests sent, {} accepted", sent - 1.min(sent)));
        }
        course.end(sending, s(4));
        let waiting = course.begin(s(4), Some(299), "");
        for second in [4, 6] {
            course.set(waiting, s(second), 290, "accepted messages have arrived, 0 as dead letters");
        }
        course.notes.push("warning: the account allows 10 <b>invocations</b>".to_owned());
        course
    }

    /// One element a line, without the style that all pages have.
    fn lines(html: &str) -> String {
        let html = html.replace(STYLE, "/* style */").replace(SCRIPT, "/* script */");
        html.replace("><", ">\n<")
    }

    #[test]
    fn a_page_shows_what_is_going_on_its_course_what_was_done_and_what_was_said() {
        let page = page("lambench run pipeline", &progress(&course(), s(21)).into_string());
        insta::assert_snapshot!(lines(std::str::from_utf8(&page.html).unwrap()));
    }

    #[test]
    fn before_anything_has_happened_there_is_a_page_as_well() {
        insta::assert_snapshot!(
            lines(&progress(&Course::default(), s(0)).into_string()),
            @r#"<p class="place">under way for 00:00:00</p>"#
        );
    }

    #[test]
    fn a_run_that_failed_says_why_when_and_how_far_it_came() {
        let page = failed("lambench run pipeline", "no queue", &course(), s(21));
        let page = std::str::from_utf8(&page.html).unwrap();
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is missing: {page}"));
        assert!(at("failed after 00:00:21") < at("<b>ERROR: </b>no queue"));
        assert!(at("no queue") < at("300/300 requests sent"));
        assert!(!page.contains("<script"), "there is nothing to wait for");
    }

    #[test]
    fn the_policy_lets_nothing_run_but_what_the_page_has() {
        let policy = page("run", "").policy;
        let [style, script] = [STYLE, SCRIPT].map(|text| policy_of(text, ""));
        let hash =
            |policy: &str| policy.split("style-src ").nth(1).unwrap().split(';').next().unwrap().to_owned();
        assert!(
            policy.contains(&format!("style-src {}; script-src {}", hash(&style), hash(&script))),
            "{policy}"
        );
        assert!(!policy.contains("unsafe") && policy.ends_with("frame-ancestors 'none'"), "{policy}");
    }
}
