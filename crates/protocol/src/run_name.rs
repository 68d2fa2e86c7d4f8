//! Names of runs, wherever they come from: an option, an event, an attribute of a message.

/// The longest name, bytes: with what is added to it, it has to fit into a key of DynamoDB.
pub const MAX_BYTES: usize = 256;

/// No run can have this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a run must have 1 to {MAX_BYTES} bytes and no control characters; this one has {0} bytes"
)]
pub struct InvalidName(usize);

/// The name, if a run can have it.
///
/// # Errors
/// If it is empty or too long, or has characters that SQS doesn't take or nobody can read.
pub fn check(name: &str) -> Result<&str, InvalidName> {
    let is_unsendable = |one: char| one.is_control() || matches!(one, '\u{FFFE}' | '\u{FFFF}');
    let is_valid = (1..=MAX_BYTES).contains(&name.len()) && !name.contains(is_unsendable);
    if is_valid { Ok(name) } else { Err(InvalidName(name.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_readable_and_neither_empty_nor_long() {
        for name in ["r", "lambench-20261121T100000000Z-1-10", "Lauf ü", &"é".repeat(128)] {
            assert_eq!(check(name), Ok(name));
        }
        for name in ["", "a\nb", "a\u{7f}", "\u{ffff}", &"é".repeat(129), &"x".repeat(8000)] {
            assert_eq!(check(name), Err(InvalidName(name.len())), "{name:?}");
        }
    }
}
