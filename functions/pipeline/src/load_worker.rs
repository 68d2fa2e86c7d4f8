//! One of the workers that generate a load together: an open loop of requests to the API, from where the pipeline is.

use aws_config::SdkConfig;
use lambda_kit::{Failure, env};
use load::{Load, Report, Signer, Task};
use protocol::pipeline::Auth;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// No such worker.
    #[error("worker is {0}, but must be below workers, {1}")]
    Worker(u64, u64),
    /// The generator.
    #[error("{0}")]
    Load(String),
    /// The generator's thread ended without a word.
    #[error("the load generator has crashed")]
    Crashed,
}

/// What a worker is set up with.
pub struct LoadWorker {
    config: SdkConfig,
    url: String,
    auth: Auth,
    region: String,
}

impl LoadWorker {
    /// From the environment: `API_URL`, `API_AUTH` and `AWS_REGION`.
    ///
    /// # Errors
    /// If a variable is missing or wrong.
    pub fn from_env(config: &SdkConfig) -> Result<Self, Failure> {
        Ok(Self {
            url: env::setting("API_URL", "the URL that requests are sent to")?,
            auth: env::setting("API_AUTH", "'iam' or 'none'")?,
            region: env::setting("AWS_REGION", "the region of the API")?,
            config: config.clone(),
        })
    }

    /// Sends this worker's part of a load, and says what became of it.
    ///
    /// # Errors
    /// [`WorkerError`].
    pub async fn work(&self, task: Task) -> Result<Report, WorkerError> {
        let (worker, start_at) = (task.worker, task.start_at());
        let schedule = task.load.schedule;
        if worker >= schedule.workers {
            return Err(WorkerError::Worker(worker, schedule.workers));
        }
        let plan = schedule.plan(worker);
        let mut running = load::start(Load {
            url: self.url.clone(),
            run: task.load.run,
            plan,
            start_at: Some(start_at),
            connections: task.load.connections,
            message_bytes: task.load.message_bytes,
            signer: self.signer(),
        })
        .map_err(|error| WorkerError::Load(format!("{error:#}")))?;
        let generated = (&mut running.end).await.map_err(|_| WorkerError::Crashed)?;
        let load = generated.map_err(|error| WorkerError::Load(format!("{error:#}")))?;
        if !load.late.is_zero() {
            let ms = load.late.as_millis();
            tracing::warn!(worker, ms, "ready only after the load had started");
        }
        Ok(Report { worker, load })
    }

    fn signer(&self) -> Option<Signer> {
        let provider = self.config.credentials_provider().filter(|_| self.auth == Auth::Iam);
        provider.map(|provider| Signer::new(provider, &self.region))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use load::Stage;
    use protocol::pipeline::Arrivals;

    use super::*;

    /// What the state machine sends, of an API where nothing answers.
    fn task(worker: u64) -> Task {
        let json = include_str!("../fixtures/load-task.json");
        Task { worker, ..serde_json::from_str(json).unwrap() }
    }

    fn worker() -> LoadWorker {
        let config = SdkConfig::builder().build();
        let (url, region) = ("http://127.0.0.1:1/messages".to_owned(), "us-east-1".to_owned());
        LoadWorker { config, url, auth: Auth::None, region }
    }

    #[test]
    fn what_the_state_machine_sends_is_understood() {
        let task = task(39);
        let schedule = &task.load.schedule;
        assert_eq!((schedule.workers, schedule.arrivals), (40, Arrivals::Poisson));
        assert_eq!(schedule.stages, [Stage { rate: 1000, duration: Duration::from_secs(4) }]);
        assert_eq!(schedule.ramp, Duration::from_millis(1500));
        assert_eq!(task.start_at().duration_since(UNIX_EPOCH).unwrap().as_millis(), 1_763_719_200_000);
    }

    #[tokio::test]
    async fn a_worker_that_is_none_of_the_loads_is_refused() {
        let error = worker().work(task(40)).await.unwrap_err();
        assert_eq!(error.to_string(), "worker is 40, but must be below workers, 40");
    }

    #[tokio::test]
    async fn an_api_that_takes_no_connection_is_named() {
        let said = worker().work(task(0)).await.unwrap_err().to_string();
        assert!(said.starts_with("cannot open 2 connections to http://127.0.0.1:1/messages: "), "{said}");
    }
}
