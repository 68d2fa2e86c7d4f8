use std::sync::Arc;

use http::HeaderMap;
use s3s::path::S3Path;
use serde_json::{Value, json};

use super::caller::Decision;
use super::*;

const ROLE: &str = "arn:aws:sts::000000000000:assumed-role/reader/session";

fn caller(statements: &Value) -> Caller {
    let policies = Policies::new(&json!({ "principal": ROLE, "statements": statements, "limits": [] }));
    Caller { policies: Some(Arc::new(policies)), bucket_policy: None, is_secure: true }
}

fn with_bucket_policy(caller: Caller, statement: &Value) -> Caller {
    let policy = Statement::all(&json!({ "Version": "2012-10-17", "Statement": statement }));
    Caller { bucket_policy: Some(Arc::new(policy)), ..caller }
}

fn read(caller: &Caller, key: &str) -> Decision {
    caller.decide("s3:GetObject", &format!("arn:aws:s3:::shop/{key}"), None)
}

#[test]
fn what_no_statement_allows_is_not_allowed() {
    let reader = caller(&json!([
        { "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::shop/files/*"] },
    ]));
    assert_eq!(read(&reader, "files/a/b"), Decision::Allowed);
    assert_eq!(read(&reader, "other"), Decision::NotAllowed);
    assert_eq!(reader.decide("s3:PutObject", "arn:aws:s3:::shop/files/a", None), Decision::NotAllowed);
    let error = reader.check("s3:PutObject", "arn:aws:s3:::shop/files/a", None).unwrap_err();
    let said = format!(
        "User: {ROLE} is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::shop/files/a\" \
         because no identity-based policy allows the s3:PutObject action"
    );
    assert_eq!((error.code().as_str(), error.message()), ("AccessDenied", Some(said.as_str())));
}

