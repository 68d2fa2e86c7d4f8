//! What `lambench show` prints of a result, in parts that a page can arrange: so that both say the same.

use super::table::Cells;
use crate::layout;
use crate::result_file;
use crate::show;
use results::file::RunResult;

/// What a line begins with that stands above a result's pictures, the most important first.
const LABELS: [&str; 4] = ["ERROR", "INCOMPLETE", "verdict", "warning"];

/// What is printed of a result below where and how it was measured.
pub struct Text {
    /// What stands above the pictures.
    pub remarks: Vec<Remark>,
    /// All the rest.
    pub blocks: Vec<Block>,
}

/// A line with a label, and the indented lines below it.
#[derive(Debug, PartialEq, Eq)]
pub struct Remark {
    /// Such as `warning`.
    pub label: &'static str,
    /// What follows the label.
    pub says: String,
}

/// A part of the text.
#[derive(Debug, PartialEq, Eq)]
pub enum Block {
    /// A line of words.
    Line(String),
    /// A table.
    Table(Cells),
    /// A table that cannot be taken apart, such as one whose cells have lines in them.
    Text(String),
}

impl Text {
    /// That of a result.
    pub fn of(result: &RunResult) -> Self {
        // Where, when, and the settings stand at the head of each result.
        let head = format!("{}\n{}\n", result_file::heading(result), result_file::settings(result));
        let text = layout::without_limit(|| show::render(result)).replacen(&head, "", 1);
        let (mut remarks, mut others) = (Vec::<Remark>::new(), Vec::new());
        let mut is_remark = false;
        for line in text.lines() {
            let begun = remark(line);
            is_remark = begun.is_some() || is_remark && line.starts_with(' ');
            match (begun, remarks.last_mut()) {
                (Some(begun), _) => remarks.push(begun),
                (None, Some(last)) if is_remark => last.says.extend(["\n", line.trim_start()]),
                _ => others.push(line),
            }
        }
        remarks.sort_by_key(|remark| LABELS.iter().position(|label| *label == remark.label));
        Self { remarks, blocks: blocks(&others) }
    }

    /// The label that says that figures are unfit for use, or not all there.
    pub fn alarm(&self) -> Option<&'static str> {
        self.remarks.iter().map(|remark| remark.label).find(|label| ["ERROR", "INCOMPLETE"].contains(label))
    }
}

fn remark(line: &str) -> Option<Remark> {
    let (label, says) = LABELS.iter().find_map(|label| Some((*label, line.strip_prefix(label)?)))?;
    // `INCOMPLETE (interrupted); …`
    let is_label = says.starts_with(": ") || says.starts_with(" (");
    is_label.then(|| Remark { label, says: says.to_owned() })
}

/// Lines and tables, apart from each other.
pub fn blocks(lines: &[&str]) -> Vec<Block> {
    let is_row = |line: &&str| line.starts_with('|');
    let mut blocks = Vec::new();
    for part in lines.chunk_by(|one, next| is_row(one) && is_row(next)) {
        match part {
            [row, ..] if is_row(row) => blocks.extend(tables(part)),
            _ => blocks.extend(
                part.iter().filter(|line| !line.is_empty()).map(|line| Block::Line((*line).to_owned())),
            ),
        }
    }
    blocks
}

/// The tables in some rows; one follows the other where there is a header again.
fn tables(rows: &[&str]) -> Vec<Block> {
    let is_rule = |row: &&str| row.starts_with("|-");
    let rules = rows.iter().filter(|row| is_rule(row)).count();
    let cells = |row: &&str| -> Vec<String> {
        row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let [header, rule, rows @ ..] = rows else { return vec![Block::Text(rows.join("\n"))] };
    let header_cells = cells(header);
    let body: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let is_regular = rules == 1 && is_rule(rule) && body.iter().all(|row| row.len() == header_cells.len());
    if is_regular {
        return vec![Block::Table(Cells { header: header_cells, rows: body })];
    }
    let all: Vec<&str> = [*header, *rule].into_iter().chain(rows.iter().copied()).collect();
    vec![Block::Text(all.join("\n"))]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::result_file::read;

    fn table(block: &Block) -> &Cells {
        let Block::Table(cells) = block else { panic!("{block:?} is no table") };
        cells
    }

    #[test]
    fn a_text_is_lines_and_tables() {
        let blocks = blocks(&["", "one", "| a | b |", "|---|---|", "| 1 |   |", "", "| c |", "|---|", "two"]);
        assert_eq!(
            (&blocks[0], &blocks[3]),
            (&Block::Line("one".to_owned()), &Block::Line("two".to_owned()))
        );
        assert_eq!(table(&blocks[1]).rows, [["1", ""]]);
        assert_eq!(table(&blocks[2]).header, ["c"]);
    }

    #[test]
    fn a_table_with_a_line_in_a_cell_stays_as_it_was_printed() {
        let blocks = blocks(&["| a | b |", "|---|---|", "| 1 | x|y |"]);
        assert_eq!(blocks, [Block::Text("| a | b |\n|---|---|\n| 1 | x|y |".to_owned())]);
    }

    #[test]
    fn everything_that_is_printed_of_a_result_is_there() {
        let mut result = read(Path::new("tests/aurora-result.json")).unwrap();
        result.failed_checks = vec!["1 item lost".to_owned()];
        let Text { remarks, blocks } = Text::of(&result);
        assert_eq!(remarks[0], Remark { label: "ERROR", says: ": 1 item lost".to_owned() });
        let shown = format!("{remarks:?} {blocks:?}");
        let printed = show::render(&result);
        let words = printed.lines().skip(2).flat_map(|line| line.split(['|', ' ']));
        for word in words.filter(|word| !word.chars().all(|letter| letter == '-')) {
            assert!(shown.contains(word.trim_end_matches(':')), "{word} is missing in {shown}");
        }
    }

    #[test]
    fn a_remark_begins_with_a_label_and_nothing_else_does() {
        let says = |line: &str| remark(line).map(|remark| remark.says);
        assert_eq!(
            says("INCOMPLETE (interrupted); missing: x").as_deref(),
            Some(" (interrupted); missing: x")
        );
        assert_eq!(says("warning: x").as_deref(), Some(": x"));
        for line in ["warnings: x", "sqlx: warning: x", "ERROR"] {
            assert_eq!(says(line), None);
        }
    }

    #[test]
    fn indented_lines_below_a_remark_belong_to_it_and_errors_come_first() {
        let mut result = read(Path::new("tests/aurora-result.json")).unwrap();
        result.failed_checks = vec!["1 item lost".to_owned()];
        result.warnings = vec!["few runs\n  of 2".to_owned(), "local".to_owned()];
        let remarks: Vec<_> = Text::of(&result).remarks.into_iter().map(|one| one.says).collect();
        assert_eq!([&remarks[0], &remarks[2], &remarks[3]], [": 1 item lost", ": few runs\nof 2", ": local"]);
        assert!(
            remarks[1].contains("so there is no winner.\nOnce that is put right: lambench run aurora "),
            "{remarks:?}"
        );
    }
}
