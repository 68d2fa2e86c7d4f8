//! Conditions, as far as this project's policies have them.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use serde_json::Value;
use wildmatch::WildMatch;

use super::statement::list;

/// What a request tells.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// `s3:prefix`, of a list that has one.
    pub prefix: Option<&'a str>,
    /// `aws:SecureTransport`.
    pub is_secure: bool,
}

/// One operator with one key.
#[derive(Debug, Clone)]
pub enum Condition {
    /// `s3:prefix` is one of these, or none of them.
    Prefix {
        /// What it may be.
        patterns: Vec<WildMatch>,
        /// Whether it must be another.
        others: bool,
    },
    /// `aws:SecureTransport` is so.
    Secure(bool),
    /// The model does not know it.
    Unknown(String),
}

impl Condition {
    /// The conditions of a statement, all of which have to hold.
    #[must_use]
    pub fn all(element: &Value) -> Vec<Self> {
        let keys = element.as_object().into_iter().flatten().flat_map(|(operator, keys)| {
            keys.as_object().into_iter().flatten().map(move |(key, values)| Self::new(operator, key, values))
        });
        keys.collect()
    }

    fn new(operator: &str, key: &str, values: &Value) -> Self {
        let texts = || list(values).iter().filter_map(Value::as_str);
        match (operator, key.to_lowercase().as_str()) {
            ("StringLike", "s3:prefix") => {
                Self::Prefix { patterns: texts().map(WildMatch::new).collect(), others: false }
            }
            ("StringNotLike", "s3:prefix") => {
                Self::Prefix { patterns: texts().map(WildMatch::new).collect(), others: true }
            }
            // Wildcards stand for themselves, which a pattern has no way to say: a text with one is not known.
            ("StringEquals", "s3:prefix") if texts().all(|text| !text.contains(['*', '?'])) => {
                Self::Prefix { patterns: texts().map(WildMatch::new).collect(), others: false }
            }
            ("Bool", "aws:securetransport") if list(values).len() == 1 => {
                let value = &list(values)[0];
                Self::Secure(value == "true" || *value == Value::Bool(true))
            }
            _ => Self::Unknown(format!("condition {operator} of {key}")),
        }
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// With its name if the model does not know it.
    pub fn holds(&self, context: &Context<'_>) -> Result<bool, String> {
        match self {
            // Without the key a negated operator holds, another does not.
            Self::Prefix { patterns, others } => Ok(context
                .prefix
                .is_some_and(|prefix| patterns.iter().any(|pattern| pattern.matches(prefix)))
                != *others),
            Self::Secure(wanted) => Ok(context.is_secure == *wanted),
            Self::Unknown(name) => Err(name.clone()),
        }
    }

    /// Its name, if the model does not know it.
    #[must_use]
    pub fn unknown(&self) -> Option<String> {
        if let Self::Unknown(name) = self { Some(name.clone()) } else { None }
    }
}
