//! What a contender may be asked to archive.

use s3_client::Body;
use test_kit::awkward_keys::taken;

use crate::Contender;
use crate::archives::{Archives, Sizes, content, put, some};
use crate::model::{FILES, Limit, Model};

const MIB: usize = 1 << 20;

fn of(prefix: &str, sizes: &[usize]) -> Sizes {
    sizes.iter().enumerate().map(|(n, &size)| (format!("{prefix}/{n}"), size)).collect()
}

fn named(prefix: &str, names: &[&str]) -> Sizes {
    names.iter().map(|name| (format!("{prefix}/{name}"), name.len() * 1_000)).collect()
}

/// Objects by prefix.
fn inputs() -> Vec<(&'static str, Sizes)> {
    let long = "n".repeat(200);
    let five = 5 * MIB;
    vec![
        ("none", vec![]),
        ("one", of("one", &[7])),
        ("empty", of("empty", &[0])),
        ("empties", of("empties", &[0, 0, 3, 0])),
        ("tiny", some("tiny", 300, 1_024)),
        ("small", of("small", &[MIB, 2 * MIB, 3 * MIB, MIB + 1, 700_000])),
        ("edge", of("edge", &[five, five - 1, five + 1, five])),
        ("halves", of("halves", &[five / 2, five / 2, five / 2 + 1, five - 100])),
        ("large", of("large", &[26 * MIB])),
        ("mixed", of("mixed", &[11 * MIB, 0, 6 * MIB, 1, 4 * MIB, 2 * MIB, 30_000, five])),
        ("odd", named("odd", &["a b", "a+b", "a%20b", "ü€😀", "a&<b>'\"", "a=b?c#d", "~a*!(b)", &long])),
        ("cases", named("cases", &["readme", "README", "ReadMe", "é", "É"])),
        ("deep/er", named("deep/er", &["a/b/c", "d", "e/f"])),
    ]
}

/// Each becomes a valid archive, and leaves nothing else.
pub async fn all_inputs_become_archives(contender: Contender) {
    let (model, mut archives) = (Model::start().await, Archives::new());
    for (prefix, sizes) in inputs() {
        put(&model.s3, &sizes).await;
        // What consoles write for a folder.
        model.s3.put(&format!("{prefix}/folder/"), Vec::new()).await.expect("S3 takes it");
        archives.make(&model, &contender, prefix, &sizes).await;
    }
    archives.check();
}

/// Whether a file of this name stays where an archive is unpacked, on Windows too.
fn can_be_a_file(name: &str) -> bool {
    let has_drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    !has_drive && !["", ".", ".."].contains(&name) && !name.contains(|c: char| c == '\\' || c.is_control())
}

/// Each key that S3 takes becomes an entry, or is named as one that cannot.
pub async fn awkward_keys_are_archived_or_named(contender: Contender) {
    let (model, mut archives) = (Model::start().await, Archives::new());
    for n in 0..taken("").len() {
        let prefix = format!("awkward/{n:03}");
        let key = taken(&format!("{prefix}/")).swap_remove(n);
        let sizes = vec![(key.clone(), 100)];
        put(&model.s3, &sizes).await;
        if can_be_a_file(key.rsplit('/').next().unwrap_or_default()) {
            archives.make(&model, &contender, &prefix, &sizes).await;
        } else {
            let refused = model.archive(&contender, &prefix, Limit::default()).await;
            let failure = refused.expect_err("no file can have that name").to_string();
            assert!(failure.contains(&format!("{key:?}")), "{failure}");
            assert_eq!(model.left().await, [""; 0], "{key:?}");
        }
    }
    archives.check();
    let keys: Vec<_> = model.s3.list("awkward/", None).await.expect("a list").objects;
    let keys: Vec<_> = keys.into_iter().map(|object| object.key).collect();
    model.s3.delete(&keys).await.expect("S3 deletes them");
    assert_eq!(model.s3.list("awkward/", None).await.expect("a list").objects, []);
}

/// S3 has other checksums of them, or none.
pub async fn objects_without_checksums_are_archived(contender: Contender) {
    let (model, mut archives) = (Model::start().await, Archives::new());
    // Those that can be held in memory, and larger ones.
    let mut sizes = some(FILES, 16, 2 * MIB - 10);
    sizes.extend(some("files/larger", 1, 11 * MIB).into_iter().map(|(key, size)| (key + "x", size)));
    for (key, size) in &sizes {
        let upload = model.s3.create_upload(key, false).await.expect("an upload");
        let body = || Body::whole(vec![content(key, *size)]);
        let sent = upload.stream(1, body).await.expect("a part");
        upload.complete(vec![sent], *size as u64, None).await.expect("an object");
    }
    archives.make(&model, &contender, FILES, &sizes).await;
    archives.check();
}
