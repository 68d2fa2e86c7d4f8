//! Cases at the same time: they wait more than they compute.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use aws_config::SdkConfig;
use protocol::archive::Deployed;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::Contender;
use super::faults::Faults;
use super::function_clone::FunctionClone;
use super::input::Input;
use super::sandbox::Sandbox;
use super::test_case::{self, Checked};
use crate::local::ephemeral_s3::EphemeralS3;
use crate::progress::Progress;
use crate::shutdown::Stop;

/// Workers at once. Each has an S3 model of its own, since faults concern all that one does.
pub const MOST: usize = 4;

/// What a worker does in one go: an input is made once for several contenders.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    input: Input,
    contenders: Vec<Contender>,
}

impl Work {
    /// How many cases it is.
    pub fn cases(&self) -> usize {
        with_faults(self.input).count() * self.contenders.len()
    }
}

/// Divides cases so that no worker is without work; the last inputs come first, since they take longest.
pub fn divide(inputs: &[Input], contenders: &[Contender]) -> Vec<Work> {
    let groups = MOST.div_ceil(inputs.len().max(1));
    let size = contenders.len().div_ceil(groups).max(1);
    let of = |input: &Input| {
        let input = *input;
        contenders.chunks(size).map(move |group| Work { input, contenders: group.to_vec() })
    };
    inputs.iter().rev().flat_map(of).collect()
}

/// Does all work, with a worker for each model of S3.
///
/// # Errors
/// When a case cannot be checked, or the user ends the check; no worker goes on then.
pub async fn check(
    archive: &Deployed,
    config: &SdkConfig,
    s3: &EphemeralS3,
    work: Vec<Work>,
    progress: Progress,
) -> Result<Vec<Checked>> {
    let queue = Arc::new(Mutex::new(work.into_iter()));
    let (checked, received) = unbounded_channel();
    let mut workers = JoinSet::new();
    for (number, addresses) in s3.addresses.iter().enumerate() {
        let worker = Worker {
            number,
            archive: archive.clone(),
            config: config.clone(),
            sandbox: Sandbox::new(addresses.clone(), archive),
            clones: HashMap::new(),
            checked: checked.clone(),
        };
        workers.spawn(worker.run(queue.clone()));
    }
    drop(checked);
    let stop = Stop::default();
    stop.listen();
    let collected = collect(&mut workers, received, progress);
    let removed = || "the clones of the contenders and their buckets are removed".to_owned();
    let all = stop.unless_requested(collected, removed).await;
    workers.shutdown().await;
    all
}

/// What the workers find, until they have ended or one fails.
async fn collect(
    workers: &mut JoinSet<Result<()>>,
    mut received: UnboundedReceiver<Checked>,
    mut progress: Progress,
) -> Result<Vec<Checked>> {
    let mut all = Vec::new();
    loop {
        tokio::select! {
            Some(case) = received.recv() => {
                let what = format!("{}: {}, {}", case.contender, case.input.name(), case.faults.title());
                all.push(case);
                progress.set(all.len() as u64, &what);
            }
            Some(ended) = workers.join_next() => ended??,
            else => break,
        }
    }
    progress.end();
    Ok(all)
}

struct Worker {
    number: usize,
    archive: Deployed,
    config: SdkConfig,
    sandbox: Sandbox,
    /// By the contender's name.
    clones: HashMap<String, FunctionClone>,
    checked: UnboundedSender<Checked>,
}

impl Worker {
    async fn run(mut self, queue: Arc<Mutex<std::vec::IntoIter<Work>>>) -> Result<()> {
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some(Work { input, contenders }) = next() {
            for contender in &contenders {
                for (input, faults) in with_faults(input) {
                    let case = self.case(contender, input, faults).await?;
                    // Nobody listens any more only when the check has ended.
                    let _ = self.checked.send(case);
                }
            }
        }
        Ok(())
    }

    async fn case(&mut self, contender: &Contender, input: Input, faults: Faults) -> Result<Checked> {
        let Contender { name, function } = contender;
        let clone = match self.clones.entry(name.clone()) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(place) => {
                let (s3, deployment) = (&self.sandbox.s3.s3, &self.archive.deployment);
                let clone = format!("{}-{name}", self.number);
                place.insert(FunctionClone::of(&self.config, deployment, &clone, function, s3).await?)
            }
        };
        test_case::run(&mut self.sandbox, clone, name, input, faults).await
    }
}

/// What happens to a bucket is a fault of its own, for example.
fn with_faults(input: Input) -> impl Iterator<Item = (Input, Faults)> {
    let faults =
        Faults::ALL.into_iter().filter(move |faults| *faults == Faults::None || input.meets_faults());
    faults.map(move |faults| (input, faults))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contenders(count: usize) -> Vec<Contender> {
        (0..count)
            .map(|number| Contender { name: format!("rust-{number}"), function: String::new() })
            .collect()
    }

    #[test]
    fn inputs_meet_all_faults_and_events_none() {
        assert_eq!(with_faults(Input::Contest).count(), 3);
        assert_eq!(with_faults(Input::Many65536).count(), 1);
        assert_eq!(with_faults(Input::Deleted).collect::<Vec<_>>(), [(Input::Deleted, Faults::None)]);
    }

    #[test]
    fn an_input_is_made_once_for_all_contenders_unless_workers_would_have_nothing_to_do() {
        let inputs: Vec<Input> = Input::all().collect();
        let work = divide(&inputs, &contenders(3));
        assert_eq!(work.len(), inputs.len());
        assert!(work.iter().all(|one| one.contenders.len() == 3));
        let sizes = |inputs: &[Input], count| {
            divide(inputs, &contenders(count)).iter().map(|one| one.contenders.len()).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&[Input::One], 6), [2, 2, 2]);
        assert_eq!(sizes(&[Input::One], 1), [1]);
        assert_eq!(sizes(&[Input::One, Input::Many], 2), [1, 1, 1, 1]);
        assert!(divide(&[], &contenders(2)).is_empty());
    }
}
