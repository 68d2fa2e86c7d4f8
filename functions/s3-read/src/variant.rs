//! Which of the two roads a function takes.

use std::fmt;
use std::str::FromStr;

use lambda_kit::env::{self, EnvError};

/// How objects are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// By a presigned URL and plain HTTP.
    Signed,
    /// By the SDK's `GetObject`.
    Sdk,
}

impl Variant {
    /// What `lambdamode` names.
    ///
    /// # Errors
    /// If the variable is missing or is no mode.
    pub fn from_env() -> Result<Self, EnvError> {
        env::setting("lambdamode", "s3signed or s3path")
    }

    /// Its name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Sdk => "sdk",
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No mode.
#[derive(Debug, PartialEq, Eq)]
pub struct Unknown;

impl FromStr for Variant {
    type Err = Unknown;

    fn from_str(mode: &str) -> Result<Self, Unknown> {
        match mode {
            "s3signed" => Ok(Self::Signed),
            "s3path" => Ok(Self::Sdk),
            _ => Err(Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modes_are_those_of_existing_deployments() {
        assert_eq!("s3signed".parse(), Ok(Variant::Signed));
        assert_eq!("s3path".parse(), Ok(Variant::Sdk));
        assert_eq!("signed".parse::<Variant>(), Err(Unknown));
    }
}
