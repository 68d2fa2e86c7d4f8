//! The functions with AWS answered by the test itself, and with PostgreSQL.

mod faults;
mod midstream;
mod rows;
mod support;
mod tally;
mod upstream;
