//! At each start: the journal is written anew with what there is, and what a cut-off write left in the blobs goes.

use std::collections::{BTreeMap, HashMap};
use std::io;

use super::blob::Blobs;
use super::change::{Bytes, Change};
use super::record::{Reader, Record, Written};
use super::rope::Rope;
use super::state::State;

/// The shortest journal that leads to `state`.
pub fn records(state: &State) -> impl Iterator<Item = Record> {
    let mut writer = Writer::default();
    let mut records = Vec::new();
    for (name, bucket) in &state.buckets {
        let (created, region, settings) = (bucket.created, bucket.region.clone(), bucket.settings.clone());
        records.push(alone(Change::CreateBucket { bucket: name.clone(), created, region, settings }));
        for (key, object) in &bucket.objects {
            let (bytes, body) = writer.bytes(&object.rope);
            writer.objects.entry(object.rope.identity()).or_insert_with(|| (name.clone(), key.clone()));
            let parts = object.parts.as_ref().map(|parts| parts.to_vec());
            let (bucket, key, info) = (name.clone(), key.clone(), object.info.clone());
            records.push(Record { change: Change::Put { bucket, key, info, parts, bytes }, body });
        }
    }
    for (id, upload) in &state.uploads {
        records.push(alone(Change::CreateUpload { upload: id.clone(), info: upload.info.clone() }));
        for (number, part) in &upload.parts {
            let (bytes, body) = writer.bytes(&part.rope);
            let (number, info) = (*number, part.info.clone());
            records
                .push(Record { change: Change::PutPart { upload: id.clone(), number, info, bytes }, body });
        }
    }
    records.into_iter()
}

fn alone(change: Change) -> Record {
    Record { change, body: None }
}

/// Writes each chunk once, and each list of ranges once that several objects share.
#[derive(Default)]
struct Writer {
    chunks: Written,
    /// Bucket and key of an object in the new journal by the identity of its rope.
    objects: HashMap<usize, (String, String)>,
}

impl Writer {
    fn bytes(&mut self, rope: &Rope) -> (Bytes, Option<super::record::Body>) {
        match self.objects.get(&rope.identity()) {
            Some((bucket, key)) if !rope.is_empty() => {
                let (bucket, key) = (bucket.clone(), key.clone());
                (Bytes::CopyOf { bucket, key, start: 0, end: rope.len() }, None)
            }
            _ => (Bytes::Body, Some(self.chunks.body(rope))),
        }
    }
}

/// Deletes the blobs that nothing refers to and gives back what is unused in the others.
///
/// # Errors
/// When a blob that is referred to is missing or too short.
pub fn clear_unused(blobs: &Blobs, ropes: &Reader<'_>) -> io::Result<()> {
    let mut used: BTreeMap<u64, Vec<_>> = BTreeMap::new();
    for chunk in ropes.used() {
        used.entry(chunk.blob.id).or_default().push(chunk);
    }
    for (id, chunks) in &used {
        let len = chunks[0].blob.len_on_disk().unwrap_or(0);
        if chunks.iter().any(|chunk| chunk.at + chunk.len > len) {
            return Err(io::Error::other(format!("blob {id} is missing or too short")));
        }
    }
    blobs.delete_unused(|id| used.contains_key(&id))?;
    for chunks in used.values_mut() {
        chunks.sort_unstable_by_key(|chunk| chunk.at);
        let blob = &chunks[0].blob;
        let mut free_from = 0;
        for chunk in chunks.iter() {
            blob.discard(free_from..chunk.at);
            free_from = chunk.at + chunk.len;
        }
        blob.discard(free_from..blob.len_on_disk().unwrap_or(0));
    }
    Ok(())
}
