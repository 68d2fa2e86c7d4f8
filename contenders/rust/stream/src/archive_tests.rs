//! The judge says whether what is written is an archive.

use std::collections::BTreeSet;
use std::ops::Range;

use ::archive::content::hex;
use ::archive::judge::check;
use ::archive::source::{Chunks, RangedSource, SourceError};
use futures::future::BoxFuture;
use futures::{FutureExt, stream};
use sha2::{Digest, Sha256};

use super::*;

struct Memory(Bytes);

impl RangedSource for Memory {
    fn open(&self, range: Range<u64>) -> BoxFuture<'static, Result<Chunks, SourceError>> {
        let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
        let bytes = self.0.slice(start..end);
        async { Ok(stream::iter([Ok(bytes)]).boxed()) }.boxed()
    }
}

fn contents() -> Vec<Vec<u8>> {
    let mut contents: Vec<Vec<u8>> =
        (1..20_u8).map(|index| vec![index; usize::from(index) * 1_000]).collect();
    contents.insert(3, Vec::new());
    contents
}

fn object(content: &[u8]) -> Object {
    let name = hex(&Sha256::digest(content));
    Object { key: format!("files/{name}"), size: content.len() as u64, etag: String::new() }
}

async fn whole(content: Vec<u8>) -> Content {
    let room = Arc::new(Semaphore::new(1));
    Content::Whole(content, room.acquire_owned().await.unwrap())
}

fn pieces(content: &[u8]) -> Content {
    let pieces: Vec<_> = content.chunks(700).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    Content::Pieces(stream::iter(pieces).boxed())
}

/// Every third entry arrives in pieces.
async fn written(zip64: bool) -> Vec<u8> {
    let mut entries = Vec::new();
    for (index, content) in contents().into_iter().enumerate() {
        let object = object(&content);
        let content = if index % 3 == 0 { pieces(&content) } else { whole(content).await };
        entries.push(Ok((object, content)));
    }
    write_entries(stream::iter(entries), zip64, Vec::new()).await.unwrap()
}

async fn judged(archive: Vec<u8>) -> u64 {
    let expected: BTreeSet<String> =
        contents().iter().map(|content| object(content).base_name().to_owned()).collect();
    let size = archive.len() as u64;
    check(Arc::new(Memory(archive.into())), size, expected).await.unwrap()
}

#[tokio::test]
async fn the_judge_accepts_whole_and_streamed_entries_with_and_without_zip64() {
    assert_eq!(judged(written(false).await).await, 20);
    assert_eq!(judged(written(true).await).await, 20);
}

#[tokio::test]
async fn no_objects_make_an_empty_archive() {
    let archive = write_entries(stream::iter([]), false, Vec::new()).await.unwrap();
    assert_eq!(check(Arc::new(Memory(archive.into())), 22, BTreeSet::new()).await.unwrap(), 0);
}

#[tokio::test]
async fn an_object_that_changes_leaves_no_archive_without_it() {
    let lost = || FetchError::Changed("files/a".to_owned());
    let object = object(b"a");
    let broken = Content::Pieces(stream::iter([Ok(Bytes::from_static(b"a")), Err(lost())]).boxed());
    for entries in [vec![Err(lost().into())], vec![Ok((object, broken))]] {
        let error = write_entries(stream::iter(entries), false, Vec::new()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "'files/a' changed while the archive was made: run it again when nobody writes to the bucket"
        );
    }
}
