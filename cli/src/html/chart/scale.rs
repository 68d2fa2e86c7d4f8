//! Where values stand on an axis, and which of them get a tick.

/// Values beyond it, or closer to 0 than its inverse on a logarithmic scale, cannot be calculated with.
const GREATEST: f64 = 1e300;
/// Ticks that an axis has at most.
const MOST_TICKS: usize = 12;
/// From this ratio of the greatest to the smallest value on, a scale that starts at 0 would hide the small ones.
const WIDE: f64 = 20.0;

/// The part of the numbers that an axis shows; its ends are ticks.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    is_log: bool,
    low: f64,
    high: f64,
    /// Between two ticks of a linear scale.
    step: f64,
}

impl Scale {
    /// A linear scale that has 0 and all values.
    pub fn linear(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = range(values, |_| true);
        let (low, high) = (low.min(0.0), high.max(0.0));
        let high = if high - low > 1.0 / GREATEST { high } else { low + 1.0 };
        let step = nice((high - low) / 5.0);
        // But for what rounding has added.
        let (low, high) = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
        Self { is_log: false, low, high, step }
    }

    /// A logarithmic scale of all values above 0; linear without any.
    pub fn log(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = range(values, |value| value > 1.0 / GREATEST);
        if low > high {
            return Self::linear([]);
        }
        let (low, high) = (nice_below(low), nice(high));
        let high = if low < high { high } else { low * 10.0 };
        Self { is_log: true, low, high, step: 0.0 }
    }

    /// The linear scale, or where values are too far apart for it, the logarithmic one.
    pub fn fitting(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        let (low, high) = range(values.iter().copied(), |_| true);
        if low > 0.0 && high / low > WIDE { Self::log(values) } else { Self::linear(values) }
    }

    /// Whether it is logarithmic.
    pub fn is_log(&self) -> bool {
        self.is_log
    }

    /// Where a value stands, from 0 to 1; none if it cannot be shown.
    pub fn position(&self, value: f64) -> Option<f64> {
        let place = |value: f64| if self.is_log { value.ln() } else { value };
        let is_drawable = value.is_finite() && (!self.is_log || value > 0.0);
        let share = (place(value) - place(self.low)) / (place(self.high) - place(self.low));
        Some(share).filter(|share| is_drawable && (-1e-6..=1.0 + 1e-6).contains(share))
    }

    /// Round values to be written at the axis.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        if self.is_log { self.log_ticks() } else { self.linear_ticks() }
    }

    fn linear_ticks(&self) -> Vec<(f64, String)> {
        let first = (self.low / self.step).round();
        let ticks = (0..=2 * MOST_TICKS).map(|index| (first + small(index)) * self.step);
        let shown = ticks.take_while(|tick| *tick <= self.high + self.step / 2.0);
        shown.map(|tick| (tick, label(tick, self.step))).collect()
    }

    fn log_ticks(&self) -> Vec<(f64, String)> {
        let decades = exponent(self.low)..=exponent(self.high);
        let within = |tick: &f64| self.position(*tick).is_some();
        let of = |digits: &'static [f64]| {
            let all =
                decades.clone().flat_map(move |decade| digits.iter().map(move |digit| digit * power(decade)));
            all.filter(within).collect::<Vec<_>>()
        };
        let all = of(&[1.0, 2.0, 5.0]);
        let ticks = if all.len() > MOST_TICKS { of(&[1.0]) } else { all };
        let every = ticks.len().div_ceil(MOST_TICKS).max(1);
        ticks.into_iter().step_by(every).map(|tick| (tick, label(tick, power(exponent(tick))))).collect()
    }
}

/// The smallest and the greatest value that can be drawn; infinity and its opposite without any.
fn range(values: impl IntoIterator<Item = f64>, is_meant: impl Fn(f64) -> bool) -> (f64, f64) {
    let drawable = values.into_iter().filter(|value| value.abs() < GREATEST && is_meant(*value));
    drawable.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// The next of …, 1, 2, 5, 10, 20, 50, … that isn't below a value.
fn nice(value: f64) -> f64 {
    let decade = power(exponent(value));
    let steps = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * decade);
    steps.into_iter().find(|step| *step >= value * (1.0 - 1e-9)).unwrap_or(10.0 * decade)
}

