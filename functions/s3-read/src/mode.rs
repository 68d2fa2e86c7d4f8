//! How a function is told its variant.

use std::str::FromStr;

use lambda_kit::env::{self, EnvError};
use protocol::s3_read::{UnknownName, Variant};

/// The variant, as the public project names it in an environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode(pub Variant);

impl Mode {
    /// The variant that `lambdamode` names.
    ///
    /// # Errors
    /// If the variable is missing or is no mode.
    pub fn from_env() -> Result<Variant, EnvError> {
        env::setting("lambdamode", "s3signed or s3path").map(|Self(variant)| variant)
    }
}

impl FromStr for Mode {
    type Err = UnknownName;

    fn from_str(mode: &str) -> Result<Self, UnknownName> {
        match mode {
            "s3signed" => Ok(Self(Variant::Signed)),
            "s3path" => Ok(Self(Variant::Sdk)),
            _ => Err(UnknownName),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modes_are_those_of_existing_deployments() {
        assert_eq!("s3signed".parse(), Ok(Mode(Variant::Signed)));
        assert_eq!("s3path".parse(), Ok(Mode(Variant::Sdk)));
        assert_eq!("signed".parse::<Mode>(), Err(UnknownName));
    }
}
