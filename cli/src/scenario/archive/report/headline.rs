//! What a contest comes down to: the lowest price.

use results::scenario::archive::{Class, Contest};

use super::contender;
use crate::scenario::shared::headline::{Headline, best};

/// The cheapest contender of those with one invocation, and only without any of those that fan out; S3's requests included unless
/// their number is unknown for one of them.
pub fn headline(contest: &Contest, stack: &str) -> Option<Headline> {
    let class = contest.success.iter().map(|one| one.class).min()?;
    let ranked: Vec<_> = contest.success.iter().filter(|one| one.class == class).collect();
    let totals: Option<Vec<f64>> = ranked.iter().map(|one| one.total_price_usd).collect();
    let unit = match (class, &totals) {
        (Class::OneInvocation, Some(_)) => "USD for 1,000 runs, with S3 requests",
        (Class::OneInvocation, None) => "USD for 1,000 runs, without S3 requests",
        (Class::FanOut, Some(_)) => "USD for 1,000 runs with fan-out, with S3 requests",
        (Class::FanOut, None) => "USD for 1,000 runs with fan-out, without S3 requests",
    };
    let prices = totals.unwrap_or_else(|| ranked.iter().map(|one| one.run_price_usd).collect());
    best(ranked.into_iter().zip(prices).map(|(one, usd)| Headline {
        of: contender(stack, &one.arn).to_owned(),
        value: usd * 1000.0,
        unit,
        is_rate: false,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::success;

    #[test]
    fn requests_count_where_those_of_all_contenders_were_counted() {
        let mut contest = Contest {
            success: vec![success("fast", 1000), success("slow", 2000)],
            failure: vec![],
            ..Contest::default()
        };
        let of = |contest: &Contest| headline(contest, "dev").map(|one| (one.of, one.unit)).unwrap();
        assert_eq!(of(&contest), ("fast".to_owned(), "USD for 1,000 runs, without S3 requests"));
        contest.success[0].total_price_usd = Some(2.0);
        assert_eq!(of(&contest).1, "USD for 1,000 runs, without S3 requests");
        contest.success[1].total_price_usd = Some(1.0);
        assert_eq!(of(&contest), ("slow".to_owned(), "USD for 1,000 runs, with S3 requests"));
        contest.success[1].class = Class::FanOut;
        assert_eq!(
            of(&contest),
            ("fast".to_owned(), "USD for 1,000 runs, with S3 requests"),
            "another class"
        );
        contest.success[0].class = Class::FanOut;
        assert_eq!(of(&contest), ("slow".to_owned(), "USD for 1,000 runs with fan-out, with S3 requests"));
        contest.success.clear();
        assert_eq!(headline(&contest, "dev"), None);
    }
}
