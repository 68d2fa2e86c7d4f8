//! Tables that sort by a click on a header.

use maud::{Markup, html};

use crate::layout::Table;

/// With more rows, a picture's values are shown on demand.
const MOST_ROWS: usize = 6;

/// What a table has in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl From<&Table> for Cells {
    fn from(table: &Table) -> Self {
        let (header, rows) = table.cells();
        Self { header: header.to_vec(), rows: rows.to_vec() }
    }
}

impl Cells {
    /// Whether a column has numbers, with units or not: these are aligned to the right.
    fn is_number(&self, column: usize) -> bool {
        let begins_with_one =
            |cell: &str| cell.starts_with(|first: char| first.is_ascii_digit() || "-–".contains(first));
        let is_date = |cell: &str| matches!(cell.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
        let mut cells = self.rows.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty());
        // A name may begin with a memory size, `512 MB: sdk`, and a list of numbers is as long as there are runs.
        cells.all(|cell| {
            begins_with_one(cell) && ![": ", ", "].iter().any(|sign| cell.contains(sign)) && !is_date(cell)
        })
    }

    /// The table; headers are buttons, which a script makes sort.
    pub fn draw(&self, caption: &str) -> Markup {
        let numbers: Vec<bool> = (0..self.header.len()).map(|column| self.is_number(column)).collect();
        let class = |column: usize| numbers.get(column).copied().unwrap_or(false).then_some("n");
        html! {
            div class="scroll" tabindex="0" role="region" aria-label=(caption) {
                table {
                    caption { (caption) }
                    thead { tr {
                        @for (column, name) in self.header.iter().enumerate() {
                            th scope="col" class=[class(column)] { button type="button" { (named(name)) } }
                        }
                    } }
                    tbody {
                        @for row in &self.rows {
                            tr { @for (column, cell) in row.iter().enumerate() { td class=[class(column)] { (cell) } } }
                        }
                    }
                }
            }
        }
    }
}

/// What a button says; a column without a name has the names of rows.
fn named(header: &str) -> &str {
    if header.is_empty() { "name" } else { header }
}

/// The values of a picture.
pub fn data(cells: &Cells, title: &str) -> Markup {
    let caption = format!("{title}: values");
    html! {
        @if cells.rows.len() > MOST_ROWS {
            details { summary { "values (" (cells.rows.len()) " rows)" } (cells.draw(&caption)) }
        } @else if !cells.rows.is_empty() {
            (cells.draw(&caption))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(rows: &[[&str; 2]]) -> Cells {
        let rows = rows.iter().map(|row| row.map(ToOwned::to_owned).to_vec()).collect();
        Cells { header: ["contender", "time"].map(ToOwned::to_owned).to_vec(), rows }
    }

    #[test]
    fn columns_of_numbers_are_aligned_to_the_right() {
        let table = cells(&[["rust", "1.6 s ± 0.2 s"], ["<python>", "–"]]);
        insta::assert_snapshot!(table.draw("ranking").into_string().replace("><", ">\n<"));
    }

    #[test]
    fn dates_lists_and_names_that_begin_with_a_size_are_no_numbers() {
        let table = cells(&[["512 MB: sdk", "2026-11-21"]]);
        assert_eq!([table.is_number(0), table.is_number(1)], [false; 2]);
        assert!(!cells(&[["x", "1394, 1224"], ["y", "1723"]]).is_number(1));
        assert!(cells(&[["x", "12/512 MB"], ["y", "–"]]).is_number(1));
    }

    #[test]
    fn each_header_is_a_button_that_says_something() {
        let table = Cells { header: vec![String::new()], rows: vec![] };
        assert!(table.draw("x").into_string().contains("<button type=\"button\">name</button>"));
    }

    #[test]
    fn many_values_are_shown_on_demand() {
        assert!(
            data(&cells(&[["a", "1"]; 7]), "x")
                .into_string()
                .starts_with("<details><summary>values (7 rows)")
        );
        assert!(!data(&cells(&[["a", "1"]; 6]), "x").into_string().contains("details"));
    }
}
