//! The functions with AWS answered by the test itself, and with PostgreSQL.

mod faults;
mod inputs;
mod midstream;
mod rows;
mod support;
mod tally;
mod upstream;
