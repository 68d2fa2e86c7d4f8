//! The store as a whole: what survives a restart, and that bytes stay what they were whatever refers to them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;

use proptest::prelude::*;

use super::testing::{bytes_of, eventually, rope_of, store};
use super::*;
use crate::checksums::BLOCK;

fn made(store: &Store, change: Change, body: Option<Rope>) {
    let Ok(()) = store.change(body, |_| Ok::<_, Infallible>((change, ()))).unwrap();
}

fn info() -> ObjectInfo {
    let etag = "0".repeat(32);
    let headers = Headers::default();
    ObjectInfo { etag, modified: Seconds(1), checksum: None, headers, kms_key: None, tags: vec![] }
}

fn create_bucket(store: &Store) {
    let created = Seconds(1);
    made(
        store,
        Change::CreateBucket { bucket: "b".into(), created, region: None, settings: BTreeMap::new() },
        None,
    );
}

fn put(store: &Store, key: &str, bytes: Bytes, body: Option<Rope>) {
    let (bucket, key) = ("b".into(), key.into());
    made(store, Change::Put { bucket, key, info: info(), parts: None, bytes }, body);
}

fn object(store: &Store, key: &str) -> Option<Vec<u8>> {
    let object = store.state().buckets["b"].objects.get(key).cloned();
    object.map(|object| bytes_of(&object.rope))
}

/// What a user can do, on few keys so that it meets itself.
#[derive(Clone, Debug)]
enum Action {
    Put { key: u8, len: usize },
    Copy { from: u8, to: u8 },
    Delete { key: u8 },
    Multipart { key: u8, parts: Vec<PartSource> },
    LeaveUpload { part: PartSource },
    Restart,
}

#[derive(Clone, Debug)]
enum PartSource {
    Body(usize),
    Range { of: u8, start: usize, end: usize },
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let key = 0..4u8;
    let len = prop_oneof![0..20usize, 0..SMALL + 10, Just(2 * BLOCK + 3)];
    let part = prop_oneof![
        len.clone().prop_map(PartSource::Body),
        (key.clone(), 0..3 * BLOCK, 0..3 * BLOCK).prop_map(|(of, start, end)| PartSource::Range {
            of,
            start: start.min(end),
            end: start.max(end)
        }),
    ];
    let action = prop_oneof![
        4 => (key.clone(), len).prop_map(|(key, len)| Action::Put { key, len }),
        3 => (key.clone(), key.clone()).prop_map(|(from, to)| Action::Copy { from, to }),
        2 => key.clone().prop_map(|key| Action::Delete { key }),
        3 => (key, prop::collection::vec(part.clone(), 1..4))
            .prop_map(|(key, parts)| Action::Multipart { key, parts }),
        1 => part.prop_map(|part| Action::LeaveUpload { part }),
        1 => Just(Action::Restart),
    ];
    prop::collection::vec(action, 1..24)
}

/// The store beside a model that holds all bytes.
struct Both {
    folder: tempfile::TempDir,
    store: Option<Store>,
    objects: BTreeMap<String, Vec<u8>>,
    uploads: BTreeMap<String, Vec<u8>>,
    count: usize,
}

impl Both {
    fn new() -> Self {
        let (folder, store) = store();
        create_bucket(&store);
        let (objects, uploads) = (BTreeMap::new(), BTreeMap::new());
        Self { folder, store: Some(store), objects, uploads, count: 0 }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn body(&mut self, len: usize) -> Vec<u8> {
        self.count += 1;
        (0..len).map(|i| u8::try_from((i + self.count * 31) % 251).unwrap()).collect()
    }

    fn part(&mut self, upload: &str, number: u16, source: &PartSource) -> Vec<u8> {
        let (bytes, from, body) = match *source {
            PartSource::Body(len) => {
                let body = self.body(len);
                let rope = rope_of(self.store(), &body);
                (body, Bytes::Body, Some(rope))
            }
            PartSource::Range { of, start, end } => {
                let key = of.to_string();
                let whole = self.objects.get(&key).cloned().unwrap_or_default();
                let (start, end) = (start.min(whole.len()), end.min(whole.len()));
                if start == end {
                    return self.part(upload, number, &PartSource::Body(1));
                }
                let (bucket, range) = ("b".into(), (start as u64, end as u64));
                let from = Bytes::CopyOf { bucket, key, start: range.0, end: range.1 };
                (whole[start..end].to_vec(), from, None)
            }
        };
        let info = PartInfo { etag: "0".repeat(32), modified: Seconds(1), checksum: None };
        made(self.store(), Change::PutPart { upload: upload.into(), number, info, bytes: from }, body);
        bytes
    }

    fn begin(&mut self, key: &str) -> String {
        self.count += 1;
        let upload = format!("u{}", self.count);
        let info = UploadInfo {
            bucket: "b".into(),
            key: key.into(),
            initiated: Seconds(1),
            headers: Headers::default(),
            tags: vec![],
            checksums: None,
        };
        made(self.store(), Change::CreateUpload { upload: upload.clone(), info }, None);
        upload
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Put { key, len } => {
                let body = self.body(*len);
                let rope = rope_of(self.store(), &body);
                put(self.store(), &key.to_string(), Bytes::Body, Some(rope));
                self.objects.insert(key.to_string(), body);
            }
            Action::Copy { from, to } => {
                let Some(bytes) = self.objects.get(&from.to_string()).cloned() else { return };
                let (bucket, key, end) = ("b".into(), from.to_string(), bytes.len() as u64);
                put(self.store(), &to.to_string(), Bytes::CopyOf { bucket, key, start: 0, end }, None);
                self.objects.insert(to.to_string(), bytes);
            }
            Action::Delete { key } => {
                made(self.store(), Change::Delete { bucket: "b".into(), keys: vec![key.to_string()] }, None);
                self.objects.remove(&key.to_string());
            }
            Action::Multipart { key, parts } => {
                let upload = self.begin(&key.to_string());
                let numbers: Vec<_> = (1..).take(parts.len()).collect();
                let bytes: Vec<_> = numbers
                    .iter()
                    .zip(parts)
                    .map(|(number, part)| self.part(&upload, *number, part))
                    .collect();
                made(self.store(), Change::Complete { upload, parts: numbers, info: info() }, None);
                self.objects.insert(key.to_string(), bytes.concat());
            }
            Action::LeaveUpload { part } => {
                let upload = self.begin("left");
                let bytes = self.part(&upload, 7, part);
                self.uploads.insert(upload, bytes);
            }
            Action::Restart => {
                self.store = None;
                self.store = Some(Store::open(self.folder.path()).unwrap());
            }
        }
    }

