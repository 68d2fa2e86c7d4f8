//! Lengths of time as people write them on a command line.

use std::time::Duration;

use jiff::SignedDuration;

/// A length of time with its unit, such as `30s`, `2m` or `1m30s`.
///
/// # Errors
/// If it has no unit, is negative or is no time at all; says how to write it.
pub fn parse(text: &str) -> Result<Duration, String> {
    if text.parse::<f64>().is_ok() {
        return Err(format!("it has no unit: write {text}s for seconds, or {text}m for minutes"));
    }
    let time: SignedDuration =
        text.parse().map_err(|error| format!("{error}: write it like 30s, 2m or 1m30s"))?;
    Duration::try_from(time).map_err(|_| "a time cannot be negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, ms) in [
            ("90s", 90_000),
            ("2m", 120_000),
            ("1m30s", 90_000),
            ("1 minute", 60_000),
            ("0s", 0),
            ("1500ms", 1500),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }
}
