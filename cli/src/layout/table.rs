//! A table that fits: first its header takes several lines, then its columns stand below each other in several tables.

use std::fmt;

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table as Grid};
use textwrap::core::display_width;

use super::remark::options;

/// Characters around a cell: a line and a space before it, a space behind it.
const AROUND: usize = 3;
/// Lines of a header in a table that is too wide with one.
const MAX_HEADER_LINES: usize = 2;

/// Rows of cells below a header.
#[derive(Debug, Clone)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Columns that are aligned to the left.
    left: Vec<usize>,
}

impl Table {
    /// A table whose columns are aligned to the right, apart from those in `left`. The first of these, and what stands
    /// in front of them, name a row.
    pub fn new(header: &[String], rows: impl Iterator<Item = Vec<String>>, left: &[usize]) -> Self {
        Self { header: header.to_vec(), rows: rows.collect(), left: left.to_vec() }
    }

    /// The header and the rows.
    pub fn cells(&self) -> (&[String], &[Vec<String>]) {
        (&self.header, &self.rows)
    }

    /// The table in at most `width` columns if it can be done.
    fn fitted(&self, width: usize) -> String {
        let all: Vec<usize> = (0..self.header.len()).collect();
        let natural = self.widths(None);
        if total(&natural) <= width {
            return self.grid(&all, &natural);
        }
        let widths = self.widths(Some(width / 3));
        let tables = fold(&widths, self.names(), width);
        let tables = tables.iter().map(|columns| self.grid(columns, &widths));
        tables.collect::<Vec<_>>().join("\n\n")
    }

    /// How many of the columns name a row: those up to the end of the first ones in `left`.
    fn names(&self) -> usize {
        let is_left = |column: &usize| self.left.contains(column);
        let first = (0..2).find(is_left).unwrap_or(0);
        let end = (first + 1..self.header.len()).find(|column| !is_left(column)).unwrap_or(1);
        end.min(self.header.len())
    }

    /// Columns' widths. In a narrow table, headers and texts, which have at most `most_of_text` then, take several lines.
    fn widths(&self, most_of_text: Option<usize>) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let content = cells.map(|cell| match most_of_text {
                Some(most) if self.left.contains(&column) => {
                    most.max(longest_word(cell)).min(display_width(cell))
                }
                _ => display_width(cell),
            });
            let header = &self.header[column];
            let header = if most_of_text.is_some() { narrow_width(header) } else { display_width(header) };
            content.max().unwrap_or(0).max(header)
        };
        (0..self.header.len()).map(width).collect()
    }

    fn grid(&self, columns: &[usize], widths: &[usize]) -> String {
        let fill = |text: &str, column: usize| textwrap::fill(text, options(widths[column].max(1)));
        let mut grid = Grid::new();
        grid.load_style(ASCII_MARKDOWN)
            .set_header(columns.iter().map(|&column| fill(&self.header[column], column)));
        for row in &self.rows {
            grid.add_row(
                columns
                    .iter()
                    .map(|&column| row.get(column).map_or(String::new(), |cell| fill(cell, column))),
            );
        }
        for (place, column) in columns.iter().enumerate() {
            if let Some(one) = grid.column_mut(place).filter(|_| !self.left.contains(column)) {
                one.set_cell_alignment(CellAlignment::Right);
            }
        }
        grid.to_string()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.fitted(super::width().unwrap_or(usize::MAX)))
    }
}

/// Columns of a header in at most so many lines.
fn narrow_width(header: &str) -> usize {
    let fits = |width: &usize| textwrap::wrap(header, options(*width)).len() <= MAX_HEADER_LINES;
    (longest_word(header)..=display_width(header)).find(fits).unwrap_or_default()
}

fn longest_word(text: &str) -> usize {
    text.split(' ').map(display_width).max().unwrap_or(0)
}

fn total(widths: &[usize]) -> usize {
    widths.iter().map(|width| width + AROUND).sum::<usize>() + 1
}

/// The columns of each table: those that name a row, then as many others as fit, at least one.
fn fold(widths: &[usize], names: usize, width: usize) -> Vec<Vec<usize>> {
    let mut tables: Vec<Vec<usize>> = Vec::new();
    let total_of =
        |columns: &[usize]| total(&columns.iter().map(|&column| widths[column]).collect::<Vec<_>>());
    for (column, width_of_column) in widths.iter().enumerate().skip(names) {
        match tables.last_mut() {
            Some(last) if total_of(last) + width_of_column + AROUND <= width => last.push(column),
            _ => tables.push((0..names).chain([column]).collect()),
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let header = ["#", "contender", "USD per 1,000 runs", "time ± σ", "memory"].map(ToOwned::to_owned);
        let row = |n: &str, name: &str| {
            [n, name, "0.0134", "1.607 s ± 0.241 s", "12/512 MB"].map(ToOwned::to_owned).to_vec()
        };
        Table::new(&header, [row("1", "rust-stream"), row("2", "python-naive")].into_iter(), &[1])
    }

    #[test]
    fn a_table_that_fits_is_one_with_a_header_of_one_line() {
        let wide = table().to_string();
        assert_eq!(wide.lines().count(), 4);
        assert_eq!(table().fitted(display_width(wide.lines().next().unwrap())), wide);
    }

    #[test]
    fn a_narrower_one_has_a_header_of_several_lines() {
        insta::assert_snapshot!(table().fitted(70));
    }

    #[test]
    fn the_columns_of_the_narrowest_stand_below_each_other_with_the_rows_names() {
        insta::assert_snapshot!(table().fitted(50));
    }

    #[test]
    fn nothing_gets_lost_and_no_line_is_too_long() {
        let all = table();
        for width in 44..120 {
            let text = all.fitted(width);
            assert!(text.lines().all(|line| display_width(line) <= width), "{width}:\n{text}");
            for cell in all.rows.iter().flatten().chain(
                all.header
                    .iter()
                    .flat_map(|header| header.split(' '))
                    .map(ToOwned::to_owned)
                    .collect::<Vec<_>>()
                    .iter(),
            ) {
                assert!(text.contains(cell.as_str()), "{width}: {cell}");
            }
        }
    }
}
