//! Settings from the environment: read once at start-up, and refused by name.

use std::str::FromStr;

/// A setting that is absent or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// The variable is not set, or is set to nothing.
    #[error("the environment variable {name} is missing: set it to {expected}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it must hold.
        expected: &'static str,
    },
    /// The variable's value cannot be read as its type.
    #[error("the environment variable {name} is '{value}', but must be {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it must hold.
        expected: &'static str,
    },
}

/// Reads the variable `name` as a `T`; `expected` completes "must be …", such as `a whole number of seconds`.
///
/// # Errors
/// [`EnvError`] if the variable is missing, empty or not a `T`.
pub fn setting<T: FromStr>(name: &'static str, expected: &'static str) -> Result<T, EnvError> {
    parse(name, expected, std::env::var(name).ok())
}

fn parse<T: FromStr>(
    name: &'static str,
    expected: &'static str,
    value: Option<String>,
) -> Result<T, EnvError> {
    let value = value.filter(|text| !text.is_empty()).ok_or(EnvError::Missing { name, expected })?;
    value.parse().map_err(|_| EnvError::Invalid { name, value, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHAT: &str = "a whole number of objects";

    #[test]
    fn a_setting_is_read_as_its_type() {
        assert_eq!(parse("COUNT", WHAT, Some("25".into())), Ok(25_u64));
    }

    #[test]
    fn a_missing_or_empty_setting_is_named_with_what_it_must_be() {
        for value in [None, Some(String::new())] {
            let error = parse::<u64>("COUNT", WHAT, value).unwrap_err();
            assert_eq!(
                error.to_string(),
                "the environment variable COUNT is missing: set it to a whole number of objects"
            );
        }
    }

    #[test]
    fn a_wrong_setting_is_shown_with_what_it_must_be() {
        let error = parse::<u64>("COUNT", WHAT, Some("many".into())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment variable COUNT is 'many', but must be a whole number of objects"
        );
    }
}
