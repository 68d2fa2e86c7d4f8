//! The one rule of bucket policies that the model enforces: that a bucket refuses requests without TLS.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html> has it in this form: a statement that
//! denies all actions to everybody where `aws:SecureTransport` is false.

use serde_json::{Value, json};
use wildmatch::WildMatch;

/// Whether a bucket's policy refuses a request without TLS for the bucket, or for an object in it.
pub fn requires_tls(policy: &str, bucket: &str, key: Option<&str>) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else { return false };
    let object = key.map(|key| format!("/{key}")).unwrap_or_default();
    let resource = format!("arn:aws:s3:::{bucket}{object}");
    list(&policy["Statement"]).iter().any(|statement| denies_plain_http(statement, &resource))
}

fn denies_plain_http(statement: &Value, resource: &str) -> bool {
    let everybody = [json!("*"), json!({ "AWS": "*" }), json!({ "AWS": ["*"] })];
    let plain = [json!("false"), json!(false), json!(["false"])]
        .map(|value| json!({ "Bool": { "aws:SecureTransport": value } }));
    let named = |field: &str, is_meant: &dyn Fn(&str) -> bool| {
        list(&statement[field]).iter().filter_map(Value::as_str).any(is_meant)
    };
    statement["Effect"] == "Deny"
        && everybody.contains(&statement["Principal"])
        && plain.contains(&statement["Condition"])
        && named("Action", &|action| ["*", "s3:*"].contains(&action))
        && named("Resource", &|pattern| WildMatch::new(pattern).matches(resource))
}

/// An element of a policy that is one value or several.
fn list(element: &Value) -> &[Value] {
    element.as_array().map_or(std::slice::from_ref(element), Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(change: impl FnOnce(&mut Value)) -> String {
        let mut statement = json!({
            "Effect": "Deny", "Principal": "*", "Action": ["s3:*"],
            "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        });
        change(&mut statement);
        json!({ "Version": "2012-10-17", "Statement": statement }).to_string()
    }

    #[test]
    fn the_documented_statement_is_about_the_bucket_and_its_objects() {
        let policy = policy(|_| ());
        assert!(requires_tls(&policy, "bucket", None));
        assert!(requires_tls(&policy, "bucket", Some("a/b")));
        assert!(!requires_tls(&policy, "other", Some("a/b")));
    }

    #[test]
    fn other_statements_have_no_effect() {
        let others: [fn(&mut Value); 4] = [
            |statement| statement["Effect"] = json!("Allow"),
            |statement| statement["Action"] = json!("s3:PutBucketTagging"),
            |statement| statement["Condition"]["Bool"] = json!({ "aws:SecureTransport": "true" }),
            |statement| statement["Principal"] = json!({ "AWS": "arn:aws:iam::1:role/a" }),
        ];
        for other in others {
            let policy = policy(other);
            assert!(!requires_tls(&policy, "bucket", None), "{policy}");
        }
        assert!(requires_tls(&policy(|statement| statement["Resource"] = json!("*")), "bucket", None));
    }
}
