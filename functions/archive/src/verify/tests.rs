use std::sync::atomic::Ordering;

use async_zip::base::write::ZipFileWriter;
use async_zip::{Compression, ZipEntryBuilder};
use futures::io::AsyncWriteExt;

use super::*;
use crate::testing::{Fake, Memory, archive, archive_behind, expected, name_of, source};

const CONTENTS: [&[u8]; 3] = [b"one", b"", b"three"];

async fn verdict_of(bytes: Vec<u8>, expected: Expected) -> Result<u64, String> {
    let (source, size) = source(bytes);
    verify_archive(source, size, expected).await.map_err(|error| error.to_string())
}

/// What is said about an archive of `fakes` where [`CONTENTS`] are expected.
async fn verdict(fakes: &[Fake]) -> Result<u64, String> {
    verdict_of(archive(fakes), expected(&CONTENTS)).await
}

fn fakes() -> [Fake; 3] {
    CONTENTS.map(Fake::new)
}

#[tokio::test]
async fn an_archive_with_every_object_is_valid_even_if_one_is_empty() {
    assert_eq!(verdict(&fakes()).await, Ok(3));
}

#[tokio::test]
async fn the_order_of_the_directory_does_not_matter() {
    let [a, b, c] = fakes();
    let (forward, backward) = (archive(&[a.clone(), b.clone(), c.clone()]), archive(&[c, b, a]));
    assert_eq!(verdict_of(forward, expected(&CONTENTS)).await, Ok(3));
    assert_eq!(verdict_of(backward, expected(&CONTENTS)).await, Ok(3));
}

#[tokio::test]
async fn an_empty_source_needs_an_empty_archive() {
    assert_eq!(verdict_of(archive(&[]), Expected::new()).await, Ok(0));
    assert!(
        verdict_of(Vec::new(), Expected::new())
            .await
            .unwrap_err()
            .starts_with("invalid: archive unreadable: no end")
    );
}

