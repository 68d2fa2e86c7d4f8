//! The function as it is invoked.

mod messages;
mod support;
mod worker;
