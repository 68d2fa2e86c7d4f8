//! As many threads as the function has vCPUs.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::{Failure, env};
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::{Builder, Runtime};

/// The memory at which a function has a whole vCPU, MB (Lambda Developer Guide, "Configure Lambda function memory").
const MEMORY_PER_VCPU: u64 = 1769;

/// Runs a function as [`lambda_kit::run`] does, with as many threads as its memory brings vCPUs.
pub fn run<S, E, R, Setup, Handle, Handled>(setup: Setup, handle: Handle) -> ExitCode
where
    Setup: Future<Output = Result<S, Failure>>,
    Handle: Fn(Arc<S>, LambdaEvent<E>) -> Handled,
    Handled: Future<Output = Result<R, Failure>>,
    E: DeserializeOwned,
    R: Serialize,
{
    let memory_mb = env::setting("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "the function's memory, MB");
    let runtime = runtime(threads(memory_mb.as_ref().copied().unwrap_or_default()));
    let setup = async {
        memory_mb?;
        setup.await
    };
    runtime.block_on(lambda_kit::run(setup, handle))
}

/// A thread for each vCPU, or a part of one.
fn threads(memory_mb: u64) -> NonZeroUsize {
    usize::try_from(memory_mb.div_ceil(MEMORY_PER_VCPU))
        .ok()
        .and_then(NonZeroUsize::new)
        .unwrap_or(NonZeroUsize::MIN)
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
    fn a_function_has_a_thread_for_each_vcpu_that_its_memory_brings() {
        let threads = [128, 1769, 1770, 3008, 10_240].map(|memory_mb| threads(memory_mb).get());
        assert_eq!(threads, [1, 1, 2, 2, 6]);
    }

    #[test]
    fn one_vcpu_needs_no_other_thread() {
        let flavors =
            [1, 2].map(|threads| runtime(NonZeroUsize::new(threads).unwrap()).handle().runtime_flavor());
        assert_eq!(flavors, [CurrentThread, MultiThread]);
    }
}
