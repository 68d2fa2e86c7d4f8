//! Settings of buckets: accepted, kept and returned, without effect, except for policies that require TLS.

use std::collections::BTreeMap;

use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Model, OWNER, bucket, owner};
use crate::policy::Statement;
use crate::rules;
use crate::store::Change;

/// The name of the setting that is a bucket's policy: the text that was put.
pub const POLICY: &str = "policy";
const PUBLIC_ACCESS: &str = "public access block";
const OWNERSHIP: &str = "ownership controls";

/// A policy that the model could not enforce is not kept.
fn check_policy(policy: &Policy) -> S3Result<()> {
    let document: serde_json::Map<String, Value> = serde_json::from_str(policy).map_err(|_| {
        let message = "Policies must be valid JSON and the first byte must be '{'";
        rules::bad_request("MalformedPolicy", message)
    })?;
    match Statement::all(&Value::Object(document)).iter().find_map(Statement::unknown) {
        Some(name) => Err(s3_error!(NotImplemented, "The S3 model does not know the policy's {name}.")),
        None => Ok(()),
    }
}

/// A setting that was put before.
pub fn get<T: DeserializeOwned>(model: &Model, name: &str, setting: &str) -> S3Result<Option<T>> {
    let state = model.store.state();
    let value = bucket(&state, name)?.settings.get(setting);
    value.map(|value| T::deserialize(value).map_err(S3Error::internal_error)).transpose()
}

/// Keeps a setting.
pub fn put(model: &Model, name: String, setting: &str, value: &impl Serialize) -> S3Result<()> {
    let value = serde_json::to_value(value).map_err(S3Error::internal_error)?;
    set(model, name, setting, Some(value))
}

/// Forgets a setting, if there is one.
pub fn delete(model: &Model, name: String, setting: &str) -> S3Result<()> {
    set(model, name, setting, None)
}

fn set(model: &Model, name: String, setting: &str, value: Option<Value>) -> S3Result<()> {
    model.change(None, |state| {
        bucket(state, &name)?;
        Ok((Change::SetBucket { bucket: name, setting: setting.to_owned(), value }, ()))
    })
}

/// What a bucket has from the beginning: blocked to the public since April 2023, without ACLs.
pub fn first() -> S3Result<BTreeMap<String, Value>> {
    let yes = Some(true);
    let block = PublicAccessBlockConfiguration {
        block_public_acls: yes,
        block_public_policy: yes,
        ignore_public_acls: yes,
        restrict_public_buckets: yes,
    };
    let block = serde_json::to_value(block).map_err(S3Error::internal_error)?;
    let ownership = Value::from(vec![ObjectOwnership::BUCKET_OWNER_ENFORCED]);
    Ok([(PUBLIC_ACCESS.to_owned(), block), (OWNERSHIP.to_owned(), ownership)].into())
}

type Answer<T> = S3Result<S3Response<T>>;

/// The three operations of a setting that is one field of its request and of its answer.
macro_rules! setting {
    ($name:expr, $check:expr, $missing:expr, $put:ident($put_input:ident, $taken:ident) -> $put_output:ident,
     $get:ident($get_input:ident, $shown:ident) -> $get_output:ident,
     $delete:ident($delete_input:ident) -> $delete_output:ident) => {
        pub fn $put(model: &Model, request: S3Request<$put_input>) -> Answer<$put_output> {
            $check(&request.input.$taken)?;
            put(model, request.input.bucket, $name, &request.input.$taken)?;
            Ok(S3Response::new($put_output::default()))
        }

        pub fn $get(model: &Model, request: S3Request<$get_input>) -> Answer<$get_output> {
            let value = get(model, &request.input.bucket, $name)?;
            let $shown = Some(value.ok_or_else(|| -> S3Error { $missing })?);
            Ok(S3Response::new($get_output { $shown }))
        }

        pub fn $delete(model: &Model, request: S3Request<$delete_input>) -> Answer<$delete_output> {
            delete(model, request.input.bucket, $name)?;
            Ok(S3Response::new($delete_output::default()))
        }
    };
}

setting!(
    POLICY,
    check_policy,
    s3_error!(NoSuchBucketPolicy, "The bucket policy does not exist"),
    put_bucket_policy(PutBucketPolicyInput, policy) -> PutBucketPolicyOutput,
    get_bucket_policy(GetBucketPolicyInput, policy) -> GetBucketPolicyOutput,
    delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput
);

