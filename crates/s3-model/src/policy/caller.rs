//! Decisions about a caller's requests.

use std::sync::Arc;

use s3s::{S3Error, s3_error};
use serde_json::{Value, json};

use super::condition::Context;
use super::statement::{Asked, Statement, list};

/// What a role may do.
#[derive(Debug, Clone)]
pub struct Policies {
    /// The session's ARN.
    pub principal: String,
    /// Of all its policies.
    pub statements: Vec<Statement>,
    /// Each of these has to allow a request too: permissions boundaries, session policies.
    pub limits: Vec<Vec<Statement>>,
}

/// Who asks, and for what kind of answer: what the operations need to know of it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// None for the account's root, which may do everything.
    pub policies: Option<Arc<Policies>>,
    /// The bucket's policy.
    pub bucket_policy: Option<Arc<Vec<Statement>>>,
    /// Whether the request came over TLS, or there is none.
    pub is_secure: bool,
}

/// Whether a request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is.
    Allowed,
    /// A policy denies it; the words say which.
    Denied(&'static str),
    /// No policy allows it.
    NotAllowed,
    /// An element of a policy decides that the model does not know.
    Unknown(String),
}

impl Policies {
    /// What the emulator tells of a role: its session's ARN, and statements.
    #[must_use]
    pub fn new(told: &Value) -> Self {
        let statements = |statements: &Value| Statement::all(&json!({ "Statement": statements }));
        Self {
            principal: told["principal"].as_str().unwrap_or_default().to_owned(),
            statements: statements(&told["statements"]),
            limits: list(&told["limits"]).iter().map(statements).collect(),
        }
    }
}

impl Caller {
    /// Whether an action on a resource is allowed.
    #[must_use]
    pub fn decide(&self, action: &str, resource: &str, prefix: Option<&str>) -> Decision {
        let context = Context { prefix, is_secure: self.is_secure };
        let asked = Asked { action, resource, principal: self.principal(), context: &context };
        self.evaluate(&asked).unwrap_or_else(Decision::Unknown)
    }

    /// The ARN of who asks.
    fn principal(&self) -> &str {
        self.policies.as_ref().map_or(ROOT, |policies| &policies.principal)
    }

    fn evaluate(&self, asked: &Asked<'_>) -> Result<Decision, String> {
        let bucket = self.bucket_policy.as_ref().map_or(&[][..], |statements| &statements[..]);
        if has(bucket, true, asked)? {
            return Ok(Decision::Denied("a resource-based policy"));
        }
        let Some(policies) = &self.policies else { return Ok(Decision::Allowed) };
        for statements in policies.limits.iter().chain([&policies.statements]) {
            if has(statements, true, asked)? {
                return Ok(Decision::Denied("an identity-based policy"));
            }
        }
        let mut is_allowed = has(&policies.statements, false, asked)? || has(bucket, false, asked)?;
        for limit in &policies.limits {
            is_allowed = is_allowed && has(limit, false, asked)?;
        }
        Ok(if is_allowed { Decision::Allowed } else { Decision::NotAllowed })
    }

    /// Refuses an action on a resource as S3 does.
    ///
    /// # Errors
    /// `AccessDenied`, with the reason.
    pub fn check(&self, action: &str, resource: &str, prefix: Option<&str>) -> Result<(), S3Error> {
        let why = match self.decide(action, resource, prefix) {
            Decision::Allowed => return Ok(()),
            Decision::Denied(policy) => format!("with an explicit deny in {policy}"),
            Decision::NotAllowed => format!("because no identity-based policy allows the {action} action"),
            Decision::Unknown(name) => format!(
                "because a policy has the {name}, which the S3 model does not know: add it to crates/s3-model/src/policy"
            ),
        };
        let principal = self.principal();
        Err(s3_error!(
            AccessDenied,
            "User: {principal} is not authorized to perform: {action} on resource: \"{resource}\" {why}"
        ))
    }
}

/// The account's root.
const ROOT: &str = "arn:aws:iam::000000000000:root";

fn has(statements: &[Statement], denies: bool, asked: &Asked<'_>) -> Result<bool, String> {
    for statement in statements.iter().filter(|statement| statement.denies == denies) {
        if statement.is_about(asked)? {
            return Ok(true);
        }
    }
    Ok(false)
}
