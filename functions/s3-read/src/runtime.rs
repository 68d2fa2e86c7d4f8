//! As many threads as the function has vCPUs.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::{Failure, env};
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::{Builder, Runtime};

/// Runs a function as [`lambda_kit::run`] does, with the threads of the variable `WORKER_THREADS`.
pub fn run<S, E, R, Setup, Handle, Handled>(setup: Setup, handle: Handle) -> ExitCode
where
    Setup: Future<Output = Result<S, Failure>>,
    Handle: Fn(Arc<S>, LambdaEvent<E>) -> Handled,
    Handled: Future<Output = Result<R, Failure>>,
    E: DeserializeOwned,
    R: Serialize,
{
    let threads = env::setting("WORKER_THREADS", "a number of threads, 1 or more");
    let runtime = runtime(threads.as_ref().copied().unwrap_or(NonZeroUsize::MIN));
    let setup = async {
        threads?;
        setup.await
    };
    runtime.block_on(lambda_kit::run(setup, handle))
}

/// A runtime with so many threads: with one, there is no other than the caller's.
///
/// # Panics
/// If the system gives the process no event queue or no threads.
#[must_use]
pub fn runtime(threads: NonZeroUsize) -> Runtime {
    let is_single = threads == NonZeroUsize::MIN;
    let mut builder = if is_single { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(threads.get()).enable_all().build().expect("the system has threads")
}

#[cfg(test)]
mod tests {
    use tokio::runtime::RuntimeFlavor::{CurrentThread, MultiThread};

    use super::*;

    #[test]
    fn one_vcpu_needs_no_other_thread() {
        let flavors =
            [1, 2].map(|threads| runtime(NonZeroUsize::new(threads).unwrap()).handle().runtime_flavor());
        assert_eq!(flavors, [CurrentThread, MultiThread]);
    }
}