setting!(
    PUBLIC_ACCESS,
    |_: &PublicAccessBlockConfiguration| S3Result::<()>::Ok(()),
    rules::error(
        http::StatusCode::NOT_FOUND,
        "NoSuchPublicAccessBlockConfiguration",
        "The public access block configuration was not found"
    ),
    put_public_access_block(PutPublicAccessBlockInput, public_access_block_configuration)
        -> PutPublicAccessBlockOutput,
    get_public_access_block(GetPublicAccessBlockInput, public_access_block_configuration)
        -> GetPublicAccessBlockOutput,
    delete_public_access_block(DeletePublicAccessBlockInput) -> DeletePublicAccessBlockOutput
);

pub fn put_bucket_ownership_controls(
    model: &Model,
    request: S3Request<PutBucketOwnershipControlsInput>,
) -> Answer<PutBucketOwnershipControlsOutput> {
    let rules = request.input.ownership_controls.rules;
    let rules: Vec<_> = rules.iter().map(|rule| rule.object_ownership.as_str()).collect();
    put(model, request.input.bucket, OWNERSHIP, &rules)?;
    Ok(S3Response::new(PutBucketOwnershipControlsOutput::default()))
}

pub fn get_bucket_ownership_controls(
    model: &Model,
    request: S3Request<GetBucketOwnershipControlsInput>,
) -> Answer<GetBucketOwnershipControlsOutput> {
    let missing =
        || s3_error!(OwnershipControlsNotFoundError, "The bucket ownership controls were not found");
    let rules: Vec<String> = get(model, &request.input.bucket, OWNERSHIP)?.ok_or_else(missing)?;
    let rule = |rule: String| OwnershipControlsRule { object_ownership: rule.into() };
    let ownership_controls = Some(OwnershipControls { rules: rules.into_iter().map(rule).collect() });
    Ok(S3Response::new(GetBucketOwnershipControlsOutput { ownership_controls }))
}

pub fn delete_bucket_ownership_controls(
    model: &Model,
    request: S3Request<DeleteBucketOwnershipControlsInput>,
) -> Answer<DeleteBucketOwnershipControlsOutput> {
    delete(model, request.input.bucket, OWNERSHIP)?;
    Ok(S3Response::new(DeleteBucketOwnershipControlsOutput::default()))
}

pub fn put_bucket_encryption(
    model: &Model,
    request: S3Request<PutBucketEncryptionInput>,
) -> Answer<PutBucketEncryptionOutput> {
    let PutBucketEncryptionInput { bucket, server_side_encryption_configuration, .. } = request.input;
    put(model, bucket, "encryption", &server_side_encryption_configuration)?;
    Ok(S3Response::new(PutBucketEncryptionOutput::default()))
}

/// Every bucket is encrypted with S3's own keys unless its owner says otherwise.
pub fn get_bucket_encryption(
    model: &Model,
    request: S3Request<GetBucketEncryptionInput>,
) -> Answer<GetBucketEncryptionOutput> {
    let configuration = get(model, &request.input.bucket, "encryption")?.unwrap_or_else(|| {
        let algorithm = ServerSideEncryption::from_static(ServerSideEncryption::AES256);
        let by_default = ServerSideEncryptionByDefault { sse_algorithm: algorithm, kms_master_key_id: None };
        let rule = ServerSideEncryptionRule {
            apply_server_side_encryption_by_default: Some(by_default),
            bucket_key_enabled: Some(false),
        };
        ServerSideEncryptionConfiguration { rules: vec![rule] }
    });
    Ok(S3Response::new(GetBucketEncryptionOutput {
        server_side_encryption_configuration: Some(configuration),
    }))
}

pub fn delete_bucket_encryption(
    model: &Model,
    request: S3Request<DeleteBucketEncryptionInput>,
) -> Answer<DeleteBucketEncryptionOutput> {
    delete(model, request.input.bucket, "encryption")?;
    Ok(S3Response::new(DeleteBucketEncryptionOutput::default()))
}

pub fn put_bucket_lifecycle_configuration(
    model: &Model,
    request: S3Request<PutBucketLifecycleConfigurationInput>,
) -> Answer<PutBucketLifecycleConfigurationOutput> {
    let input = request.input;
    let rules = input.lifecycle_configuration.map(|configuration| configuration.rules);
    let rules = rules.ok_or_else(rules::malformed_xml)?;
    put(model, input.bucket, "lifecycle", &rules)?;
    Ok(S3Response::new(PutBucketLifecycleConfigurationOutput::default()))
}

pub fn get_bucket_lifecycle_configuration(
    model: &Model,
    request: S3Request<GetBucketLifecycleConfigurationInput>,
) -> Answer<GetBucketLifecycleConfigurationOutput> {
    let missing = || s3_error!(NoSuchLifecycleConfiguration, "The lifecycle configuration does not exist");
    let rules = Some(get(model, &request.input.bucket, "lifecycle")?.ok_or_else(missing)?);
    let output =
        GetBucketLifecycleConfigurationOutput { rules, transition_default_minimum_object_size: None };
    Ok(S3Response::new(output))
}