#[tokio::test]
async fn a_folder_in_a_name_is_nested() {
    let mut fakes = fakes();
    fakes[1].name = b"files/x".to_vec();
    assert_eq!(
        verdict(&fakes).await.unwrap_err(),
        "invalid: archive contains nested path 'files/x', flat layout required"
    );
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_on_windows_is_told_as_such() {
    for name in ["..\\x", "a\\b", "C:x", "c:\\x", "\\\\host\\x", "..", "a\0", "a\r\n", "\u{7f}", "\u{85}"] {
        let mut fakes = fakes();
        (fakes[1].name, fakes[1].local_name) = (name.into(), name.into());
        // Whether or not an object has that name.
        for expected in [expected(&CONTENTS), Expected::from([(name.to_owned(), vec![name_of(b"")])])] {
            let said = verdict_of(archive(&fakes[1..2]), expected).await.unwrap_err();
            assert!(
                said.starts_with(&format!("invalid: archive contains the name {name:?}, which leads")),
                "{said}"
            );
        }
    }
    let harmless = Fake { name: b"ab:c".to_vec(), local_name: b"ab:c".to_vec(), ..Fake::new(b"") };
    let named = Expected::from([("ab:c".to_owned(), vec![name_of(b"")])]);
    assert_eq!(verdict_of(archive(&[harmless]), named).await, Ok(1));
}

#[tokio::test]
async fn other_content_under_an_objects_name_is_a_hash_mismatch() {
    let mut fakes = fakes();
    fakes[2] = Fake { name: fakes[2].name.clone(), local_name: fakes[2].name.clone(), ..Fake::new(b"other") };
    let (name, computed) = (name_of(b"three"), name_of(b"other"));
    assert_eq!(
        verdict(&fakes).await.unwrap_err(),
        format!("invalid: content hash mismatch for '{name}': computed {computed}")
    );
}

#[tokio::test]
async fn unknown_and_duplicate_entries_are_named() {
    let [a, b, c] = fakes();
    let unknown =
        Fake { name: "héllo wörld".into(), local_name: "héllo wörld".into(), ..Fake::new(b"x") };
    assert_eq!(
        verdict(&[a.clone(), b.clone(), c.clone(), unknown]).await.unwrap_err(),
        "invalid: unknown or duplicate object in archive: 'héllo wörld'"
    );
    let error = verdict(&[a.clone(), b, c, a]).await.unwrap_err();
    assert_eq!(error, format!("invalid: unknown or duplicate object in archive: '{}'", name_of(b"one")));
}

#[tokio::test]
async fn missing_objects_are_counted_and_the_first_five_named() {
    let contents: Vec<Vec<u8>> = (0..7_u8).map(|index| vec![index]).collect();
    let slices: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
    let names = expected(&slices);
    let sample: Vec<&String> = names.keys().take(5).collect();
    assert_eq!(
        verdict_of(archive(&[]), names.clone()).await.unwrap_err(),
        format!("invalid: archive missing 7 expected object(s) (sample: {sample:?})")
    );
}

#[tokio::test]
async fn a_wrong_crc_is_told_from_wrong_content() {
    let mut fakes = fakes();
    (fakes[0].crc32, fakes[0].local_crc32) = (1, 1);
    let name = name_of(b"one");
    assert_eq!(verdict(&fakes).await.unwrap_err(), format!("invalid: CRC mismatch for '{name}'"));
}

#[tokio::test]
async fn what_other_readers_could_read_differently_is_unreadable() {
    let name = name_of(b"one");
    let one = Fake::new(b"one");
    let cases = [
        (Fake { flags: 1, ..one.clone() }, format!("'{name}' is encrypted")),
        (
            Fake { method: 12, ..one.clone() },
            format!("'{name}' has unsupported compression method 12: use stored (0) or deflate (8)"),
        ),
        (
            Fake { local_crc32: 7, ..one.clone() },
            format!("the local header of '{name}' has a different CRC than the central directory"),
        ),
        (
            Fake { local_name: b"two".to_vec(), ..one.clone() },
            format!("the local header of '{name}' has a different name than the central directory"),
        ),
        (
            Fake { size: 2, ..one.clone() },
            format!("'{name}' has 3 bytes of content, but the central directory says 2"),
        ),
        (Fake { method: 8, ..one }, format!("cannot inflate '{name}': ")),
    ];
    for (fake, reason) in cases {
        let said = verdict_of(archive(&[fake]), expected(&[b"one"])).await.unwrap_err();
        assert!(said.starts_with(&format!("invalid: archive unreadable: {reason}")), "{said}");
    }
}

#[tokio::test]
async fn an_archive_cut_anywhere_is_invalid_and_never_a_crash() {
    let whole = archive(&fakes());
    for length in 0..whole.len() {
        let said = verdict_of(whole[..length].to_vec(), expected(&CONTENTS)).await.unwrap_err();
        assert!(said.starts_with("invalid: "), "{length}: {said}");
        let said = verdict_of(whole[whole.len() - length..].to_vec(), expected(&CONTENTS)).await.unwrap_err();
        assert!(said.starts_with("invalid: "), "last {length}: {said}");
    }
}

#[tokio::test]
async fn a_flipped_byte_is_never_a_crash_and_never_changes_content_unseen() {
    let whole = archive(&fakes());
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        if let Err(said) = verdict_of(bytes, expected(&CONTENTS)).await {
            assert!(said.starts_with("invalid: "), "{at}: {said}");
        }
    }
}

#[tokio::test]
async fn something_else_is_no_archive() {
    let said = verdict_of(vec![b'x'; 3 << 20], expected(&CONTENTS)).await.unwrap_err();
    assert_eq!(
        said,
        "invalid: archive unreadable: no end of central directory record: not a ZIP archive, or cut short"
    );
}

#[tokio::test]
async fn zip64_sizes_are_read() {
    let fakes = fakes().map(|fake| Fake { zip64: true, ..fake });
    assert_eq!(verdict(&fakes).await, Ok(3));
}

