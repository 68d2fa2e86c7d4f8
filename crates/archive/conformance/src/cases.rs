//! Faults, ends and impossible inputs.

use std::time::{Duration, Instant, SystemTime};

use contender_kit::Run;
use serde_json::json;

use crate::Contender;
use crate::archives::{Archives, Sizes, content, put, some};
use crate::model::{ARCHIVE, FILES, Limit, Model};

const MIB: usize = 1 << 20;
/// What S3's slow answers take, s: much longer than all else.
const SLOW: f64 = 2.0;

/// More than one part, each answered late.
async fn slow() -> (Model, Sizes) {
    let (model, mut sizes) = (Model::start().await, some(FILES, 5, 6 * MIB));
    // A small one, which may be read otherwise.
    sizes[0].1 = MIB;
    put(&model.s3, &sizes).await;
    let slow = ["UploadPart", "UploadPartCopy"];
    model.faults(json!([{ "kind": "stall", "seconds": SLOW, "operations": slow }])).await;
    (model, sizes)
}

/// SIGTERM half way.
pub async fn terminated_runs_leave_nothing(contender: Contender) {
    let ((model, _), limit) = (slow().await, Limit::default());
    let end = async {
        model.until_started().await;
        limit.terminated.cancel();
    };
    let (done, ()) = tokio::join!(model.archive(&contender, FILES, limit.clone()), end);
    let failure = done.expect_err("the environment has ended").to_string();
    assert!(failure.contains("Lambda ends"), "{failure}");
    model.has_nothing().await;
}

/// The function's timeout is too short for the archive, but not for saying so.
pub async fn short_times_are_a_clear_error(contender: Contender) {
    let ((model, _), start) = (slow().await, Instant::now());
    let limit = Limit { time: Duration::from_secs_f64(SLOW), ..Limit::default() };
    let failure = model.archive(&contender, FILES, limit).await.expect_err("it is too short").to_string();
    assert!(failure.contains("raise the function's timeout"), "{failure}");
    assert!(start.elapsed().as_secs_f64() < SLOW, "Lambda would have ended it: {:?}", start.elapsed());
    model.has_nothing().await;
}

/// A run that is killed cannot clean up. A later one does, but not as long as the first might still be going on.
pub async fn killed_runs_are_cleaned_up_after(contender: Contender) {
    let ((mut model, sizes), mut archives) = (slow().await, Archives::new());
    // As long as S3 takes it: no other key has room for it.
    model.archive_key = format!("{ARCHIVE}{}", "n".repeat(1_024 - ARCHIVE.len()));
    let limit = Limit { time: Duration::from_mins(2), ..Limit::default() };
    tokio::select! {
        done = model.archive(&contender, FILES, limit.clone()) => panic!("it is not killed: {done:?}"),
        () = model.until_started() => {}
    }
    let left = model.left().await;
    assert!(left.iter().any(|left| left.starts_with("upload of archives/")), "{left:?}");

    model.faults(json!([])).await;
    model.archive(&contender, FILES, Limit::default()).await.expect("an archive beside it");
    archives.keep(&model.s3, &sizes).await;
    archives.check();
    assert_eq!(model.left().await, left, "the first run may still need that");

    let later = |seconds| {
        let now = SystemTime::now() + limit.time + Duration::from_secs(seconds);
        Run::new(contender.name, Duration::ZERO).remove_earlier(model.s3.clone(), now)
    };
    later(30).await;
    assert_eq!(model.left().await, left, "clocks may differ by a minute");
    later(62).await;
    assert_eq!(model.left().await, [""; 0]);
}

/// A small object, and a large one.
const CHANGING: [usize; 2] = [0, 3];

/// An object changes after the listing.
async fn meanwhile(contender: &Contender, object: usize, change: impl AsyncFn(&Model, &str)) -> String {
    let (model, sizes) = slow().await;
    let slow = ["CreateMultipartUpload"];
    model.faults(json!([{ "kind": "stall", "seconds": SLOW, "operations": slow }])).await;
    let changed = async {
        model.until_asked("CreateMultipartUpload").await;
        change(&model, &sizes[object].0).await;
    };
    let (done, ()) = tokio::join!(model.archive(contender, FILES, Limit::default()), changed);
    model.has_nothing().await;
    done.expect_err("an object changed").to_string()
}

/// Another content under the same key.
pub async fn changed_objects_are_a_clear_error(contender: Contender) {
    for object in CHANGING {
        let failure = meanwhile(&contender, object, async |model, key| {
            model.s3.put(key, vec![content("another", 6 * MIB)]).await.expect("S3 takes it");
        });
        let failure = failure.await;
        assert!(failure.contains("changed while"), "{failure}");
        assert!(failure.contains(&format!("files/{object:05}")), "{failure}");
        assert!(failure.contains("run it again"), "{failure}");
    }
}

/// An object is gone.
pub async fn deleted_objects_are_a_clear_error(contender: Contender) {
    for object in CHANGING {
        let failure = meanwhile(&contender, object, async |model, key| {
            model.s3.delete(&[key.to_owned()]).await.expect("S3 deletes it");
        });
        let failure = failure.await;
        assert!(failure.contains("deleted while"), "{failure}");
        assert!(failure.contains(&format!("files/{object:05}")), "{failure}");
    }
}

