//! What a sweep comes down to: its best size.

use results::memory_sweep::{MemorySweep, Point};
use results::scenario::Detail;

use super::prefixed;
use crate::scenario::shared::headline::{Headline, best};

/// The best of the sizes' own, of those whose checks passed; none where they are not of the same kind.
pub fn headline(sweep: &MemorySweep, of: impl Fn(&Detail) -> Option<Headline>) -> Option<Headline> {
    let fit = sweep.points.iter().filter(|point| point.is_fit());
    let headline = |point: &Point| {
        let headline = of(&point.detail)?;
        Some(Headline { of: prefixed(point.memory_mb, &headline.of), ..headline })
    };
    let headlines: Vec<_> = fit.filter_map(headline).collect();
    let is_alike = headlines.windows(2).all(|pair| pair[0].unit == pair[1].unit);
    best(headlines.into_iter().filter(|_| is_alike))
}

#[cfg(test)]
mod tests {
    use results::memory_sweep::Compared;
    use results::scenario::archive::Contest;

    use super::*;

    fn point(memory_mb: u64, failed_checks: &[&str]) -> Point {
        Point {
            memory_mb,
            figures: vec![],
            failed_checks: failed_checks.iter().map(ToString::to_string).collect(),
            missing: vec![],
            cpu: None,
            detail: Detail::Archive(Contest { success: vec![], failure: vec![], ..Contest::default() }),
        }
    }

    #[test]
    fn the_best_size_is_one_whose_checks_passed_and_only_figures_of_one_kind_are_compared() {
        let compared = Compared { speed: "s".to_owned(), is_rate: false, price: "a run".to_owned() };
        let points = vec![point(128, &[]), point(256, &["1 item lost"]), point(512, &[])];
        let sweep = MemorySweep::new(compared, points);
        let of = |units: [&'static str; 2]| {
            let mut of_points = [(3.0, units[0]), (2.0, units[1])].into_iter();
            let next = std::cell::RefCell::new(&mut of_points);
            headline(&sweep, |_| {
                let (value, unit) = next.borrow_mut().next()?;
                Some(Headline { of: "all".to_owned(), value, unit, is_rate: false })
            })
        };
        assert_eq!(of(["s", "s"]).unwrap().of, "512 MB: all");
        assert_eq!(of(["s", "USD"]), None);
    }
}
