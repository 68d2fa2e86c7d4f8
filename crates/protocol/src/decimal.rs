//! Whole numbers in ids and messages.

/// The number that a text writes with decimal digits and nothing else; none for a sign, a space or more than 64 bits.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_are_a_number() {
        assert_eq!(["0", "17", "007", "18446744073709551615"].map(parse), [0, 17, 7, u64::MAX].map(Some));
        for text in ["", "+7", "-7", " 7", "7 ", "7.0", "1e3", "٧", "18446744073709551616"] {
            assert_eq!(parse(text), None, "'{text}'");
        }
    }
}
