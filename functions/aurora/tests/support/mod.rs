//! What the tests share: a server, and work on it.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod work;

pub use test_kit::postgres::Server;
