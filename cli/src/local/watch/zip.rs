//! The ZIP archive that Lambda takes: one file, `bootstrap`.

use anyhow::{Context, Result};
use async_zip::base::read1::seek::ZipArchiveReader;
use async_zip::base::write::ZipFileWriter;
use async_zip::{Compression, DeflateOption, ZipEntryBuilder};
use futures::io::Cursor;

const NAME: &str = "bootstrap";
const MODE: u16 = 0o100_755;
/// Deflate's level: a function of 17 MB takes 0.2 s, with the default level 0.8 s.
const FASTEST: i32 = 1;

/// Identifies the content of a file: the checksum that archives have of each file, and the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    crc32: u32,
    size: u64,
}

impl Content {
    /// That of a built function.
    pub fn of(bootstrap: &[u8]) -> Self {
        Self { crc32: crc32fast::hash(bootstrap), size: bootstrap.len() as u64 }
    }

    /// That of a function in its archive; none if the archive holds no function.
    pub async fn packed(archive: Vec<u8>) -> Option<Self> {
        let reader = ZipArchiveReader::open(Cursor::new(archive)).await.ok()?;
        let index = reader.find(NAME.as_bytes()).ok()?.next()?;
        let header = &reader.cdrs().get(index)?.cdrh;
        Some(Self { crc32: header.crc, size: header.uncompressed_size.into() })
    }
}

/// Packs a function as an executable file; quickly, since the archive stays on this machine.
///
/// # Errors
///
/// When it is too large for an archive.
pub async fn pack(bootstrap: &[u8]) -> Result<Vec<u8>> {
    let entry = ZipEntryBuilder::new(NAME.into(), Compression::Deflate)
        .deflate_option(DeflateOption::Other(FASTEST))
        .unix_permissions(MODE);
    let mut writer = ZipFileWriter::new(Vec::new());
    writer.write_entry_whole(entry, bootstrap).await.context("cannot pack the function")?;
    writer.close().await.context("cannot pack the function")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[tokio::test]
    async fn a_packed_function_can_be_executed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("code.zip");
        std::fs::write(&file, pack(b"#!/bin/sh\n").await.unwrap()).unwrap();
        let unzip = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); i = z.getinfo('bootstrap'); \
                     print(i.external_attr >> 16, z.read(i).decode(), z.testzip(), len(z.namelist()))";
        let output = Command::new("python3").args(["-c", unzip]).arg(&file).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.trim(), format!("{} #!/bin/sh\n None 1", 0o100_755));
    }

    #[tokio::test]
    async fn code_that_runs_is_compared_with_code_that_is_built() {
        let packed = Content::packed(pack(b"one").await.unwrap()).await;
        assert_eq!(packed, Some(Content::of(b"one")));
        assert_ne!(packed, Some(Content::of(b"two")));
        assert_eq!(Content::packed(b"no archive".to_vec()).await, None);
    }
}
