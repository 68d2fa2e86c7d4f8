//! Makes a bucket hold random objects: the same ones for the same seed, on every machine.

pub mod content;
mod fill;

pub use fill::{FillError, fill};
