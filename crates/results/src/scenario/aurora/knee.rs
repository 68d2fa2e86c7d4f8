//! The knee of a ramp: where more load stops paying.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stage;
use protocol::stats::real;

/// More clients pay as long as each per cent more of them brings this many per cent more TPS.
const PAYS: f64 = 0.1;

/// Where more load stops paying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Knee {
    /// The stage's clients.
    pub clients: u64,
    /// What happens there.
    pub kind: KneeKind,
}

/// What happens at a knee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KneeKind {
    /// Closed loop: more clients bring hardly more TPS, only longer latencies.
    Saturated,
    /// Open loop: less is completed than offered.
    Overloaded,
}

impl Knee {
    /// The knee of some stages, in the order in which they ran; none if more load paid to the end, or with one stage
    /// of a closed loop, which cannot tell.
    #[must_use]
    pub fn of(stages: &[Stage]) -> Option<Self> {
        if let Some(stage) = stages.iter().find(|stage| !stage.keeps_up()) {
            return Some(Self { clients: stage.clients, kind: KneeKind::Overloaded });
        }
        let saturated = stages
            .iter()
            .enumerate()
            .find(|(index, stage)| stage.offered_tps.is_none() && is_saturated(stage, &stages[index + 1..]));
        saturated.map(|(_, stage)| Self { clients: stage.clients, kind: KneeKind::Saturated })
    }
}

/// Whether no later stage is worth its additional clients. Each is compared with this one, not with the one before it:
/// so a stage that noise made slow doesn't make the next one look worth while.
fn is_saturated(stage: &Stage, later: &[Stage]) -> bool {
    let Some(last) = later.last() else { return false };
    let p99 = |stage: &Stage| stage.aggregate.latency_ms.map_or(0.0, |latency| latency.p99);
    p99(last) > p99(stage) && later.iter().all(|next| gain(stage, next) < PAYS)
}

/// How much more TPS a stage brings for how many more clients: 1 if both grow by the same share.
fn gain(from: &Stage, to: &Stage) -> f64 {
    let growth = |from: f64, to: f64| (to - from) / from;
    growth(from.aggregate.tps, to.aggregate.tps) / growth(real(from.clients), real(to.clients))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::scenario::aurora::Aggregate;
    use protocol::histogram::Latency;

    fn stage(clients: u64, offered_tps: Option<f64>, tps: f64, p99: f64) -> Stage {
        let aggregate = Aggregate {
            workers: clients,
            lost: 0,
            late: 0,
            cold_starts: 0,
            completions: 1000,
            repeats: 0,
            errors: BTreeMap::new(),
            tps,
            latency_ms: Some(Latency { p50: p99 / 2.0, p90: p99, p99, p99_9: p99 }),
            connections: None,
            connections_opened: clients,
            cpu_ms: 0.0,
            elapsed_seconds: 10.0,
        };
        Stage { clients, offered_tps, aggregate, acus: None }
    }

    fn closed(stages: &[(u64, f64, f64)]) -> Option<Knee> {
        let stages: Vec<Stage> =
            stages.iter().map(|&(clients, tps, p99)| stage(clients, None, tps, p99)).collect();
        Knee::of(&stages)
    }

    fn saturated(clients: u64) -> Knee {
        Knee { clients, kind: KneeKind::Saturated }
    }

    #[test]
    fn the_knee_is_where_tps_stops_growing_and_latency_starts() {
        let stages =
            [(1, 100.0, 10.0), (2, 195.0, 10.0), (4, 380.0, 11.0), (8, 390.0, 21.0), (16, 395.0, 41.0)];
        assert_eq!(closed(&stages), Some(saturated(4)));
    }

    #[test]
    fn a_load_that_still_pays_has_no_knee() {
        assert_eq!(closed(&[(1, 100.0, 10.0), (2, 190.0, 10.0), (4, 350.0, 11.0)]), None);
    }

    #[test]
    fn one_stage_alone_cannot_tell() {
        assert_eq!(closed(&[(8, 100.0, 10.0)]), None);
        assert_eq!(closed(&[]), None);
    }

    #[test]
    fn a_small_step_is_held_to_its_small_number_of_clients() {
        // 5 % more clients and 4 % more TPS: that pays, though it is less than 10 % more.
        assert_eq!(closed(&[(20, 100.0, 10.0), (21, 104.0, 11.0)]), None);
        assert_eq!(closed(&[(20, 100.0, 10.0), (40, 104.0, 19.0)]), Some(saturated(20)));
    }

    #[test]
    fn noise_on_the_plateau_does_not_hide_the_knee() {
        let stages =
            [(1, 100.0, 10.0), (4, 400.0, 10.0), (7, 350.0, 22.0), (10, 412.0, 25.0), (13, 395.0, 33.0)];
        assert_eq!(closed(&stages), Some(saturated(4)));
    }

    #[test]
    fn one_slow_stage_in_a_load_that_still_pays_is_no_knee() {
        assert_eq!(closed(&[(1, 100.0, 10.0), (2, 100.0, 20.0), (4, 390.0, 11.0)]), None);
    }

    #[test]
    fn without_longer_latencies_it_is_not_the_database_that_is_full() {
        assert_eq!(closed(&[(1, 100.0, 10.0), (2, 101.0, 10.0), (4, 102.0, 10.0)]), None);
    }

    #[test]
    fn stages_in_which_nothing_completed_have_no_knee() {
        assert_eq!(closed(&[(1, 0.0, 0.0), (2, 0.0, 0.0)]), None);
        assert_eq!(closed(&[(1, 0.0, 0.0), (2, 50.0, 10.0)]), None);
    }

    #[test]
    fn an_offered_load_has_its_knee_where_the_database_falls_behind() {
        let open = |stages: &[(u64, f64)]| {
            let stages: Vec<Stage> =
                stages.iter().map(|&(clients, tps)| stage(clients, Some(500.0), tps, 10.0)).collect();
            Knee::of(&stages)
        };
        assert_eq!(open(&[(1, 499.0), (2, 476.0)]), None);
        let overloaded = Some(Knee { clients: 2, kind: KneeKind::Overloaded });
        assert_eq!(open(&[(1, 499.0), (2, 474.0), (4, 400.0)]), overloaded);
    }
}