/// The last of …, 1, 2, 5, 10, 20, 50, … that isn't above a value.
fn nice_below(value: f64) -> f64 {
    let decade = power(exponent(value));
    let steps = [5.0, 2.0, 1.0].map(|digit| digit * decade);
    steps.into_iter().find(|step| *step <= value * (1.0 + 1e-9)).unwrap_or(decade)
}

/// The power of ten of a value's first digit.
#[expect(clippy::cast_possible_truncation, reason = "a logarithm of a finite number is at most 308")]
fn exponent(value: f64) -> i32 {
    (value.log10() + 1e-9).floor() as i32
}

fn power(exponent: i32) -> f64 {
    10f64.powi(exponent)
}

#[expect(clippy::cast_precision_loss, reason = "it is an index")]
pub fn small(index: usize) -> f64 {
    index as f64
}

/// A tick's value with the digits that tell it from the next one.
fn label(value: f64, step: f64) -> String {
    if value.abs() < step / 2.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e7).contains(&value.abs()) {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e");
    }
    let places = usize::try_from(-exponent(step)).unwrap_or(0);
    group(&format!("{value:.places$}"))
}

/// A number with a comma between thousands.
fn group(number: &str) -> String {
    let (whole, rest) = number.split_once('.').map_or((number, String::new()), |(a, b)| (a, format!(".{b}")));
    let digits = whole.trim_start_matches('-');
    let mut text = whole[..whole.len() - digits.len()].to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + &rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> String {
        scale.ticks().into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_and_have_the_digits_they_need() {
        for (values, expected) in [
            (vec![0.0134, 0.2605], "0 0.1 0.2 0.3"),
            (vec![1.6, 9.0], "0 2 4 6 8 10"),
            (vec![3000.0], "0 1,000 2,000 3,000"),
            (vec![-3.0, 4.0], "-4 -2 0 2 4"),
            (vec![0.000_02], "0 5e-6 1e-5 1.5e-5 2e-5"),
            (vec![3e9], "0 1e9 2e9 3e9"),
            (vec![], "0 0.2 0.4 0.6 0.8 1.0"),
        ] {
            assert_eq!(labels(&Scale::linear(values.clone())), expected, "{values:?}");
        }
        assert_eq!(labels(&Scale::log([128.0, 1769.0])), "100 200 500 1,000 2,000");
        assert_eq!(labels(&Scale::log([0.02, 5e4])), "0.1 1 10 100 1,000 10,000");
    }

    #[test]
    fn the_ends_of_a_scale_hold_every_value() {
        for scale in [Scale::linear([0.3, 7.1]), Scale::log([0.3, 7.1])] {
            for value in [0.3, 7.1] {
                assert!(scale.position(value).is_some_and(|place| (0.0..=1.0).contains(&place)), "{scale:?}");
            }
        }
        assert_eq!(Scale::log([1.0, 100.0]).position(10.0), Some(0.5));
    }

    #[test]
    fn far_apart_values_get_a_logarithmic_scale_and_others_one_from_zero() {
        assert!(Scale::fitting([1.0, 1000.0]).is_log());
        assert!(!Scale::fitting([1.0, 20.0]).is_log());
        assert!(!Scale::fitting([0.0, 1.0, 1000.0]).is_log(), "a 0 must not get lost");
    }

    #[test]
    fn what_is_no_number_or_too_large_does_no_harm() {
        for values in [
            vec![f64::NAN],
            vec![f64::INFINITY, 1.0],
            vec![f64::MAX, -f64::MAX],
            vec![0.0, 5e-324],
            vec![1e299],
        ] {
            for scale in
                [Scale::linear(values.clone()), Scale::log(values.clone()), Scale::fitting(values.clone())]
            {
                let ticks = scale.ticks();
                assert!((1..=15).contains(&ticks.len()), "{values:?}: {ticks:?}");
                assert!(ticks.iter().all(|(tick, _)| tick.is_finite()), "{values:?}: {ticks:?}");
                assert_eq!(scale.position(f64::NAN), None);
                assert_eq!(scale.position(f64::MAX), None);
            }
        }
    }
}