    fn check(&self) {
        let state = self.store().state();
        let objects = state.buckets["b"].objects.iter();
        let objects = objects.map(|(key, object)| (key.clone(), bytes_of(&object.rope)));
        assert!(objects.collect::<BTreeMap<_, _>>() == self.objects, "the objects differ");
        let uploads = state.uploads.iter();
        let uploads = uploads.map(|(id, upload)| (id.clone(), bytes_of(&upload.parts[&7].rope)));
        assert!(uploads.collect::<BTreeMap<_, _>>() == self.uploads, "the uploads differ");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn objects_have_the_bytes_of_a_naive_model_also_after_a_restart(actions in actions()) {
        let mut both = Both::new();
        for action in &actions {
            both.act(action);
        }
        both.check();
        both.act(&Action::Restart);
        both.check();
    }
}

#[test]
fn a_write_that_was_cut_off_is_lost_and_no_other() {
    let (folder, store) = store();
    create_bucket(&store);
    put(&store, "whole", Bytes::Body, Some(rope_of(&store, b"kept")));
    put(&store, "torn", Bytes::Body, Some(rope_of(&store, b"lost")));
    drop(store);
    let journal = folder.path().join("journal");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, &text[..text.len() - 20]).unwrap();
    fs::write(folder.path().join("blobs/99"), "a body without its change").unwrap();

    let store = Store::open(folder.path()).unwrap();
    assert_eq!(object(&store, "whole").unwrap(), b"kept");
    assert_eq!(object(&store, "torn"), None);
    assert!(!folder.path().join("blobs/99").exists(), "the cut-off body takes space");
    put(&store, "torn", Bytes::Body, Some(rope_of(&store, b"again")));
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(object(&store, "torn").unwrap(), b"again");
}

#[test]
fn a_deleted_object_gives_its_space_back_once_no_copy_is_left() {
    let (folder, store) = store();
    create_bucket(&store);
    put(&store, "a", Bytes::Body, Some(rope_of(&store, &vec![1; 2 * SMALL])));
    let (bucket, key) = ("b".into(), "a".into());
    put(&store, "copy", Bytes::CopyOf { bucket, key, start: 0, end: 100 }, None);
    let files = || fs::read_dir(folder.path().join("blobs")).unwrap().count();
    made(&store, Change::Delete { bucket: "b".into(), keys: vec!["a".into()] }, None);
    assert_eq!((files(), object(&store, "copy").unwrap()), (1, vec![1; 100]));
    made(&store, Change::Delete { bucket: "b".into(), keys: vec!["copy".into()] }, None);
    eventually("the blob is deleted", || files() == 0);
}

#[test]
fn a_folder_is_used_by_one_server_at_a_time() {
    let (folder, store) = store();
    let error = Store::open(folder.path()).err().unwrap().to_string();
    assert!(error.contains("another S3 model uses this folder"), "{error}");
    drop(store);
    Store::open(folder.path()).unwrap();
}

#[test]
fn a_missing_blob_is_told_at_the_start_and_what_is_there_is_kept() {
    let (folder, store) = store();
    create_bucket(&store);
    put(&store, "small", Bytes::Body, Some(rope_of(&store, b"bytes")));
    put(&store, "large", Bytes::Body, Some(rope_of(&store, &vec![1; 2 * SMALL])));
    drop(store);
    let (small, large) = (folder.path().join("blobs/1"), folder.path().join("blobs/2"));
    fs::rename(&small, folder.path().join("aside")).unwrap();
    let error = Store::open(folder.path()).err().unwrap().to_string();
    assert!(error.contains("blob 1 is missing or too short"), "{error}");
    fs::rename(folder.path().join("aside"), &small).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(object(&store, "small").unwrap(), b"bytes");
    assert!(large.exists() && object(&store, "large").is_some());
}
