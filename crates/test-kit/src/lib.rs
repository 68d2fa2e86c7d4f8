//! What only tests need: AWS answered by the test, a PostgreSQL of its own, keys of objects that are hard to handle. A
//! dev-dependency, always: so lambda-kit has the same features in tests as in builds, and is compiled once.

pub mod awkward_keys;
pub mod aws;
pub mod postgres;

use proptest::test_runner::Config;

/// How many cases a property is tested with: this number, or as many as the variable `PROPTEST_CASES` says.
#[must_use]
pub fn cases(number: u32) -> Config {
    let set = std::env::var_os("PROPTEST_CASES");
    // The default has the variable's number already.
    if set.is_some() { Config::default() } else { Config::with_cases(number) }
}
