//! All buckets, objects and uploads, and how changes change them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::change::{Bytes, Change};
use super::model::{Bucket, Object, ObjectInfo, ObjectPart, Part, Upload};
use super::rope::Rope;

/// All buckets, objects and uploads.
#[derive(Debug, Default)]
pub struct State {
    /// Buckets by name.
    pub buckets: BTreeMap<String, Bucket>,
    /// Open uploads by id.
    pub uploads: HashMap<String, Upload>,
    /// Changes since the start.
    changes: u64,
}

/// A change that refers to something that isn't there: the journal belongs to another state.
#[derive(Debug, thiserror::Error)]
#[error("there is no {0} for the change")]
pub struct Dangling(String);

fn dangling(what: impl Into<String>) -> impl FnOnce() -> Dangling {
    let what = what.into();
    || Dangling(what)
}

impl State {
    /// Makes `change`; `body` has its bytes if they come from a body.
    ///
    /// # Errors
    /// When it refers to something that isn't there.
    pub fn apply(&mut self, change: Change, body: Option<Rope>) -> Result<(), Dangling> {
        self.changes += 1;
        let number = self.changes;
        match change {
            Change::CreateBucket { bucket, created, region, settings } => {
                let made = Bucket { created, region, settings, objects: BTreeMap::new() };
                self.buckets.insert(bucket, made);
            }
            Change::DeleteBucket { bucket } => {
                self.buckets.remove(&bucket);
                self.uploads.retain(|_, upload| upload.info.bucket != bucket);
            }
            Change::SetBucket { bucket, setting, value } => {
                let settings = &mut self.bucket(&bucket)?.settings;
                match value {
                    Some(value) => settings.insert(setting, value),
                    None => settings.remove(&setting),
                };
            }
            Change::Put { bucket, key, info, parts, bytes } => {
                let rope = self.bytes(bytes, body)?;
                let parts = parts.map(Into::into);
                self.bucket(&bucket)?
                    .objects
                    .insert(key, Arc::new(Object { rope, info, parts, change: number }));
            }
            Change::SetTags { bucket, key, tags } => {
                let object = self.bucket(&bucket)?.objects.get_mut(&key).ok_or_else(dangling(key))?;
                Arc::make_mut(object).info.tags = tags;
            }
            Change::Delete { bucket, keys } => {
                for key in keys {
                    self.delete(&bucket, &key)?;
                }
            }
            Change::CreateUpload { upload, info } => {
                let started = Upload { info, parts: BTreeMap::new(), change: number, saw_deletion: false };
                self.uploads.insert(upload, started);
            }
            Change::PutPart { upload, number, info, bytes } => {
                let rope = self.bytes(bytes, body)?;
                let upload = self.uploads.get_mut(&upload).ok_or_else(dangling(upload))?;
                upload.parts.insert(number, Part { rope, info });
            }
            Change::Complete { upload, parts, info } => {
                let upload = self.uploads.remove(&upload).ok_or_else(dangling(upload))?;
                let object = complete(&upload, &parts, info, number)?;
                self.bucket(&upload.info.bucket)?.objects.insert(upload.info.key, Arc::new(object));
            }
            Change::Abort { upload } => {
                self.uploads.remove(&upload);
            }
        }
        Ok(())
    }

    fn delete(&mut self, bucket: &str, key: &str) -> Result<(), Dangling> {
        if self.bucket(bucket)?.objects.remove(key).is_some() {
            let of_key = |upload: &&mut Upload| upload.info.bucket == bucket && upload.info.key == key;
            self.uploads.values_mut().filter(of_key).for_each(|upload| upload.saw_deletion = true);
        }
        Ok(())
    }

    fn bucket(&mut self, name: &str) -> Result<&mut Bucket, Dangling> {
        self.buckets.get_mut(name).ok_or_else(dangling(name))
    }

    fn bytes(&self, bytes: Bytes, body: Option<Rope>) -> Result<Rope, Dangling> {
        match bytes {
            Bytes::Body => body.ok_or_else(dangling("body")),
            Bytes::CopyOf { bucket, key, start, end } => {
                let object = self.buckets.get(&bucket).and_then(|bucket| bucket.objects.get(&key));
                Ok(object.ok_or_else(dangling(key))?.rope.slice(start..end))
            }
        }
    }
}

fn complete(upload: &Upload, numbers: &[u16], info: ObjectInfo, change: u64) -> Result<Object, Dangling> {
    let part = |number| upload.parts.get(number).ok_or_else(dangling(format!("part {number}")));
    let chosen: Vec<_> = numbers.iter().map(part).collect::<Result<_, _>>()?;
    let parts = numbers.iter().zip(&chosen).map(|(number, part)| ObjectPart {
        number: *number,
        size: part.rope.len(),
        checksum: part.info.checksum.clone(),
    });
    // A single part's list is taken as it is, so that a chain of copies keeps sharing it.
    let rope = match *chosen {
        [part] => part.rope.clone(),
        _ => Rope::concat(chosen.iter().map(|part| &part.rope)),
    };
    Ok(Object { rope, info, parts: Some(parts.collect()), change })
}
