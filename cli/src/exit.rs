//! Exit codes, as `lambench --help` documents them.

/// The user ended a run with Ctrl-C; it has been cleaned up.
#[derive(Debug, thiserror::Error)]
#[error("interrupted: the execution is stopped and its archives are removed")]
pub struct Interrupted;
