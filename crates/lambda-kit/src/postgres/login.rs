//! Who a function is to the database.

use std::sync::Mutex;

use aws_sdk_secretsmanager::Client;
use serde::Deserialize;

use crate::{Failure, env};

/// A name and its password, as RDS writes them into the secret that it manages.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Credentials {
    /// The role.
    pub username: String,
    /// Its password.
    pub password: String,
}

/// Where name and password come from.
pub enum Login {
    /// A secret in Secrets Manager, read when first needed.
    Secret {
        /// The client.
        client: Client,
        /// The secret's ARN.
        arn: String,
        /// What was read last.
        read: Mutex<Option<Credentials>>,
    },
    /// Known from the start.
    Known(Credentials),
}

/// A secret that isn't what RDS manages.
#[derive(Debug, thiserror::Error)]
#[error("the secret {arn} holds no username and password as JSON: {why}")]
pub struct SecretError {
    arn: String,
    why: String,
}

impl Login {
    /// The secret that `SECRET_ARN` names.
    ///
    /// # Errors
    /// If the variable is missing.
    pub fn from_env(config: &aws_config::SdkConfig) -> Result<Self, Failure> {
        let arn = env::setting("SECRET_ARN", "the ARN of the cluster's secret")?;
        Ok(Self::Secret { client: Client::new(config), arn, read: Mutex::default() })
    }

    /// Name and password; a secret is read once.
    pub(super) async fn credentials(&self) -> Result<Credentials, Failure> {
        let known = match self {
            Self::Known(credentials) => Some(credentials.clone()),
            Self::Secret { read, .. } => read.lock().ok().and_then(|read| read.clone()),
        };
        match known {
            Some(credentials) => Ok(credentials),
            None => self.again().await,
        }
    }

    /// Name and password as they are now.
    pub(super) async fn again(&self) -> Result<Credentials, Failure> {
        let (client, arn, read) = match self {
            Self::Known(credentials) => return Ok(credentials.clone()),
            Self::Secret { client, arn, read } => (client, arn, read),
        };
        let answer = client.get_secret_value().secret_id(arn).send().await;
        let answer = answer.map_err(|error| Failure::aws(format_args!("read the secret {arn}"), &error))?;
        let credentials = parse(arn, answer.secret_string())?;
        if let Ok(mut read) = read.lock() {
            *read = Some(credentials.clone());
        }
        Ok(credentials)
    }
}

fn parse(arn: &str, secret: Option<&str>) -> Result<Credentials, SecretError> {
    // The text itself stays out of the error: it is the secret.
    let error = |why: &str| SecretError { arn: arn.to_owned(), why: why.to_owned() };
    let text = secret.ok_or_else(|| error("it is binary"))?;
    serde_json::from_str(text).map_err(|_| error("it has different content"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_that_rds_manages_is_read() {
        let credentials = parse("arn:x", Some(r#"{"username":"lambench","password":"p'w"}"#)).unwrap();
        assert_eq!((credentials.username.as_str(), credentials.password.as_str()), ("lambench", "p'w"));
    }

    #[test]
    fn a_secret_of_another_kind_is_named_and_not_shown() {
        for text in [None, Some("hunter2"), Some(r#"{"username":"hunter2"}"#)] {
            let Err(error) = parse("arn:x", text) else { panic!("{text:?}") };
            let error = error.to_string();
            assert!(error.contains("arn:x") && !error.contains("hunter2"), "{error}");
        }
    }
}
