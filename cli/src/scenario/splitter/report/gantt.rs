//! Which environment did which item when, as a Gantt chart.

use std::fmt::Write as _;

use results::scenario::splitter::{ItemTime, SplitRun, Timeline, Trigger};

use super::timeline::MOST_ITEMS;
use crate::html::chart::{Axis, Lanes, Scale, Span};
use crate::html::picture::Picture;
use crate::layout::Table;
use crate::scenario::shared::tables::{count, none, table};

/// Environments that the table has a row of.
const MOST_ROWS: usize = 20;
/// What the colours of bars stand for.
const KINDS: [&str; 4] =
    ["first attempt", "first attempt, cold start", "later attempt", "later attempt, cold start"];

/// A lane for each environment, a bar for each item; none if nobody knows who did what.
pub fn gantt(run: &SplitRun) -> Option<Picture> {
    let timeline = run.timeline.as_ref()?;
    let drawn: Vec<&ItemTime> = timeline.items.iter().take(MOST_ITEMS).collect();
    let ends = drawn.iter().flat_map(|item| [item.started_seconds, item.ended_seconds]);
    let x = Axis::new("since sending, s", Scale::linear(ends));
    let says = in_words(run, timeline, &drawn);
    let lanes = Lanes {
        says: says.clone(),
        x,
        name: "environment".to_owned(),
        count: timeline.environments.len(),
        spans: drawn.iter().map(|item| span(item)).collect(),
    };
    let is_there = |kind: &usize| drawn.iter().any(|item| self::kind(item) == *kind);
    let legend = (0..KINDS.len()).filter(is_there).map(|kind| (kind, KINDS[kind].to_owned())).collect();
    Some(Picture {
        title: format!("Items by environment: concurrency {}", run.concurrency),
        says,
        drawing: Some(lanes.draw()),
        legend,
        data: data(timeline, &drawn),
    })
}

/// The place of an item's kind among [`KINDS`].
fn kind(item: &ItemTime) -> usize {
    usize::from(item.is_cold) + 2 * usize::from(item.attempt > 1)
}

fn span(item: &ItemTime) -> Span {
    let ItemTime { id, environment, started_seconds: from, ended_seconds: to, attempt, is_cold } = item;
    let cold = if *is_cold { ", cold start" } else { "" };
    Span {
        lane: *environment,
        color: kind(item),
        from: *from,
        to: *to,
        says: format!("item {id}: {from:.3} s to {to:.3} s, attempt {attempt}{cold}"),
    }
}

fn in_words(run: &SplitRun, timeline: &Timeline, drawn: &[&ItemTime]) -> String {
    let environments = timeline.environments.len() as u64;
    let from = match run.trigger {
        Trigger::Sequential => "the first item was handed over",
        Trigger::EventBus | Trigger::Invoke => "the event was sent",
        Trigger::Functions => "functions began to send the items",
    };
    let mut says = format!(
        "{} in {}, a lane each, the one that began first at the top: when each item was under way, from when {from}.",
        count(drawn.len() as u64, "item"),
        count(environments, "environment"),
    );
    let left_out = timeline.left_out.saturating_add((timeline.items.len() - drawn.len()) as u64);
    if left_out > 0 {
        let _ =
            write!(says, " These are the items that started first: {left_out} more are done, and not shown.");
    }
    let undone = run.items.dead_lettered + run.items.lost + run.items.interrupted;
    if undone > 0 {
        let _ = write!(says, " What is not done has no bar: {}.", count(undone, "item"));
    }
    let cold = drawn.iter().filter(|item| item.is_cold).count() as u64;
    if cold > 0 {
        let _ = write!(says, " {} in the first invocation of an environment, a cold start.", were(cold));
    }
    let later = drawn.iter().filter(|item| item.attempt > 1).count() as u64;
    if later > 0 {
        let _ = write!(
            says,
            " {} by a later attempt: when the earlier ones were under way, the run log does not keep.",
            were(later)
        );
    }
    if timeline.environments.len() > MOST_ROWS {
        let _ = write!(says, " The table has the first {MOST_ROWS} environments.");
    }
    says
}

fn were(items: u64) -> String {
    count(items, "item") + if items == 1 { " was done" } else { " were done" }
}

