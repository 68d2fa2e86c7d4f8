//! `<lang>/<id>`: what a contender is called.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;

use super::templates::Language;

/// Characters of an id: a function's name has 64, with the project's, the stack's and the language's names.
const MOST: usize = 30;

/// A contender's language and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The folder below `contenders/`.
    pub language: Language,
    /// The folder below that.
    pub id: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.language.folder(), self.id)
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((language, id)) = text.split_once('/') else {
            return Err("write <lang>/<id>, such as rust/mine".to_owned());
        };
        let known = Language::value_variants().iter().find(|known| known.folder() == language);
        let Some(language) = known else {
            let known: Vec<_> = Language::value_variants().iter().map(|known| known.folder()).collect();
            return Err(format!("there is no template for '{language}', only for {}", known.join(", ")));
        };
        if !is_id(id) {
            return Err(format!(
                "an id has lower-case letters, digits and single hyphens between them, begins with a letter, and has {MOST} \
                 characters at most"
            ));
        }
        Ok(Self { language: *language, id: id.to_owned() })
    }
}

/// Whether something can be part of a function's name, the name of a Cargo package, and a folder that the stack finds.
fn is_id(id: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    id.len() <= MOST && id.starts_with(|c: char| c.is_ascii_lowercase()) && id.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_language_and_an_id() {
        let name: Name = "rust/two-at-once2".parse().unwrap();
        assert_eq!((name.language, name.id.as_str()), (Language::Rust, "two-at-once2"));
        assert_eq!(name.to_string(), "rust/two-at-once2");
    }

    #[test]
    fn what_no_contender_can_be_called_is_refused_with_the_rule() {
        for id in ["", "Mine", "2fast", "a_b", "-a", "a-", "a--b", "a/b", "../x", "ä", &"a".repeat(31)] {
            let refused = format!("rust/{id}").parse::<Name>().unwrap_err();
            assert!(refused.contains("begins with a letter"), "{id}: {refused}");
        }
        assert_eq!("mine".parse::<Name>().unwrap_err(), "write <lang>/<id>, such as rust/mine");
        let known = "there is no template for 'perl', only for rust, python, node, go, bootstrap";
        assert_eq!("perl/mine".parse::<Name>().unwrap_err(), known);
    }
}
