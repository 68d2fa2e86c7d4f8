//! What has to hold at a rate: `p99<500ms,errors<0.1%`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use protocol::histogram::Latency;
use protocol::stats::real;
use results::scenario::pipeline::{KneeKind, Stage};

use crate::duration;
use crate::scenario::shared::tables::{ms, per_second};

/// How conditions are written.
const EXAMPLE: &str = "write it like 'p99<500ms,errors<0.1%', with p50, p90, p99 and p99.9 of requests, end-to-end.p99 of the whole way, \
                       and errors";

/// Conditions that all have to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Slo(Vec<Condition>);

/// A figure that has to be below a limit.
#[derive(Debug, Clone, PartialEq)]
struct Condition {
    /// As it was written.
    text: String,
    figure: Figure,
    /// Whether the limit itself still holds.
    is_inclusive: bool,
}

/// What is limited, and by what.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Figure {
    /// A percentile.
    Latency(Way, Percentile, Duration),
    /// Requests whose message did not become a row, per cent.
    Errors(f64),
}

/// Which latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Until the API has answered.
    Http,
    /// Until the row's commit is confirmed.
    EndToEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Percentile {
    P50,
    P90,
    P99,
    P99_9,
}

impl Percentile {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "p50" => Self::P50,
            "p90" => Self::P90,
            "p99" => Self::P99,
            "p99.9" => Self::P99_9,
            _ => return None,
        })
    }

    fn of(self, latency: &Latency) -> f64 {
        match self {
            Self::P50 => latency.p50,
            Self::P90 => latency.p90,
            Self::P99 => latency.p99,
            Self::P99_9 => latency.p99_9,
        }
    }
}

impl Slo {
    /// The shortest latency that nearly all requests may have: of a condition on p99 or p99.9; none without one.
    pub fn nearly_all(&self) -> Option<Duration> {
        let limits = self.limits();
        limits.filter(|(percentile, _)| *percentile >= Percentile::P99).map(|(_, limit)| limit).min()
    }

    /// The shortest limit of a latency; none without one.
    pub fn shortest(&self) -> Option<Duration> {
        self.limits().map(|(_, limit)| limit).min()
    }

    /// What did not hold, in words. The pipeline has to keep up besides: latencies of a queue that grows are those of its start.
    pub fn broken(&self, stage: &Stage) -> Vec<String> {
        let conditions = self.0.iter().filter_map(|condition| condition.broken(stage));
        let behind = stage.falls_behind().map(|kind| {
            let (what, rate) = match kind {
                KneeKind::Rows => ("messages became rows", stage.stored_per_second),
                _ => ("requests were accepted", stage.accepted_per_second),
            };
            format!("{} {what} per second of {}", per_second(rate), per_second(stage.offered_per_second()))
        });
        conditions.chain(behind).collect()
    }

    fn limits(&self) -> impl Iterator<Item = (Percentile, Duration)> {
        self.0.iter().filter_map(|condition| match condition.figure {
            Figure::Latency(_, percentile, limit) => Some((percentile, limit)),
            Figure::Errors(_) => None,
        })
    }
}

impl Condition {
    fn broken(&self, stage: &Stage) -> Option<String> {
        match self.figure {
            Figure::Errors(limit) => {
                let failed = stage.sent() - stage.stored;
                let share = 100.0 * real(failed) / real(stage.sent().max(1));
                let throttled = match stage.throttled {
                    0 => String::new(),
                    throttled => format!(" ({throttled} throttled)"),
                };
                (!self.holds(share, limit)).then(|| format!("errors {share:.2} %{throttled}"))
            }
            Figure::Latency(way, percentile, limit) => {
                let latency = match way {
                    Way::Http => stage.latency_ms,
                    Way::EndToEnd => stage.end_to_end_ms,
                };
                let name = self.text.split('<').next().unwrap_or_default().trim();
                let Some(latency) = latency else { return Some(format!("{name}: nothing was measured")) };
                let value = percentile.of(&latency);
                (!self.holds(value, limit.as_secs_f64() * 1e3)).then(|| format!("{name} {} ms", ms(value)))
            }
        }
    }

    fn holds(&self, value: f64, limit: f64) -> bool {
        if self.is_inclusive { value <= limit } else { value < limit }
    }
}

impl FromStr for Slo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',').map(|one| one.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, limit) = text.split_once('<').ok_or_else(|| format!("'{text}' has no '<': {EXAMPLE}"))?;
        let (limit, is_inclusive) = limit.strip_prefix('=').map_or((limit, false), |limit| (limit, true));
        let (name, limit) = (name.trim(), limit.trim());
        let figure = if name == "errors" { errors(text, limit)? } else { latency(text, name, limit)? };
        Ok(Self { text: text.to_owned(), figure, is_inclusive })
    }
}

