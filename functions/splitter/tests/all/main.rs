//! The function as it is invoked.

mod messages;
mod sender;
mod support;
mod worker;
