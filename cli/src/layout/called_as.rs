//! Commands in messages, as the user can type them: where this command was called by its path, because it isn't on the PATH, they
//! have the path too.

use clap::CommandFactory;

use crate::cli::Cli;

const NAME: &str = "lambench ";

/// The text with this command as it was called.
pub fn as_called(text: &str) -> String {
    let path = std::env::args().next().filter(|path| path.ends_with(".lambench/bin/lambench"));
    path.map_or_else(|| text.to_owned(), |path| with_path(text, &path))
}

fn with_path(text: &str, path: &str) -> String {
    let cli = Cli::command();
    let is_command = |rest: &str| {
        let word = rest.split(|end: char| !end.is_ascii_lowercase()).next().unwrap_or_default();
        cli.find_subcommand(word).is_some()
    };
    let mut parts = text.split(NAME);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_start = whole.ends_with([' ', '\n', '\'', '(', '`']) || whole.is_empty();
        if is_start && is_command(part) {
            whole.push_str(path);
            whole.push(' ');
        } else {
            whole.push_str(NAME);
        }
        whole.push_str(part);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_the_path_and_other_words_do_not() {
        let path = ".lambench/bin/lambench";
        for (text, expected) in [
            ("eval \"$(lambench local env)\"", "eval \"$(.lambench/bin/lambench local env)\""),
            ("lambench run archive", ".lambench/bin/lambench run archive"),
            (
                "see: lambench logs upstream --stack dev",
                "see: .lambench/bin/lambench logs upstream --stack dev",
            ),
            ("'lambench run' writes them", "'.lambench/bin/lambench run' writes them"),
            ("this lambench reads version 2", "this lambench reads version 2"),
            (".lambench/bin/lambench run x", ".lambench/bin/lambench run x"),
        ] {
            assert_eq!(with_path(text, path), expected);
        }
    }
}