/// S3 refuses requests, breaks connections, ends answers early.
pub async fn faults_are_overcome(contender: Contender) {
    let (model, mut archives) = (Model::start().await, Archives::new());
    let mut sizes = some("faults", 6, 5 * MIB + 1);
    sizes.extend(some("faults/small", 9, 900_000).into_iter().map(|(key, size)| (key + "s", size)));
    put(&model.s3, &sizes).await;
    let all = [
        json!([{ "kind": "503", "rate": 0.3 }]),
        json!([
            { "kind": "truncate", "rate": 0.3, "operations": ["GetObject", "ListObjectsV2"] },
            { "kind": "500", "rate": 0.1 },
            { "kind": "reset", "rate": 0.1 },
        ]),
    ];
    for faults in all {
        model.faults(faults.clone()).await;
        let made = model.archive(&contender, "faults", Limit::default()).await;
        model.faults(json!([])).await;
        made.unwrap_or_else(|failure| panic!("{faults}: {failure}"));
        assert_eq!(model.left().await, [""; 0], "{faults}");
        archives.keep(&model.s3, &sizes).await;
    }
    archives.check();
}

/// What a contender says of its requests is what it will pay for, repetitions included.
pub async fn own_counts_are_those_of_s3(contender: Contender) {
    let model = Model::start().await;
    put(&model.s3, &some(FILES, 6, 5 * MIB + 1)).await;
    model.faults(json!([{ "kind": "503", "rate": 0.3 }])).await;
    model.archive(&contender, FILES, Limit::default()).await.expect("an archive");
    model.until_counted().await;
}

/// S3 starts an upload, but the answer that names it is lost.
pub async fn unknown_uploads_are_removed(contender: Contender) {
    let (model, mut archives) = (Model::start().await, Archives::new());
    let sizes = some(FILES, 5, 6 * MIB);
    put(&model.s3, &sizes).await;
    let created = ["CreateMultipartUpload"];
    for kind in ["reset", "truncate"] {
        model.faults(json!([{ "kind": kind, "key": "archives/*", "operations": created, "count": 1 }])).await;
        archives.make(&model, &contender, FILES, &sizes).await;
    }
    let slow = ["UploadPart", "UploadPartCopy"];
    model
        .faults(json!([
            { "kind": "reset", "key": "archives/*", "operations": created, "count": 1 },
            { "kind": "stall", "seconds": SLOW, "operations": slow },
        ]))
        .await;
    let limit = Limit { time: Duration::from_secs_f64(SLOW), ..Limit::default() };
    model.archive(&contender, FILES, limit).await.expect_err("the time is too short");
    assert_eq!(model.left().await, [""; 0]);
    archives.check();
}

/// What is read isn't what S3 has: there is a right archive, or none.
pub async fn wrong_bytes_are_noticed(contender: Contender) {
    let (model, mut archives) = (Model::start().await, Archives::new());
    let sizes = some(FILES, 60, 200_000);
    put(&model.s3, &sizes).await;
    model.faults(json!([{ "kind": "wrong-byte", "rate": 0.2, "operations": ["GetObject"] }])).await;
    let made = model.archive(&contender, FILES, Limit::default()).await;
    model.faults(json!([])).await;
    match made {
        Ok(_) => archives.keep(&model.s3, &sizes).await,
        Err(failure) => {
            assert!(failure.to_string().contains("CRC32"), "{failure}");
            model.has_nothing().await;
        }
    }
    archives.check();
}

/// Objects that appear after the listing: the archive is that of the listing.
pub async fn added_objects_do_no_harm(contender: Contender) {
    let ((model, sizes), mut archives) = (slow().await, Archives::new());
    let added = async {
        model.until_asked("CreateMultipartUpload").await;
        put(&model.s3, &some("files/00", 3, MIB)).await;
    };
    let (done, ()) = tokio::join!(model.archive(&contender, FILES, Limit::default()), added);
    done.expect("an archive of what was there");
    assert_eq!(model.left().await, [""; 0]);
    archives.keep(&model.s3, &sizes).await;
    archives.check();
}

/// An error that says why, before anything is written.
pub async fn what_fits_no_archive_is_refused(contender: Contender) {
    let model = Model::start().await;
    put(&model.s3, &vec![("twice/a/x".to_owned(), 3), ("twice/b/x".to_owned(), 3)]).await;
    put(&model.s3, &vec![("full/folder/".to_owned(), 3), ("full/folder/x".to_owned(), 3)]).await;
    let refused = [
        ("twice", "same base name"),
        ("full", "\"full/folder/\" would become an entry with a name that no file can have (it is empty"),
        ("", "files_prefix is empty"),
    ];
    for (prefix, reason) in refused {
        let refused = model.archive(&contender, prefix, Limit::default()).await;
        let failure = refused.expect_err("no archive can be made").to_string();
        assert!(failure.contains(reason), "{failure}");
        model.has_nothing().await;
    }
}
