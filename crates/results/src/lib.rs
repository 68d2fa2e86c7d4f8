//! The result file: its schema, its prices, and what REPORT lines say. What crosses between functions and command stands
//! in `protocol`.

pub mod billing_log;
pub mod cost;
pub mod cpu;
pub mod estimate;
pub mod file;
pub mod limits;
pub mod memory_sweep;
pub mod price_list;
pub mod prices;
pub mod scenario;
pub mod schema_v1;
