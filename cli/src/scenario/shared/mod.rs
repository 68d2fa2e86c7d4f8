//! What several scenarios share: asking a stack's services, waiting, prices, and tables.

pub mod aurora_capacity;
pub mod billing_log;
pub mod cold_starts;
pub mod cost;
pub mod cpu;
pub mod dead_letters;
pub mod deployment;
pub mod estimate;
pub mod function_configuration;
pub mod function_memory;
pub mod headline;
pub mod invocation_log;
pub mod invoke;
pub mod limits;
pub mod load_generator;
pub mod memory_sweep;
pub mod metric;
pub mod pictures;
pub mod queue;
pub mod run;
pub mod run_context;
pub mod run_file;
pub mod run_lock;
pub mod run_log;
pub mod series;
pub mod stall_timer;
pub mod state_machine;
pub mod tables;
#[cfg(test)]
pub mod testing;
pub mod verdict;
pub mod wait;
pub mod warnings;
