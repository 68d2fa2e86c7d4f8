//! What a check found, as people read it: a table a contender, and a note for each thing to know.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::faults::Faults;
use super::input::Input;
use super::test_case::{Checked, Left, Verdict};
use crate::scenario::shared::tables::{count, table};

/// What was found of all contenders.
pub fn render(checked: &[Checked]) -> String {
    let mut text = String::new();
    for cases in checked.chunk_by(|a, b| a.contender == b.contender) {
        contender(&mut text, cases);
    }
    text
}

fn contender(text: &mut String, cases: &[Checked]) {
    let Some(first) = cases.first() else { return };
    let mut notes = Vec::new();
    let head =
        ["input"].into_iter().chain(Faults::ALL.map(Faults::title)).map(str::to_owned).collect::<Vec<_>>();
    let inputs = Input::all().filter(|input| cases.iter().any(|case| case.input == *input));
    let rows: Vec<Vec<String>> = inputs
        .map(|input| {
            let cell = |faults| {
                cell(cases.iter().find(|case| (case.input, case.faults) == (input, faults)), &mut notes)
            };
            std::iter::once(format!("{}: {}", input.name(), input.title()))
                .chain(Faults::ALL.map(cell))
                .collect()
        })
        .collect();
    let columns: Vec<usize> = (0..head.len()).collect();
    let _ = writeln!(text, "{}\n{}", first.contender, table(&head, rows.into_iter(), &columns));
    for (number, note) in notes.iter().enumerate() {
        let _ = writeln!(text, "({}) {note}", number + 1);
    }
    let _ = writeln!(text, "{}\n", total(cases));
}

fn cell(case: Option<&Checked>, notes: &mut Vec<String>) -> String {
    let Some(case) = case else { return String::new() };
    let (word, why) = match &case.verdict {
        Verdict::Valid => ("valid", None),
        Verdict::Refused { why } => ("refused", Some(why.clone())),
        Verdict::Invalid { why } => ("INVALID", Some(format!("{why}\n{}", advice(case)))),
    };
    let left = (!case.left.is_empty()).then(|| left(&case.left));
    let told = [why, left].into_iter().flatten().map(|note| format!(" ({})", numbered(notes, note)));
    word.to_owned() + &told.collect::<String>()
}

/// What to know for mending it, and how to see it again.
fn advice(case: &Checked) -> String {
    let again = format!(
        "lambench check contender contenders/{} --input {}",
        folder(&case.contender),
        case.input.name()
    );
    format!("    hint: {}\n    rerun: {again}", case.input.lesson())
}

fn folder(contender: &str) -> String {
    contender.replacen('-', "/", 1)
}

/// How many things there are in each folder.
fn left(left: &[Left]) -> String {
    let mut counts = BTreeMap::<_, u64>::new();
    for one in left {
        let folder = one.key.split_inclusive('/').next().unwrap_or_default();
        *counts.entry((one.is_upload, folder)).or_default() += 1;
    }
    let things = counts.into_iter().map(|((is_upload, folder), number)| {
        format!("{} below {folder}", count(number, if is_upload { "open upload" } else { "object" }))
    });
    format!("leaves {}", things.collect::<Vec<_>>().join(", "))
}

/// The number of a note; the same words are one.
fn numbered(notes: &mut Vec<String>, note: String) -> usize {
    if let Some(deployment) = notes.iter().position(|other| *other == note) {
        return deployment + 1;
    }
    notes.push(note);
    notes.len()
}

fn total(cases: &[Checked]) -> String {
    let number = |of: fn(&Verdict) -> bool| cases.iter().filter(|case| of(&case.verdict)).count();
    let valid = number(|verdict| matches!(verdict, Verdict::Valid));
    let refused = number(|verdict| matches!(verdict, Verdict::Refused { .. }));
    let invalid = number(|verdict| matches!(verdict, Verdict::Invalid { .. }));
    format!("{}: {valid} valid, {refused} refused, {invalid} INVALID", count(cases.len() as u64, "case"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(input: Input, faults: Faults, verdict: Verdict, left: &[&str]) -> Checked {
        let left = left.iter().map(|&key| Left { key: key.to_owned(), is_upload: true }).collect();
        Checked { contender: "python-mine".to_owned(), input, faults, verdict, left, seconds: 1.0 }
    }

    #[test]
    fn each_case_has_its_cell_and_what_there_is_to_know_stands_below() {
        let refused = || Verdict::Refused { why: "TooMany: no more than 10".to_owned() };
        let invalid = Verdict::Invalid { why: "no end of central directory record".to_owned() };
        insta::assert_snapshot!(render(&[
            case(Input::One, Faults::None, Verdict::Valid, &[]),
            case(Input::One, Faults::SlowDown, Verdict::Valid, &["archives/check/python-mine.zip"]),
            case(Input::Many, Faults::None, refused(), &[]),
            case(Input::Many, Faults::SlowDown, refused(), &[]),
            case(Input::Many, Faults::Broken, invalid, &[]),
            case(Input::Deleted, Faults::None, Verdict::Valid, &[]),
        ]));
    }
}
