//! What contenders are ranked by.

use clap::ValueEnum;
use protocol::stats::real;
use results::scenario::archive::{Class, Contest, Success};

/// What contenders are ranked by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum RankBy {
    /// What Lambda charges for the time of a run, as in the public contest
    #[default]
    LambdaPrice,
    /// The same and the requests to S3 and Lambda, where their number is known
    TotalPrice,
    /// The mean billed duration
    Time,
}

impl RankBy {
    /// The contenders of a class that passed, the best first; without the figure, last.
    pub fn ranked(self, contest: &Contest, class: Class) -> Vec<&Success> {
        let mut ranked: Vec<_> = contest.success.iter().filter(|one| one.class == class).collect();
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

    /// What the ranking of a class is by, as people read it; the class itself only where there is another one.
    pub fn heading(self, contest: &Contest, class: Class) -> String {
        let heading = self.figure_in_words(contest, class);
        let is_only_one = contest.success.iter().all(|one| one.class == Class::OneInvocation);
        if is_only_one { heading.to_owned() } else { format!("{}: {heading}", class.name()) }
    }

    fn figure_in_words(self, contest: &Contest, class: Class) -> &'static str {
        let is_unknown = |one: &Success| one.class == class && one.total_price_usd.is_none();
        match self {
            Self::LambdaPrice => {
                "ranked by Lambda's price; for another ranking: --rank-by total-price, --rank-by time"
            }
            Self::TotalPrice if contest.success.iter().any(is_unknown) => {
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
            let ranked = rank_by.ranked(contest, Class::OneInvocation);
            ranked.iter().map(|one| one.arn.rsplit('-').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(first(RankBy::LambdaPrice, &contest), ["copies", "streams", "large"]);
        assert_eq!(first(RankBy::TotalPrice, &contest), ["streams", "large", "copies"]);
        assert_eq!(first(RankBy::Time, &contest), ["large", "copies", "streams"]);
        contest.success[2].total_price_usd = None;
        assert_eq!(first(RankBy::TotalPrice, &contest)[2], "streams", "an unknown price leads nowhere");
        let heading = |contest: &Contest, class| RankBy::TotalPrice.heading(contest, class);
        assert!(heading(&contest, Class::OneInvocation).starts_with("S3's requests were not counted"));
        contest.success[2].class = Class::FanOut;
        assert_eq!(first(RankBy::TotalPrice, &contest), ["large", "copies"], "it is ranked apart");
        assert!(heading(&contest, Class::OneInvocation).starts_with("one invocation: ranked by the price"));
        assert!(heading(&contest, Class::FanOut).starts_with("fan-out: S3's requests were not counted"));
    }
}
