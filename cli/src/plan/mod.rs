//! `lambench plan`: what a scenario will take, before anything runs.

pub mod archive;
mod prediction;
mod table;