pub fn delete_bucket_lifecycle(
    model: &Model,
    request: S3Request<DeleteBucketLifecycleInput>,
) -> Answer<DeleteBucketLifecycleOutput> {
    delete(model, request.input.bucket, "lifecycle")?;
    Ok(S3Response::new(DeleteBucketLifecycleOutput::default()))
}

pub fn put_bucket_cors(model: &Model, request: S3Request<PutBucketCorsInput>) -> Answer<PutBucketCorsOutput> {
    put(model, request.input.bucket, "cors", &request.input.cors_configuration.cors_rules)?;
    Ok(S3Response::new(PutBucketCorsOutput::default()))
}

pub fn get_bucket_cors(model: &Model, request: S3Request<GetBucketCorsInput>) -> Answer<GetBucketCorsOutput> {
    let missing = || s3_error!(NoSuchCORSConfiguration, "The CORS configuration does not exist");
    let cors_rules = Some(get(model, &request.input.bucket, "cors")?.ok_or_else(missing)?);
    Ok(S3Response::new(GetBucketCorsOutput { cors_rules }))
}

pub fn delete_bucket_cors(
    model: &Model,
    request: S3Request<DeleteBucketCorsInput>,
) -> Answer<DeleteBucketCorsOutput> {
    delete(model, request.input.bucket, "cors")?;
    Ok(S3Response::new(DeleteBucketCorsOutput::default()))
}

pub fn put_bucket_notification_configuration(
    model: &Model,
    request: S3Request<PutBucketNotificationConfigurationInput>,
) -> Answer<PutBucketNotificationConfigurationOutput> {
    put(model, request.input.bucket, "notification", &request.input.notification_configuration)?;
    Ok(S3Response::new(PutBucketNotificationConfigurationOutput::default()))
}

pub fn get_bucket_notification_configuration(
    model: &Model,
    request: S3Request<GetBucketNotificationConfigurationInput>,
) -> Answer<GetBucketNotificationConfigurationOutput> {
    let configuration: Option<NotificationConfiguration> = get(model, &request.input.bucket, "notification")?;
    let configuration = configuration.unwrap_or_default();
    Ok(S3Response::new(GetBucketNotificationConfigurationOutput {
        event_bridge_configuration: configuration.event_bridge_configuration,
        lambda_function_configurations: configuration.lambda_function_configurations,
        queue_configurations: configuration.queue_configurations,
        topic_configurations: configuration.topic_configurations,
    }))
}

/// Never enabled: the model has no versions.
pub fn get_bucket_versioning(
    model: &Model,
    request: S3Request<GetBucketVersioningInput>,
) -> Answer<GetBucketVersioningOutput> {
    bucket(&model.store.state(), &request.input.bucket)?;
    Ok(S3Response::new(GetBucketVersioningOutput::default()))
}

pub fn get_bucket_policy_status(
    model: &Model,
    request: S3Request<GetBucketPolicyStatusInput>,
) -> Answer<GetBucketPolicyStatusOutput> {
    let missing = || s3_error!(NoSuchBucketPolicy, "The bucket policy does not exist");
    get::<Policy>(model, &request.input.bucket, POLICY)?.ok_or_else(missing)?;
    let policy_status = Some(PolicyStatus { is_public: Some(false) });
    Ok(S3Response::new(GetBucketPolicyStatusOutput { policy_status }))
}

pub fn get_bucket_acl(model: &Model, request: S3Request<GetBucketAclInput>) -> Answer<GetBucketAclOutput> {
    bucket(&model.store.state(), &request.input.bucket)?;
    Ok(S3Response::new(GetBucketAclOutput { grants: Some(full_control()), owner: Some(owner()) }))
}

pub fn get_object_acl(model: &Model, request: S3Request<GetObjectAclInput>) -> Answer<GetObjectAclOutput> {
    model.object(&request.input.bucket, &request.input.key)?;
    let (grants, owner) = (Some(full_control()), Some(owner()));
    Ok(S3Response::new(GetObjectAclOutput { grants, owner, request_charged: None }))
}

/// What an owner has who gives nothing to others.
fn full_control() -> Grants {
    let grantee = Grantee {
        type_: Type::from_static(Type::CANONICAL_USER),
        id: Some(OWNER.to_owned()),
        display_name: owner().display_name,
        email_address: None,
        uri: None,
    };
    vec![Grant {
        grantee: Some(grantee),
        permission: Some(Permission::from_static(Permission::FULL_CONTROL)),
    }]
}
