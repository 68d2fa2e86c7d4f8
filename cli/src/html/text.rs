//! What `lambench show` prints of a result, in parts that a page can arrange: so that both say the same.

use super::table::Cells;
use crate::layout;
use crate::result_file;
use crate::show;
use results::file::RunResult;

/// What a line begins with that stands above a result's pictures.
const LABELS: [&str; 4] = ["ERROR: ", "INCOMPLETE: ", "warning: ", "verdict: "];

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

/// A label, such as `warning`, and what it says.
pub type Remark = (&'static str, String);

/// What is printed of a result: remarks, and everything else below where and how it was measured.
pub fn of(result: &RunResult) -> (Vec<Remark>, Vec<Block>) {
    let text = layout::without_limit(|| show::render(result));
    // Where, when, and the settings stand at the head of each result.
    let head = format!("{}\n{}\n", result_file::heading(result), result_file::settings(result));
    let lines = text.strip_prefix(&head).unwrap_or(&text).lines();
    let (remarks, others): (Vec<&str>, Vec<&str>) = lines.partition(|line| remark(line).is_some());
    let remarks = remarks.into_iter().filter_map(remark).collect();
    (remarks, blocks(&others))
}

fn remark(line: &str) -> Option<Remark> {
    let (label, rest) = LABELS.iter().find_map(|label| Some((*label, line.strip_prefix(label)?)))?;
    Some((label.trim_end_matches(": "), rest.to_owned()))
}

fn blocks(lines: &[&str]) -> Vec<Block> {
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
        let (remarks, blocks) = of(&result);
        assert_eq!(remarks[0], ("ERROR", "1 item lost".to_owned()));
        assert_eq!(remarks.len(), 1 + result.warnings.len());
        let shown = format!("{blocks:?}");
        let printed = show::render(&result);
        let words =
            printed.lines().skip(2).filter(|line| remark(line).is_none()).flat_map(|line| line.split(['|']));
        for word in words.map(str::trim).filter(|word| !word.chars().all(|letter| letter == '-')) {
            assert!(shown.contains(word), "{word} is missing in {shown}");
        }
    }
}
