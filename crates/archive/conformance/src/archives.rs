//! Objects' contents, and whether archives have them.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use bytes::Bytes;
use s3_client::S3;
use serde_json::json;
use tempfile::TempDir;

use crate::Contender;
use crate::model::{ARCHIVE, Limit, Model};

/// Reads every archive and compares names, sizes and CRCs with those in the file beside it.
const PYTHON: &str = "
import json, sys, zipfile
for path in sys.argv[1:]:
    expected = json.load(open(path + '.json'))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, path
        found = {info.filename: [info.file_size, info.CRC] for info in archive.infolist()}
        assert len(found) == len(archive.infolist()), path
        assert found == expected, (path, found, expected)
";
/// Contents repeat after so many bytes.
const PERIOD: usize = 64 << 10;

/// Objects by key: sizes in bytes.
pub type Sizes = Vec<(String, usize)>;

/// `count` objects of a size below a prefix.
#[must_use]
pub fn some(prefix: &str, count: usize, size: usize) -> Sizes {
    (0..count).map(|n| (format!("{prefix}/{n:05}"), size)).collect()
}

/// An object's content: another one for each key.
pub fn content(key: &str, size: usize) -> Bytes {
    let seed = key.bytes().fold(7_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let mut random = fastrand::Rng::with_seed(seed);
    let mut period = vec![0; PERIOD.min(size)];
    random.fill(&mut period);
    let mut content = Vec::with_capacity(size);
    while content.len() < size {
        content.extend_from_slice(&period[..PERIOD.min(size - content.len())]);
    }
    content.into()
}

/// Puts objects.
pub async fn put(s3: &S3, sizes: &Sizes) {
    for (key, size) in sizes {
        s3.put(key, vec![content(key, *size)]).await.expect("S3 takes it");
    }
}

/// Archives as they were made, for one check at the end.
pub struct Archives {
    folder: TempDir,
    paths: Vec<String>,
}

impl Default for Archives {
    fn default() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), paths: Vec::new() }
    }
}

impl Archives {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the contender make an archive of what is below `prefix`; nothing else may be left.
    pub async fn make(&mut self, model: &Model, contender: &Contender, prefix: &str, sizes: &Sizes) {
        let made = model.archive(contender, prefix, Limit::default()).await;
        made.unwrap_or_else(|failure| panic!("{prefix}: {failure}"));
        assert_eq!(model.left().await, [""; 0], "{prefix}");
        self.keep(&model.s3, sizes).await;
    }

    /// Keeps the archive that S3 has now, and what it has to hold.
    pub async fn keep(&mut self, s3: &S3, sizes: &Sizes) {
        let found = s3.list(ARCHIVE, None).await.expect("a list").objects;
        let object = found.first().expect("an archive");
        let bytes = s3.read(object, 0..object.size).await.expect("the archive");
        let entry = |(key, size): &(String, usize)| {
            let name = key.rsplit('/').next().unwrap_or_default().to_owned();
            (name, json!([size, crc32fast::hash(&content(key, *size))]))
        };
        let entries: BTreeMap<_, _> = sizes.iter().map(entry).collect();
        let path = self.folder.path().join(format!("{}.zip", self.paths.len()));
        let path = path.to_str().expect("a name").to_owned();
        fs::write(&path, bytes).expect("room on the disk");
        fs::write(format!("{path}.json"), json!(entries).to_string()).expect("room on the disk");
        self.paths.push(path);
    }

    /// Whether Python's zipfile finds in all of them what they have to hold.
    pub fn check(&self) {
        let output = Command::new("python3").args(["-c", PYTHON]).args(&self.paths).output();
        let output = output.expect("python3 is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
