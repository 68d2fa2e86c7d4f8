//! As many threads as the function has processors.

use tokio::runtime::{Builder, Runtime};

/// A function has one processor at so many MB of memory (AWS Lambda Developer Guide).
const MB_A_CPU: u32 = 1769;

/// The runtime for a function with this memory: with one processor no other thread.
///
/// # Panics
/// If the system gives the process no event queue or no threads.
#[must_use]
pub fn runtime(memory_mb: u32) -> Runtime {
    let threads = threads(memory_mb);
    let mut builder = if threads == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(threads).enable_all().build().expect("the system has threads")
}

fn threads(memory_mb: u32) -> usize {
    usize::try_from(memory_mb.div_ceil(MB_A_CPU)).unwrap_or(1).max(1)
}

/// The memory that the function is set to, MB; 0 outside of Lambda.
#[must_use]
pub fn memory_mb() -> u32 {
    let memory = std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    memory.ok().and_then(|memory| memory.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_thread_for_each_processor_that_the_memory_brings() {
        assert_eq!([0, 128, 1769, 1770, 3008, 10_240].map(threads), [1, 1, 1, 2, 2, 6]);
    }
}
