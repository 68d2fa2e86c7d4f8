//! `DeleteObject` and `DeleteObjects`.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result};

use super::conditions::check_deletion;
use super::{Model, bucket};
use crate::policy::{self, Caller};
use crate::rules;
use crate::store::{Change, State};
use crate::xml::WithLineFeeds;

pub fn delete_object(
    model: &Model,
    request: S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    let DeleteObjectInput { bucket: name, key, if_match, version_id, .. } = request.input;
    rules::version(version_id.as_deref())?;
    let is_there = {
        let state = model.store.state();
        bucket(&state, &name)?.objects.contains_key(&key)
    };
    // What isn't there needs no deletion, and no line in the journal.
    if is_there || if_match.is_some() {
        model.change(None, |state| {
            let old = bucket(state, &name)?.objects.get(&key);
            check_deletion(old.map(AsRef::as_ref), if_match.as_ref())?;
            Ok((Change::Delete { bucket: name, keys: vec![key] }, ()))
        })?;
    }
    Ok(S3Response::new(DeleteObjectOutput::default()))
}

pub fn delete_objects(
    model: &Model,
    request: S3Request<DeleteObjectsInput>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    let DeleteObjectsInput { bucket: name, delete, .. } = request.input;
    let delete = request.extensions.get().map_or(Ok(delete), WithLineFeeds::delete)?;
    let asked = delete.objects;
    if asked.is_empty() || asked.len() > rules::MAX_KEYS {
        return Err(rules::malformed_xml());
    }
    let output = model.change(None, |state| {
        bucket(state, &name)?;
        let caller = request.extensions.get::<Caller>();
        let (mut keys, mut output) = (Vec::new(), DeleteObjectsOutput::default());
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for object in asked {
            let permitted = caller.map_or(Ok(()), |caller| {
                caller.check("s3:DeleteObject", &policy::arn(&name, Some(&object.key)), None)
            });
            match permitted.and_then(|()| check(state, &name, &object)) {
                Ok(()) => {
                    deleted.push(DeletedObject { key: Some(object.key.clone()), ..DeletedObject::default() });
                    keys.push(object.key);
                }
                Err(error) => errors.push(Error {
                    key: Some(object.key),
                    code: Some(error.code().as_str().to_owned()),
                    message: error.message().map(str::to_owned),
                    version_id: None,
                }),
            }
        }
        output.deleted = (!delete.quiet.unwrap_or(false)).then_some(deleted);
        output.errors = (!errors.is_empty()).then_some(errors);
        Ok((Change::Delete { bucket: name, keys }, output))
    })?;
    Ok(S3Response::new(output))
}

fn check(state: &State, name: &str, object: &ObjectIdentifier) -> S3Result<()> {
    rules::key(&object.key)?;
    rules::version(object.version_id.as_deref())?;
    let old = bucket(state, name)?.objects.get(&object.key);
    let condition = object.e_tag.clone().map(ETagCondition::ETag);
    check_deletion(old.map(AsRef::as_ref), condition.as_ref())
}
