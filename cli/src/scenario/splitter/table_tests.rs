use super::*;
use crate::scenario::splitter::find::Findings;
use crate::scenario::splitter::outcome::splitting;
use crate::scenario::splitter::testing::{found, test};

fn runs() -> Splitting {
    splitting(&test(), &Findings { runs: vec![found(1), found(5)], warnings: Vec::new() })
}

#[test]
fn concurrencies_stand_side_by_side_with_what_they_bring_and_cost() {
    insta::assert_snapshot!(render(&runs()));
}

#[test]
fn trouble_is_shown_where_it_belongs() {
    let mut splitting = runs();
    splitting.task.file = Some("five-tags.json".to_owned());
    splitting.runs.remove(0);
    let run = &mut splitting.runs[0];
    run.items = Items {
        done: 17,
        dead_lettered: 2,
        reasons: [("poison".to_owned(), 2)].into(),
        dead_lettered_done: 1,
        lost: 1,
        lost_ids: vec!["0019".to_owned()],
    };
    run.invocations =
        Some(Invocations { counted: 30, expected: 21, split_repeats: 1, item_repeats: 6, others: 2 });
    run.price.one_invocation_seconds = 1000.0;
    insta::assert_snapshot!(render(&splitting));
}

#[test]
fn an_event_without_items_shows_the_answer_only() {
    let mut splitting = runs();
    splitting.runs.remove(0);
    let run = &mut splitting.runs[0];
    run.items = Items::default();
    run.reply = Some(results::scenario::splitter::Reply {
        status_code: 400,
        count: 0,
        body: "invalid event argument".to_owned(),
    });
    let text = render(&splitting);
    assert!(text.ends_with("the function answered: 400 invalid event argument (0 items)\n"), "{text}");
}
