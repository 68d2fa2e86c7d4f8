//! What several scenarios share: asking a stack's services, waiting, prices, and tables.

pub mod aurora_capacity;
pub mod billing_log;
pub mod cost;
pub mod deployment;
pub mod invoke;
#[cfg(test)]
pub mod options_test;
pub mod queue;
pub mod run;
pub mod run_context;
pub mod series;
pub mod stall_timer;
pub mod state_machine;
pub mod tables;
