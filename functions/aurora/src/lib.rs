//! Load on Aurora PostgreSQL: workers of a queue and of a ramp over two drivers, and a ledger by which every unit counts
//! exactly once.

pub mod action;
pub mod attempt;
pub mod attempt_stats;
pub mod clock;
pub mod driver;
pub mod generate;
pub mod job;
pub mod ledger;
pub mod load;
pub mod metrics;
pub mod migrate;
pub mod pace;
pub mod queue;
pub mod ramp;
pub mod statements;
pub mod tally;
pub mod worker;
