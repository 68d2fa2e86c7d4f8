//! A line of values in the space of a word.

/// From an eighth of the largest value to all of it.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A block for each value, as high as its share of the largest one: from 0, so that noise doesn't look like a change.
pub fn sparkline(values: &[f64]) -> String {
    let largest = values.iter().copied().fold(0.0, f64::max);
    values.iter().map(|value| block(*value, largest)).collect()
}

fn block(value: f64, largest: f64) -> char {
    let reached = |eighths: &f64| value * 8.0 >= (eighths - 0.5) * largest;
    let higher = (2_u8..=8).map(f64::from).filter(reached).count();
    if largest > 0.0 { BLOCKS[higher] } else { BLOCKS[0] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_as_high_as_the_values_share_of_the_largest_one() {
        assert_eq!(sparkline(&[8.0, 4.0, 1.0, 0.0, 6.4]), "█▄▁▁▆");
    }

    #[test]
    fn noise_looks_like_noise() {
        assert_eq!(sparkline(&[100.0, 101.0, 99.0]), "███");
        assert_eq!(sparkline(&[0.0, 0.0]), "▁▁");
        assert_eq!(sparkline(&[]), "");
    }
}