fn errors(text: &str, limit: &str) -> Result<Figure, String> {
    let share = limit.strip_suffix('%').and_then(|share| share.trim().parse::<f64>().ok());
    let is_share = |share: &f64| (0.0..=100.0).contains(share);
    share
        .filter(is_share)
        .map(Figure::Errors)
        .ok_or_else(|| format!("'{text}' has no share from 0% to 100%: {EXAMPLE}"))
}

fn latency(text: &str, name: &str, limit: &str) -> Result<Figure, String> {
    let (way, percentile) = match name.split_once('.') {
        Some(("http", percentile)) => (Way::Http, percentile),
        Some(("end-to-end", percentile)) => (Way::EndToEnd, percentile),
        _ => (Way::Http, name),
    };
    let percentile = Percentile::parse(percentile)
        .ok_or_else(|| format!("'{name}' is no figure of a trial: {EXAMPLE}"))?;
    let limit = duration::parse(limit).map_err(|error| format!("'{text}': {error}"))?;
    Ok(Figure::Latency(way, percentile, limit))
}

impl fmt::Display for Slo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<&str> = self.0.iter().map(|condition| condition.text.as_str()).collect();
        formatter.write_str(&all.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slo(text: &str) -> Slo {
        text.parse().unwrap()
    }

    /// 100/s for 10 s, of which 99.9 % became rows.
    fn stage() -> Stage {
        let latency = |p50, p99| Some(Latency { p50, p90: p99 - 1.0, p99, p99_9: p99 + 100.0 });
        Stage {
            rate: 100,
            seconds: 10.0,
            due: 1000,
            accepted: 1000,
            stored: 999,
            accepted_per_second: 100.0,
            stored_per_second: 99.9,
            latency_ms: latency(20.0, 250.0),
            end_to_end_ms: latency(900.0, 1800.0),
            connections: 50,
            ..Stage::default()
        }
    }

    fn broken(text: &str) -> Vec<String> {
        slo(text).broken(&stage())
    }

    #[test]
    fn each_condition_is_one_of_requests_or_of_the_whole_way() {
        assert_eq!(broken("p99<500ms,errors<=0.1%"), [""; 0]);
        assert_eq!(broken("p50<20ms, http.p99<251ms"), ["p50 20.0 ms"]);
        assert_eq!(broken("p50<=20ms"), [""; 0]);
        assert_eq!(broken("end-to-end.p99<1s,p99.9<1s"), ["end-to-end.p99 1800 ms"]);
        assert_eq!(broken("errors<0.1%"), ["errors 0.10 %"], "one of a thousand is a tenth of a per cent");
        assert_eq!(slo("p99<500ms, errors<0.1%").to_string(), "p99<500ms,errors<0.1%");
    }

    #[test]
    fn what_falls_behind_or_was_not_measured_never_holds() {
        let slo = slo("p99<500ms");
        let rows = Stage { stored_per_second: 80.0, ..stage() };
        assert_eq!(slo.broken(&rows), ["80.0 messages became rows per second of 100"]);
        let requests = Stage { accepted_per_second: 70.0, stored_per_second: 70.0, ..stage() };
        assert_eq!(slo.broken(&requests), ["70.0 requests were accepted per second of 100"]);
        let nothing = Stage { latency_ms: None, ..stage() };
        assert_eq!(slo.broken(&nothing), ["p99: nothing was measured"]);
    }

    #[test]
    fn busy_connections_tell_only_of_limits_for_nearly_all_requests() {
        let ms = |text: &str| slo(text).nearly_all().map(|limit| limit.as_millis());
        assert_eq!(ms("p50<100ms,p99<500ms,end-to-end.p99.9<2s"), Some(500));
        assert_eq!(ms("p50<100ms,p90<200ms,errors<1%"), None);
        assert_eq!(slo("p50<100ms,p99<500ms").shortest(), Some(Duration::from_millis(100)));
        assert_eq!(slo("errors<1%").shortest(), None);
    }

    #[test]
    fn throttled_requests_are_told() {
        let stage = Stage { accepted: 900, stored: 900, throttled: 100, ..stage() };
        assert_eq!(slo("errors<1%").broken(&stage), ["errors 10.00 % (100 throttled)"]);
    }

    #[test]
    fn what_is_no_condition_is_refused_with_what_to_write() {
        for (text, expected) in [
            ("p99", "has no '<'"),
            ("p99>500ms", "has no '<'"),
            ("", "has no '<'"),
            ("p95<500ms", "'p95' is no figure of a trial"),
            ("row.p99<500ms", "'row.p99' is no figure of a trial"),
            ("p99<500", "it has no unit: write 500s"),
            ("errors<1", "no share from 0% to 100%"),
            ("errors<101%", "no share from 0% to 100%"),
        ] {
            let error = text.parse::<Slo>().unwrap_err();
            assert!(error.contains(expected), "'{text}': {error}");
        }
    }
}