#[tokio::test]
async fn entries_behind_four_gigabytes_are_found_by_offsets_alone() {
    let archive = archive_behind(5 << 30, &fakes());
    let size = archive.size();
    assert_eq!(verify_archive(Arc::new(archive), size, expected(&CONTENTS)).await.unwrap(), 3);
}

#[tokio::test]
async fn a_large_archive_is_read_in_one_pass_over_connections_that_break() {
    let contents: Vec<Vec<u8>> = (0..40_u8).map(|index| vec![index; 100_000]).collect();
    let names = expected(&contents.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let bytes = archive(&contents.iter().map(|content| Fake::new(content)).collect::<Vec<_>>());
    let size = bytes.len() as u64;
    let steady = Arc::new(Memory::new(bytes.clone()));
    assert_eq!(verify_archive(Arc::clone(&steady), size, names.clone()).await.unwrap(), 40);
    assert_eq!(
        steady.requests.load(Ordering::Relaxed),
        2,
        "one request for the directory, one for the content"
    );
    let breaking = Memory { chunks_before_break: 1500, ..Memory::new(bytes) };
    assert_eq!(verify_archive(Arc::new(breaking), size, names).await.unwrap(), 40);
}

#[tokio::test]
async fn a_broken_source_says_nothing_about_the_archive() {
    tokio::time::pause();
    let (bytes, size) = {
        let bytes = archive(&fakes());
        (bytes.clone(), bytes.len() as u64)
    };
    let source = Memory { chunks_before_break: 0, ..Memory::new(bytes) };
    let error = verify_archive(Arc::new(source), size, expected(&CONTENTS)).await.unwrap_err();
    assert!(matches!(error, VerifyError::Source(_)), "{error}");
}

#[tokio::test]
async fn deflated_and_streamed_entries_of_another_writer_are_read() {
    let mut zip = ZipFileWriter::new(Vec::new());
    let entry = |content: &[u8], compression| ZipEntryBuilder::new(name_of(content).into(), compression);
    zip.write_entry_whole(entry(b"one", Compression::Deflate), b"one").await.unwrap();
    for (content, compression) in [(&b""[..], Compression::Stored), (b"three", Compression::Deflate)] {
        let mut writer = zip.write_entry_stream(entry(content, compression)).await.unwrap();
        writer.write_all(content).await.unwrap();
        writer.close().await.unwrap();
    }
    let bytes = zip.close().await.unwrap();
    assert_eq!(verdict_of(bytes, expected(&CONTENTS)).await, Ok(3));
}

#[tokio::test]
async fn as_many_entries_as_a_plain_archive_may_have_and_one_more_are_read() {
    // A plain archive's count of 65,535 means that another record has it, if there is one: async_zip writes it from 65,536 on.
    for count in [65_535_u32, 65_536] {
        let mut zip = ZipFileWriter::new(Vec::new());
        let mut names = Expected::new();
        for index in 0..count {
            let content = index.to_le_bytes();
            let name = name_of(&content);
            let entry = ZipEntryBuilder::new(name.as_str().into(), Compression::Stored);
            zip.write_entry_whole(entry, &content).await.unwrap();
            names.insert(name.clone(), vec![name]);
        }
        assert_eq!(verdict_of(zip.close().await.unwrap(), names).await, Ok(count.into()));
    }
}

#[tokio::test]
async fn an_entry_may_have_any_content_that_its_object_had() {
    let now_or_then = |then: &[u8]| Expected::from([(name_of(b"one"), vec![name_of(then), name_of(b"one")])]);
    let entry = archive(&[Fake::new(b"one")]);
    assert_eq!(verdict_of(entry.clone(), now_or_then(b"before")).await, Ok(1));
    let never = Expected::from([(name_of(b"one"), vec![name_of(b"before")])]);
    assert!(verdict_of(entry, never).await.unwrap_err().starts_with("invalid: content hash mismatch"));
}
