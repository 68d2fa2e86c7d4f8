//! What a contest comes down to: the lowest price.

use results::scenario::archive::Contest;

use super::contender;
use crate::scenario::shared::headline::{Headline, best};

/// The cheapest contender, S3's requests included unless they were not counted for one of them.
pub fn headline(contest: &Contest, stack: &str) -> Option<Headline> {
    let totals: Option<Vec<f64>> = contest.success.iter().map(|one| one.total_price_usd).collect();
    let unit = match totals {
        Some(_) => "USD for 1,000 runs, with S3 requests",
        None => "USD for 1,000 runs, without S3 requests",
    };
    let prices = totals.unwrap_or_else(|| contest.success.iter().map(|one| one.run_price_usd).collect());
    best(contest.success.iter().zip(prices).map(|(one, usd)| Headline {
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
        contest.success.clear();
        assert_eq!(headline(&contest, "dev"), None);
    }
}
