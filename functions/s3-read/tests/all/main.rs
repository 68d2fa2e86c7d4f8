//! The functions at servers of the tests' own: S3 as it is and as it fails, a table and queues.

mod generator;
mod inputs;
mod reader;
mod support;
