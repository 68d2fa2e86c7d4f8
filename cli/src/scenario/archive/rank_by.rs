//! What contenders are ranked by.

use clap::ValueEnum;
use protocol::stats::real;
use results::scenario::archive::{Contest, Success};

/// What contenders are ranked by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum RankBy {
    /// What Lambda charges for the time of a run, as in the public contest
    #[default]
    LambdaPrice,
    /// The same and the requests to S3, which only a local environment counts
    TotalPrice,
    /// The mean billed duration
    Time,
}

impl RankBy {
    /// The contenders that passed, the best first; without the figure, last.
    pub fn ranked(self, contest: &Contest) -> Vec<&Success> {
        let mut ranked: Vec<_> = contest.success.iter().collect();
        ranked.sort_by(|one, other| self.figure(one).total_cmp(&self.figure(other)));
        ranked
    }

    fn figure(self, success: &Success) -> f64 {
        match self {
            Self::LambdaPrice => success.run_price_usd,
            Self::TotalPrice => success.total_price_usd.unwrap_or(f64::INFINITY),
            Self::Time => real(success.duration_ms),
        }
    }

    /// What a ranking is by, as people read it.
    pub fn heading(self, contest: &Contest) -> &'static str {
        match self {
            Self::LambdaPrice => {
                "ranked by Lambda's price; for another ranking: --rank-by total-price, --rank-by time"
            }
            Self::TotalPrice if contest.success.iter().any(|one| one.total_price_usd.is_none()) => {
                "S3's requests were not counted, so there is no price in all: ranked by Lambda's price where it is missing"
            }
            Self::TotalPrice => "ranked by the price in all, with S3's requests",
            Self::Time => "ranked by the mean billed duration",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::archive::testing::{contest, success};

    #[test]
    fn each_ranking_has_its_own_first() {
        let priced = |name, ms, memory_mb, usd| {
            let mut one = success(name, ms);
            (one.memory_mb, one.total_price_usd) = (memory_mb, usd);
            one.run_price_usd *= real(memory_mb) / 512.0;
            one
        };
        let mut contest = contest(vec![
            priced("copies", 2000, 512, Some(0.001)),
            priced("large", 1000, 1769, Some(0.0005)),
            priced("streams", 3000, 512, Some(0.0001)),
        ]);
        let first = |rank_by: RankBy, contest: &Contest| {
            let ranked = rank_by.ranked(contest);
            ranked.iter().map(|one| one.arn.rsplit('-').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(first(RankBy::LambdaPrice, &contest), ["copies", "streams", "large"]);
        assert_eq!(first(RankBy::TotalPrice, &contest), ["streams", "large", "copies"]);
        assert_eq!(first(RankBy::Time, &contest), ["large", "copies", "streams"]);
        contest.success[2].total_price_usd = None;
        assert_eq!(first(RankBy::TotalPrice, &contest)[2], "streams", "an unknown price leads nowhere");
        assert!(RankBy::TotalPrice.heading(&contest).contains("were not counted"));
    }
}
