//! Three readers accept what the plans make: Python's zipfile and Info-ZIP's unzip, which go by the central directory, and
//! one that reads from the start to the end.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{S3, content, entries, laid_out, machine};
use async_zip::base::read::stream::ZipFileReader;
use futures::io::{AsyncReadExt, Cursor};
use zip_planner::{Entry, Layout, Limits, Objective, Plan};

const LIMITS: Limits = Limits { min_part: 400, max_part: 40_000, max_parts: 60, max_object: 8 << 20 };

/// Reads every archive and compares names and sizes with those in the file beside it.
const PYTHON: &str = "
import json, sys, zipfile
for path in sys.argv[1:]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, path
        found = {info.filename: info.file_size for info in archive.infolist()}
        assert len(found) == len(archive.infolist()), path
        assert found == json.load(open(path + '.json')), path
";

fn sizes() -> Vec<Vec<u64>> {
    let mut all = vec![vec![], vec![0], vec![1], vec![400], vec![0, 5_000, 0], vec![1; 300], vec![390; 20]];
    all.extend((1..40).map(|n| (0..n * 2).map(|at| at * at * 37 * n % 1_500).collect()));
    all
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&text));
}

fn write(folder: &Path, name: usize, archive: &[u8], layout: &Layout) -> String {
    let path = folder.join(format!("{name}.zip")).to_str().unwrap().to_owned();
    fs::write(&path, archive).unwrap();
    let pairs = layout.entries().iter().map(|entry| format!("{:?}: {}", entry.name, entry.size));
    fs::write(format!("{path}.json"), format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))).unwrap();
    path
}

/// Reads an archive in one pass, without its central directory.
async fn read_as_stream(archive: &[u8], layout: &Layout) {
    let mut reader = ZipFileReader::new(Cursor::new(archive));
    let mut order = layout.order().iter();
    while let Some(mut entry) = reader.next_with_entry().await.unwrap() {
        let number = *order.next().unwrap();
        let name = entry.reader().entry().filename().as_str().unwrap().to_owned();
        assert_eq!(name, layout.entries()[number].name);
        let mut found = Vec::new();
        entry.reader_mut().read_to_end(&mut found).await.unwrap();
        assert!(found == content(number, layout.entries()[number].size), "{name}");
        reader = entry.skip().await.unwrap();
    }
    assert!(order.next().is_none(), "an entry is missing");
}

#[tokio::test]
async fn three_readers_accept_the_archives() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (name, sizes) in sizes().iter().enumerate() {
        let objective = if name % 2 == 0 { Objective::Duration } else { Objective::TotalPrice };
        let plan = Plan::new(&entries(sizes), objective, &machine(&LIMITS), &LIMITS).unwrap();
        let archive = S3::archive(&plan, &LIMITS);
        paths.push(write(folder.path(), name, &archive, &plan.layout));
        // async_zip knows no archive without entries, and unzip ends with 1 for one.
        if !sizes.is_empty() {
            read_as_stream(&archive, &plan.layout).await;
            succeeds(Command::new("unzip").args(["-tqq", &paths[name]]));
        }
    }
    succeeds(Command::new("python3").args(["-c", PYTHON]).args(&paths));
}

#[test]
fn two_readers_accept_the_first_numbers_of_entries_that_need_zip64() {
    let folder = tempfile::tempdir().unwrap();
    for count in [65_535, 65_536] {
        let layout = Layout::new(entries(&vec![1; count]), (0..count).collect(), &Limits::S3).unwrap();
        let path = write(folder.path(), count, &laid_out(&layout), &layout);
        succeeds(Command::new("python3").args(["-c", PYTHON, &path]));
        succeeds(Command::new("unzip").args(["-tqq", &path]));
    }
}

/// The large entry's zeros need no disk.
#[test]
fn two_readers_find_an_entry_behind_4_gib() {
    use std::os::unix::fs::FileExt;

    let folder = tempfile::tempdir().unwrap();
    let entry = |name: &str, size| Entry { key: name.to_owned(), name: name.to_owned(), size };
    let large = 1_u64 << 32;
    let layout =
        Layout::new(vec![entry("large", large), entry("small", 5)], vec![0, 1], &Limits::S3).unwrap();
    let crcs = [crc_of_zeros(large), crc32fast::hash(b"hello")];
    let path = write(folder.path(), 0, b"", &layout);
    let file = fs::File::options().write(true).open(&path).unwrap();
    for number in [0, 1] {
        file.write_all_at(&layout.header(number, crcs[number]), layout.offset(number)).unwrap();
    }
    file.write_all_at(b"hello", layout.offset(1) + layout.header_bytes(1)).unwrap();
    file.write_all_at(&layout.end(&crcs), layout.offset(1) + layout.header_bytes(1) + 5).unwrap();
    assert_eq!(file.metadata().unwrap().len(), layout.size());
    succeeds(Command::new("unzip").args(["-tqq", &path, "small"]));
    let python = "import sys, zipfile; assert zipfile.ZipFile(sys.argv[1]).read('small') == b'hello'";
    succeeds(Command::new("python3").args(["-c", python, &path]));
}

fn crc_of_zeros(size: u64) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&[0]);
    for _ in 0..size.trailing_zeros() {
        crc.combine(&crc.clone());
    }
    crc.finalize()
}