#[test]
fn a_denial_is_stronger_than_what_allows() {
    let denied = caller(&json!([
        { "Effect": "Allow", "Action": "s3:*", "Resource": "*" },
        { "Effect": "Deny", "Action": "S3:getobject", "Resource": "arn:aws:s3:::shop/secret?" },
        { "Effect": "Deny", "NotAction": "s3:*", "Resource": "*" },
        { "Effect": "Deny", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::shop/*" },
    ]));
    assert_eq!(read(&denied, "secret1"), Decision::Denied("an identity-based policy"));
    assert_eq!(read(&denied, "secret"), Decision::Allowed);
    assert!(matches!(denied.decide("s3:GetObject", "arn:aws:s3:::other/a", None), Decision::Denied(_)));
}

#[test]
fn lists_are_allowed_by_their_prefix() {
    let lister = caller(&json!([{
        "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::shop",
        "Condition": { "StringLike": { "s3:prefix": ["files", "files/*"] } },
    }]));
    let list = |prefix| lister.decide("s3:ListBucket", "arn:aws:s3:::shop", prefix);
    assert_eq!(list(Some("files/a")), Decision::Allowed);
    assert_eq!(list(Some("other/")), Decision::NotAllowed);
    assert_eq!(list(None), Decision::NotAllowed, "a condition does not hold of what is not there");
}

#[test]
fn what_the_model_does_not_know_is_refused_by_its_name_where_it_decides() {
    let unknown = caller(&json!([
        { "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*" },
        { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": { "IpAddress": { "aws:SourceIp": "::1" } } },
        { "Effect": "Deny", "Action": "ec2:*", "Resource": "*", "Condition": { "ArnLike": { "lambda:SourceFunctionArn": "*" } } },
    ]));
    assert_eq!(read(&unknown, "a"), Decision::Unknown("condition IpAddress of aws:SourceIp".to_owned()));
    assert_eq!(unknown.decide("s3:PutObject", "arn:aws:s3:::shop/a", None), Decision::Allowed);
    let said = unknown.check("s3:GetObject", "arn:aws:s3:::shop/a", None).unwrap_err();
    assert!(
        said.message()
            .unwrap()
            .contains("condition IpAddress of aws:SourceIp, which the S3 model does not know")
    );
    let other = Statement::all(
        &json!({ "Statement": { "Effect": "Deny", "NotPrincipal": "*", "Action": "*", "Resource": "*" } }),
    );
    assert_eq!(other[0].unknown().as_deref(), Some("NotPrincipal"));
}

#[test]
fn a_bucket_s_policy_denies_root_too_and_allows_roles() {
    let plain = json!({
        "Effect": "Deny", "Principal": "*", "Action": ["s3:*"],
        "Resource": ["arn:aws:s3:::shop", "arn:aws:s3:::shop/*"],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    let root = |is_secure| Caller { policies: None, bucket_policy: None, is_secure };
    assert_eq!(read(&with_bucket_policy(root(true), &plain), "a"), Decision::Allowed);
    let denied = Decision::Denied("a resource-based policy");
    assert_eq!(read(&with_bucket_policy(root(false), &plain), "a"), denied);
    for (principal, expected) in [
        (json!("*"), Decision::Allowed),
        (json!({ "AWS": "000000000000" }), Decision::Allowed),
        (json!({ "AWS": ["arn:aws:iam::000000000000:root"] }), Decision::Allowed),
        (json!({ "AWS": "arn:aws:iam::000000000000:role/reader" }), Decision::Allowed),
        (json!({ "AWS": "arn:aws:iam::000000000000:role/other" }), Decision::NotAllowed),
        (json!({ "AWS": "111111111111" }), Decision::NotAllowed),
        (json!({ "Service": "lambda.amazonaws.com" }), Decision::NotAllowed),
    ] {
        let allows = json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*" });
        assert_eq!(read(&with_bucket_policy(caller(&json!([])), &allows), "a"), expected, "{principal}");
    }
}

#[test]
fn a_boundary_has_to_allow_too() {
    let all = json!([{ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }]);
    let some = json!([{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/a" }]);
    let policies = Policies::new(&json!({ "principal": ROLE, "statements": all, "limits": [some] }));
    let bounded = Caller { policies: Some(Arc::new(policies)), bucket_policy: None, is_secure: true };
    assert_eq!(read(&bounded, "a"), Decision::Allowed);
    assert_eq!(read(&bounded, "b"), Decision::NotAllowed);
}

#[test]
fn operations_need_the_actions_that_s3_documents() {
    let needed = |operation: &str, path: &S3Path, headers: &[(&'static str, &'static str)]| {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let needed = of_request(operation, path, &headers).into_iter();
        needed.map(|access| format!("{} {}", access.action, access.resource)).collect::<Vec<_>>()
    };
    let (bucket, object) = (S3Path::bucket("shop"), S3Path::object("shop", "a b"));
    let copy = [("x-amz-copy-source", "other/c%20d?versionId=null")];
    for (operation, path, headers, expected) in [
        ("HeadObject", &object, &[][..], &["s3:GetObject arn:aws:s3:::shop/a b"][..]),
        ("UploadPart", &object, &[], &["s3:PutObject arn:aws:s3:::shop/a b"]),
        (
            "UploadPartCopy",
            &object,
            &copy,
            &["s3:PutObject arn:aws:s3:::shop/a b", "s3:GetObject arn:aws:s3:::other/c d"],
        ),
        ("AbortMultipartUpload", &object, &[], &["s3:AbortMultipartUpload arn:aws:s3:::shop/a b"]),
        ("ListParts", &object, &[], &["s3:ListMultipartUploadParts arn:aws:s3:::shop/a b"]),
        ("ListObjectsV2", &bucket, &[], &["s3:ListBucket arn:aws:s3:::shop"]),
        ("ListMultipartUploads", &bucket, &[], &["s3:ListBucketMultipartUploads arn:aws:s3:::shop"]),
        ("ListBuckets", &S3Path::root(), &[], &["s3:ListAllMyBuckets *"]),
        ("DeleteObjects", &bucket, &[], &[]),
        (
            "PutObject",
            &object,
            &[("x-amz-tagging", "a=b")],
            &["s3:PutObject arn:aws:s3:::shop/a b", "s3:PutObjectTagging arn:aws:s3:::shop/a b"],
        ),
    ] {
        assert_eq!(needed(operation, path, headers), expected, "{operation}");
    }
}
