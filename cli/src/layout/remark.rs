//! Lines of text: labels in colour, long ones wrapped.

use anstyle::{AnsiColor, Style};
use textwrap::{Options, WordSeparator, WordSplitter};

/// What lines begin with that a reader should not miss, with the colour.
const LABELS: [(&str, AnsiColor); 5] = [
    ("ERROR:", AnsiColor::Red),
    ("error:", AnsiColor::Red),
    ("INCOMPLETE", AnsiColor::Red),
    ("warning:", AnsiColor::Yellow),
    ("verdict:", AnsiColor::Green),
];

/// What numbers are of.
const UNITS: [&str; 8] = ["%", "×", "MB", "MB/s", "TPS", "USD", "ms", "s"];

/// A space where no line may end.
const UNBROKEN: &str = "\u{a0}";

/// What commands begin with that are given as advice.
const COMMANDS: [&str; 4] = ["pulumi ", "lambench ", "aws ", ".lambench/"];

/// Lays a text out, line by line; rows of tables stay as they are.
pub fn lay_out(text: &str, width: Option<usize>, is_colored: bool) -> String {
    text.split_inclusive('\n').map(|line| lay_out_line(line, width, is_colored)).collect()
}

fn lay_out_line(line: &str, width: Option<usize>, is_colored: bool) -> String {
    let content = line.trim_end_matches('\n');
    let wrapped = match width {
        Some(width) if !content.starts_with('|') => wrap(content, width),
        _ => content.to_owned(),
    };
    let end = &line[content.len()..];
    if is_colored { format!("{}{end}", color(&wrapped)) } else { format!("{wrapped}{end}") }
}

/// A line in lines of a width. A command at its end stands on a line of its own, whole, so that it can be copied.
fn wrap(line: &str, width: usize) -> String {
    if textwrap::core::display_width(line) <= width {
        return line.to_owned();
    }
    let indent = &line[..line.len() - line.trim_start().len()];
    let behind = format!("{indent}  ");
    let options = options(width).subsequent_indent(&behind);
    let (words, command) = split_command(line);
    let wrapped = textwrap::fill(&with_units(words), options).replace(UNBROKEN, " ");
    command.map_or_else(|| wrapped.clone(), |command| format!("{wrapped}\n{behind}{command}"))
}

/// How texts are wrapped: at spaces alone, as paths, regions and names are to be found whole.
pub fn options<'a>(width: usize) -> Options<'a> {
    Options::new(width)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
}

/// A text in which numbers stay with what they are of, such as `memory 512` and `20 ms`.
fn with_units(text: &str) -> String {
    let starts = |word: &str| word.starts_with(|first: char| first.is_ascii_digit());
    let is_unit = |word: &str| UNITS.contains(&word.trim_end_matches([',', ';', '.', ':', ')']));
    text.split_inclusive(' ').zip(text.split(' ').skip(1).map(Some).chain([None])).fold(
        String::new(),
        |whole, (word, next)| match next {
            Some(next) if starts(next) || starts(word) && is_unit(next) => {
                whole + word.trim_end_matches(' ') + UNBROKEN
            }
            _ => whole + word,
        },
    )
}

/// A line's words, and the command behind its last colon.
fn split_command(line: &str) -> (&str, Option<&str>) {
    match line.rsplit_once(": ") {
        Some((words, command)) if COMMANDS.iter().any(|start| command.starts_with(start)) => {
            (&line[..=words.len()], Some(command))
        }
        _ => (line, None),
    }
}

/// A line with its label, which may stand behind the letter of a result (`A: warning: …`), in colour.
fn color(line: &str) -> String {
    let label = LABELS.iter().find_map(|(label, color)| {
        let at = line.find(label).filter(|at| *at == 0 || line[..*at].ends_with(": ") && *at <= 3)?;
        Some((at, label, color))
    });
    let Some((at, label, color)) = label else { return line.to_owned() };
    let style = Style::new().bold().fg_color(Some((*color).into()));
    format!("{}{style}{label}{style:#}{}", &line[..at], &line[at + label.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_warning_is_wrapped_and_its_command_can_be_copied_whole() {
        let text = "warning: fewer than 5 runs per contender: a difference may be chance: \
                    pulumi config set --path archive.runsPerContender 20 --stack dev\n";
        let wrapped = "warning: fewer than 5 runs per\n  contender: a difference may be chance:\n  \
                       pulumi config set --path archive.runsPerContender 20 --stack dev\n";
        assert_eq!(lay_out(text, Some(40), false), wrapped);
        assert_eq!(lay_out(text, None, false), text, "a program reads one line");
    }

    #[test]
    fn a_number_stays_with_its_name_and_its_unit() {
        let text = "memory 512, objectCount 20, runs 3, each within 20 ms, of 1,769 MB; 16 % of 25 items";
        for width in 20..70 {
            let wrapped = lay_out(text, Some(width), false);
            for whole in ["memory 512", "objectCount 20", "runs 3", "20 ms", "1,769 MB", "16 %"] {
                assert!(wrapped.contains(whole), "{width}: {wrapped}");
            }
            assert_eq!(
                wrapped.split_whitespace().collect::<Vec<_>>(),
                text.split_whitespace().collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn rows_of_tables_and_short_lines_stay_as_they_are() {
        let text = "\n| a table | that is laid out already |\nshort\n";
        assert_eq!(lay_out(text, Some(10), false).lines().nth(1), text.lines().nth(1));
        assert_eq!(lay_out("short\n\nlines", Some(40), true), "short\n\nlines");
    }

    #[test]
    fn labels_are_coloured_at_the_start_of_a_line_and_behind_a_result_s_letter() {
        assert_eq!(lay_out("warning: x\n", None, true), "\u{1b}[1m\u{1b}[33mwarning:\u{1b}[0m x\n");
        assert!(lay_out("B: ERROR: x", None, true).starts_with("B: \u{1b}[1m\u{1b}[31mERROR:"));
        assert!(
            lay_out("INCOMPLETE (interrupted); x", None, true).starts_with("\u{1b}[1m\u{1b}[31mINCOMPLETE")
        );
        assert_eq!(lay_out("sqlx: 3 × an error: x", None, true), "sqlx: 3 × an error: x");
    }
}
