//! A statement of a policy.

use serde_json::Value;
use wildmatch::WildMatch;

use super::condition::{Condition, Context};

/// What is allowed or denied, to whom, and when.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>
#[derive(Debug, Clone)]
pub struct Statement {
    /// Whether it denies.
    pub denies: bool,
    principals: Option<Patterns>,
    actions: Patterns,
    resources: Patterns,
    conditions: Vec<Condition>,
    /// An element that the model does not know.
    unknown: Option<&'static str>,
}

/// Texts with `*` and `?`, or all others.
#[derive(Debug, Clone)]
struct Patterns {
    patterns: Vec<WildMatch>,
    others: bool,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The IAM action, such as `s3:GetObject`.
    pub action: &'a str,
    /// The ARN.
    pub resource: &'a str,
    /// Who asks.
    pub principal: &'a str,
    /// What conditions are about.
    pub context: &'a Context<'a>,
}

impl Statement {
    /// The statements of a policy document; none if it is none.
    #[must_use]
    pub fn all(document: &Value) -> Vec<Self> {
        list(&document["Statement"]).iter().filter_map(Self::new).collect()
    }

    fn new(statement: &Value) -> Option<Self> {
        let denies = match statement["Effect"].as_str()? {
            "Allow" => false,
            "Deny" => true,
            _ => return None,
        };
        let unknown = statement.get("NotPrincipal").map(|_| "NotPrincipal");
        Some(Self {
            denies,
            principals: statement.get("Principal").map(principals),
            actions: Patterns::of(statement, "Action", "NotAction", str::to_lowercase),
            resources: Patterns::of(statement, "Resource", "NotResource", str::to_owned),
            conditions: Condition::all(&statement["Condition"]),
            unknown,
        })
    }

    /// Whether it is about a request.
    ///
    /// # Errors
    /// With the name of an element or a condition that the model does not know and that decides.
    pub fn is_about(&self, asked: &Asked<'_>) -> Result<bool, String> {
        let named = self.principals.as_ref().is_none_or(|principals| principals.name(asked.principal));
        let is_meant =
            named && self.actions.name(&asked.action.to_lowercase()) && self.resources.name(asked.resource);
        if !is_meant {
            return Ok(false);
        }
        if let Some(unknown) = self.unknown {
            return Err(unknown.to_owned());
        }
        for condition in &self.conditions {
            if !condition.holds(asked.context)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What of it the model does not know.
    #[must_use]
    pub fn unknown(&self) -> Option<String> {
        let condition = || self.conditions.iter().find_map(Condition::unknown);
        self.unknown.map(str::to_owned).or_else(condition)
    }
}

impl Patterns {
    fn of(statement: &Value, name: &str, others: &str, change: impl Fn(&str) -> String) -> Self {
        let patterns = |element: &Value| {
            list(element).iter().filter_map(Value::as_str).map(|text| WildMatch::new(&change(text))).collect()
        };
        match statement.get(others) {
            Some(element) => Self { patterns: patterns(element), others: true },
            None => Self { patterns: patterns(&statement[name]), others: false },
        }
    }

    fn name(&self, text: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(text)) != self.others
    }
}

/// `"*"`, or `{"AWS": …}` with ARNs, accounts or `*`; services do not call here.
fn principals(element: &Value) -> Patterns {
    let of = |text: &str| {
        if text == "*" {
            return WildMatch::new("*");
        }
        // An account is all its principals.
        let account = text.strip_suffix(":root").and_then(|arn| arn.rsplit(':').next()).unwrap_or(text);
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let session = text.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/");
        WildMatch::new(&if is_account { format!("arn:*::{account}:*") } else { format!("{session}/*") })
    };
    let named = if element.is_string() { element } else { &element["AWS"] };
    let patterns = list(named).iter().filter_map(Value::as_str).map(of).collect();
    Patterns { patterns, others: false }
}

/// An element of a policy that is one value or several.
pub fn list(element: &Value) -> &[Value] {
    match element {
        Value::Null => &[],
        Value::Array(values) => values,
        value => std::slice::from_ref(value),
    }
}
