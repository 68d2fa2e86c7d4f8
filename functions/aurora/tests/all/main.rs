//! The workers, the ledger and the migration on a real PostgreSQL.

mod exactness;
mod faults;
mod migrate;
mod work;
