//! What a contender may be asked to archive.

use s3_client::Body;

use crate::Contender;
use crate::archives::{Archives, Sizes, content, put, some};
use crate::model::{FILES, Model};

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
