//! A statement of a file, as each driver wants it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

/// A statement with the parameters `$1`, `$2`, …: PostgreSQL's way to write them.
#[derive(Debug)]
pub struct Statement {
    sql: &'static str,
    named: OnceLock<String>,
}

impl Statement {
    /// The statement of a file, without the comment at its head: drivers look statements up by their text.
    #[must_use]
    pub const fn new(file: &'static str) -> Self {
        Self { sql: without_head(file), named: OnceLock::new() }
    }

    /// As PostgreSQL's protocol takes it.
    #[must_use]
    pub fn sql(&self) -> &'static str {
        self.sql
    }

    /// As the Data API takes it: `:p1` for `$1`.
    pub fn named(&self) -> &str {
        self.named.get_or_init(|| named(self.sql))
    }
}

/// Checks the files of a folder: each is one of these statements, says at its head what it does, and leaves no parameter
/// unnamed. For tests; see [`statements!`](crate::statements).
///
/// # Panics
/// If one isn't.
pub fn check_statements(folder: &Path, all: &[(&str, &Statement)]) {
    let files: BTreeSet<_> = std::fs::read_dir(folder)
        .expect("the folder of the statements")
        .map(|file| file.expect("a file of it").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, all.iter().map(|(file, _)| format!("{file}.sql")).collect());
    for (file, statement) in all {
        let text = std::fs::read_to_string(folder.join(format!("{file}.sql"))).expect("the file's text");
        assert!(text.starts_with("-- "), "{file} doesn't say what it does");
        assert!(!statement.sql().is_empty() && !statement.sql().starts_with("--"), "{file}");
        assert!(!statement.named().contains('$'), "{file}: {}", statement.named());
    }
}

/// The text from the first line on that is no comment.
const fn without_head(text: &'static str) -> &'static str {
    let bytes = text.as_bytes();
    let mut start = 0;
    while start + 1 < bytes.len() && bytes[start] == b'-' && bytes[start + 1] == b'-' {
        while start < bytes.len() && bytes[start] != b'\n' {
            start += 1;
        }
        start += 1;
    }
    text.split_at(start).1
}

/// The name of the parameter `$number`.
#[must_use]
pub fn name(number: usize) -> String {
    format!("p{number}")
}

/// `$1` becomes `:p1`, except within quotes.
fn named(sql: &str) -> String {
    let mut quoted = false;
    let mut text = String::with_capacity(sql.len() + 16);
    let mut rest = sql.chars().peekable();
    while let Some(character) = rest.next() {
        quoted ^= character == '\'';
        if character == '$' && !quoted && rest.peek().is_some_and(char::is_ascii_digit) {
            text.push_str(":p");
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_api_gets_named_parameters() {
        assert_eq!(named("VALUES ($1, $12) -- $x"), "VALUES (:p1, :p12) -- $x");
        assert_eq!(named("SELECT '$1', 'it''s $2', $3"), "SELECT '$1', 'it''s $2', :p3");
        assert_eq!(name(12), "p12");
    }

    #[test]
    fn only_the_head_of_a_file_is_comment() {
        assert_eq!(without_head("-- a\n-- b\nSELECT 1 -- one\n"), "SELECT 1 -- one\n");
        assert_eq!(without_head("SELECT 1"), "SELECT 1");
    }
}