/// A row for each environment.
fn data(timeline: &Timeline, drawn: &[&ItemTime]) -> Table {
    let header =
        ["environment", "items", "later attempts", "cold start", "first start, s", "last end, s", "busy"]
            .map(ToOwned::to_owned);
    let rows = (0..timeline.environments.len().min(MOST_ROWS)).map(|lane| {
        let own: Vec<&ItemTime> = drawn.iter().copied().filter(|item| item.environment == lane).collect();
        let start = own.iter().map(|item| item.started_seconds).reduce(f64::min);
        let end = own.iter().map(|item| item.ended_seconds).reduce(f64::max);
        let busy: f64 = own.iter().map(|item| item.ended_seconds - item.started_seconds).sum();
        let all = start.zip(end).map(|(start, end)| end - start);
        let seconds = |time: Option<f64>| time.map_or_else(none, |time| format!("{time:.3}"));
        vec![
            (lane + 1).to_string(),
            own.len().to_string(),
            own.iter().filter(|item| item.attempt > 1).count().to_string(),
            if own.iter().any(|item| item.is_cold) { "yes" } else { "no" }.to_owned(),
            seconds(start),
            seconds(end),
            all.filter(|all| *all > 0.0).map_or_else(none, |all| format!("{:.0} %", busy / all * 100.0)),
        ]
    });
    table(&header, rows, &[3])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::splitter::report::aggregate::split_run;
    use crate::scenario::splitter::testing::{event, split_at};

    fn run(change: impl FnOnce(&mut SplitRun)) -> SplitRun {
        let mut run = split_run(&event(), &split_at(5));
        change(&mut run);
        run
    }

    fn items(run: &mut SplitRun) -> &mut Vec<ItemTime> {
        &mut run.timeline.as_mut().unwrap().items
    }

    #[test]
    fn each_item_is_a_bar_and_each_environment_a_lane() {
        let picture = gantt(&run(|_| {})).unwrap();
        let drawn = picture.drawing.unwrap().into_string();
        assert_eq!(drawn.matches("class=\"span").count(), 20);
        assert!(
            drawn.contains("<title>item 0000: 0.050 s to 0.255 s, attempt 1, cold start</title>"),
            "{drawn}"
        );
        assert_eq!(picture.data.cells().1[0], ["1", "4", "0", "yes", "0.050", "0.885", "98 %"]);
        assert_eq!(picture.data.cells().1.len(), 5);
        assert_eq!(picture.legend.len(), 2, "warm and cold");
        insta::assert_snapshot!(picture.says);
    }

    #[test]
    fn an_item_that_took_several_attempts_says_so() {
        let picture = gantt(&run(|run| items(run)[7].attempt = 3)).unwrap();
        assert_eq!(picture.legend[2], (2, "later attempt".to_owned()));
        assert!(picture.says.ends_with(
            " 1 item was done by a later attempt: when the earlier ones were under way, the run log does not keep."
        ));
        assert!(picture.drawing.unwrap().into_string().contains(", attempt 3<"));
        assert_eq!(picture.data.cells().1[2][2], "1");
    }

    #[test]
    fn what_is_cut_is_told_even_of_a_result_that_has_more_than_can_be_drawn() {
        let cut = run(|run| {
            let first = items(run)[0].clone();
            items(run).extend(std::iter::repeat_n(first, 985));
            let timeline = run.timeline.as_mut().unwrap();
            timeline.left_out = 20;
            timeline.environments.extend((0..30).map(|index| format!("more {index}")));
        });
        let picture = gantt(&cut).unwrap();
        assert!(picture.says.starts_with("1000 items in 35 environments"), "{}", picture.says);
        assert!(picture.says.contains("started first: 25 more are done, and not shown."), "{}", picture.says);
        assert!(picture.says.ends_with(" The table has the first 20 environments."), "{}", picture.says);
        assert_eq!(picture.data.cells().1.len(), 20);
    }

    #[test]
    fn items_that_are_not_done_are_told() {
        let picture = gantt(&run(|run| run.items.lost = 2)).unwrap();
        assert!(picture.says.contains(" What is not done has no bar: 2 items."), "{}", picture.says);
    }

    #[test]
    fn where_nobody_knows_who_did_what_there_is_no_picture() {
        assert!(gantt(&run(|run| run.timeline = None)).is_none());
    }
}
