//! What only tests of functions need: AWS answered by the test, a PostgreSQL of its own. A dev-dependency, always: so
//! lambda-kit has the same features in tests as in builds, and is compiled once.

pub mod aws;
pub mod postgres;
