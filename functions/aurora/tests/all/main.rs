//! The workers, the ledger and the migration on a real PostgreSQL; the queue's worker without one.

mod exactness;
mod faults;
mod migrate;
mod queue;
mod work;
