//! What Lambda and Aurora charge for.

use anyhow::Result;
use protocol::pipeline::{Invocations as Stored, RequestIds};
use tokio::time::Instant;

use super::tally::invocations;
use super::workers::generator;
use super::{Observation, RequestStatus, Run};
use crate::scenario::shared::aurora_capacity::capacities;
use crate::scenario::shared::billing_log::{self, Invocations, Span};

/// Looks up the functions' billed time and Aurora's capacity.
pub async fn look_up(run: &Run, mut observation: Observation) -> Result<Observation> {
    let now = Instant::now();
    let functions = &run.deployed.functions;
    let rows = observation.arrived.reconciliation.stored;
    let batches = rows.div_ceil(run.deployment().required("batchSize")?);
    let accepted = observation.load.requests.count(RequestStatus::Accepted);
    let answered = std::mem::take(&mut observation.load.requests.request_ids);
    // What was measured is measured, whatever becomes of its price.
    let Stored { midstream, downstream } = invocations(run).await.unwrap_or_else(|error| {
        observation.warnings.push(format!(
            "cannot tell which invocations stored the messages, so all during the run are charged: {error:#}"
        ));
        Stored::default()
    });
    let (from_ms, to_ms) = observation.span_ms();
    let upstream = match &observation.workers {
        // Workers don't pass the request ids on, but their clock is the one of the logs.
        Some(workers) => {
            let most = observation.load.requests.sent() + workers.workers.unreported;
            Invocations::Count(accepted..=most.max(accepted))
        }
        None => Invocations::Known { ids: answered, least: accepted },
    };
    let known = |stored: RequestIds| Invocations::Known {
        least: stored.count.max(batches),
        ids: stored.ids.into_iter().collect(),
    };
    for (part, function, invocations) in [
        ("upstream", &functions.upstream, upstream),
        ("midstream", &functions.midstream, known(midstream)),
        ("downstream", &functions.downstream, known(downstream)),
    ] {
        let span = Span { function, from_ms, to_ms, invocations };
        let billed = billing_log::billed(run.context(), &span, now, &mut observation.warnings).await?;
        observation.functions.push((part, billed));
    }
    if let Some(workers) = &mut observation.workers {
        let (function, warnings) = (&generator(run)?.function, &mut observation.warnings);
        workers.generation.look_up(run.context(), function, now, warnings).await?;
    }
    let (cluster, span_ms) = (&run.deployed.cluster.identifier, (from_ms, to_ms));
    let capacities = capacities(run.context(), cluster, span_ms, now, &mut observation.warnings).await?;
    observation.acu_hours = capacities.acu_hours(1, observation.seconds());
    Ok(observation)
}
