//! From process start to the last invocation.

use std::fmt::Debug;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lambda_kit::{Deadline, Failure, remaining};
use lambda_runtime::LambdaEvent;
use s3_client::S3;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{Invocation, Job, invoke};

/// The contest's event.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// The bucket of the objects and of the archive.
    pub bucket_name: String,
    /// The objects' prefix, with or without the slash at its end.
    pub files_prefix: String,
    /// The archive's key.
    pub archive_key: String,
}

/// What it takes to answer an invocation.
const TELLING: Duration = Duration::from_millis(50);

#[derive(Default)]
struct Environment {
    /// The last invocation's connections; locked while an invocation is under way.
    last: Mutex<Option<S3>>,
    terminated: CancellationToken,
}

/// Makes an archive for each event as `contender`: `settings` are read once, `s3` tells their part about S3, `work` makes the
/// archive.
///
/// When the time runs out or Lambda ends the environment, what is under way is given up; what fails is cleaned up.
pub async fn serve<S, R, Work>(
    contender: &'static str,
    settings: impl FnOnce() -> Result<S, Failure>,
    s3: fn(&S) -> &s3_client::Settings,
    work: impl Fn(Arc<S>, Arc<Job>) -> Work,
) -> ExitCode
where
    R: Debug + Serialize,
    Work: Future<Output = Result<R, Failure>>,
{
    let work = &work;
    let handle = |settings: Arc<S>, s3: S3, request: Request, invocation| async move {
        invoke(contender, &s3, request, invocation, |job| work(settings, job)).await
    };
    serve_events(settings, s3, |request| Ok(&request.bucket_name), handle).await
}

/// As [`serve`], but for events of another form: `bucket` tells an event's bucket, or why nothing is done for the event; `handle`
/// does it.
pub async fn serve_events<S, E, R, Handled>(
    settings: impl FnOnce() -> Result<S, Failure>,
    s3: fn(&S) -> &s3_client::Settings,
    bucket: fn(&E) -> Result<&str, Failure>,
    handle: impl Fn(Arc<S>, S3, E, Invocation) -> Handled,
) -> ExitCode
where
    E: DeserializeOwned,
    R: Serialize,
    Handled: Future<Output = Result<R, Failure>>,
{
    let environment = Environment::default();
    let handle = async |settings: Arc<S>, event: LambdaEvent<E>| {
        let deadline = Deadline::after(remaining(&event.context));
        let invocation = Invocation { deadline, terminated: environment.terminated.clone() };
        let mut last = environment.last.lock().await;
        let bucket = bucket(&event.payload)?;
        let s3 = match last.take() {
            Some(s3) if s3.bucket() == bucket => s3,
            _ => S3::new(s3(&settings).clone(), bucket)?,
        };
        let done = handle(settings, s3.clone(), event.payload, invocation).await;
        *last = Some(s3);
        done
    };
    tokio::select! {
        code = lambda_kit::run(async { settings() }, handle) => code,
        () = environment.end() => ExitCode::SUCCESS,
    }
}

impl Environment {
    /// Waits for SIGTERM, and for the clean-up that follows. Lambda sends it only to functions with a registered extension,
    /// which these are not; what starts a contender elsewhere does.
    async fn end(&self) {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
                self.terminated.cancel();
                if self.last.try_lock().is_err() {
                    drop(self.last.lock().await);
                    // The runtime tells why there is no archive.
                    sleep(TELLING).await;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM will end the process without a clean-up");
                std::future::pending::<()>().await;
            }
        }
    }
}
