//! Archives and sources in memory, for tests.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};
use sha2::{Digest, Sha256};

use crate::source::{Chunks, RangedSource, SourceError};
use crate::verify::Expected;

/// Bytes in memory, behind a gap of zeros that takes no memory, delivered in small chunks over connections
/// that break.
#[derive(Debug)]
pub struct Memory {
    /// Bytes of zeros in front.
    pub gap: u64,
    /// What follows them.
    pub bytes: Bytes,
    /// A connection breaks after this many chunks.
    pub chunks_before_break: usize,
    /// Requests so far.
    pub requests: AtomicUsize,
}

const CHUNK: usize = 1000;

impl Memory {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { gap: 0, bytes: bytes.into(), chunks_before_break: usize::MAX, requests: AtomicUsize::new(0) }
    }

    pub fn size(&self) -> u64 {
        self.gap + self.bytes.len() as u64
    }
}

impl RangedSource for Memory {
    fn open(&self, range: Range<u64>) -> BoxFuture<'static, Result<Chunks, SourceError>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        assert!(!range.is_empty() && range.end <= self.size(), "{range:?} of {}", self.size());
        let index = |at: u64| usize::try_from(at).unwrap();
        let in_gap = index(self.gap.min(range.end).saturating_sub(range.start));
        assert!(in_gap <= 1 << 20, "nobody reads through the gap");
        let [start, end] = [range.start, range.end].map(|at| index(at.saturating_sub(self.gap)));
        let bytes = Bytes::from([&vec![0; in_gap], &self.bytes[start..end]].concat());
        let chunks: Vec<_> = bytes.chunks(CHUNK).map(|chunk| Ok(bytes.slice_ref(chunk))).collect();
        let break_at = self.chunks_before_break;
        let broken = (chunks.len() > break_at).then(|| Err(SourceError("connection reset".to_owned())));
        let delivered: Vec<_> = chunks.into_iter().take(break_at).chain(broken).collect();
        async { Ok(stream::iter(delivered).boxed()) }.boxed()
    }
}

/// The name that content must have.
pub fn name_of(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// An entry to be written as it is described, right or wrong.
#[derive(Debug, Clone)]
pub struct Fake {
    pub name: Vec<u8>,
    pub local_name: Vec<u8>,
    pub data: Vec<u8>,
    pub size: u64,
    pub crc32: u32,
    pub local_crc32: u32,
    pub method: u16,
    pub flags: u16,
    pub zip64: bool,
}

impl Fake {
    /// A correct stored entry.
    pub fn new(content: &[u8]) -> Self {
        let (name, crc32) = (name_of(content).into_bytes(), crc32fast::hash(content));
        Self {
            local_name: name.clone(),
            name,
            data: content.to_vec(),
            size: content.len() as u64,
            crc32,
            local_crc32: crc32,
            method: 0,
            flags: 0,
            zip64: false,
        }
    }

    fn local_header(&self) -> Vec<u8> {
        let wide = self.zip64.then_some([self.size, self.data.len() as u64]);
        let extra = zip64_extra(wide.as_ref().map_or(&[], |wide| &wide[..]));
        let mut bytes =
            numbers(&[(0x0403_4b50, 4), (45, 2), (self.flags.into(), 2), (self.method.into(), 2), (0, 4)]);
        bytes.extend(numbers(&[
            (self.local_crc32.into(), 4),
            (narrow(self.data.len() as u64, self.zip64), 4),
            (narrow(self.size, self.zip64), 4),
            (self.local_name.len() as u64, 2),
            (extra.len() as u64, 2),
        ]));
        [bytes, self.local_name.clone(), extra, self.data.clone()].concat()
    }

    fn directory_entry(&self, offset: u64) -> Vec<u8> {
        let mut wide = if self.zip64 { vec![self.size, self.data.len() as u64] } else { Vec::new() };
        let wide_offset = offset >= u64::from(u32::MAX);
        wide.extend(wide_offset.then_some(offset));
        let extra = [numbers(&[(0x5455, 2), (1, 2), (0, 1)]), zip64_extra(&wide)].concat();
        let mut bytes =
            numbers(&[(0x0201_4b50, 4), (45, 2), (45, 2), (self.flags.into(), 2), (self.method.into(), 2)]);
        bytes.extend(numbers(&[
            (0, 4),
            (self.crc32.into(), 4),
            (narrow(self.data.len() as u64, self.zip64), 4),
            (narrow(self.size, self.zip64), 4),
            (self.name.len() as u64, 2),
            (extra.len() as u64, 2),
            (0, 10),
            (narrow(offset, wide_offset), 4),
        ]));
        [bytes, self.name.clone(), extra].concat()
    }
}

/// Writes an archive whose first entry's header is at offset `gap`; ZIP64 end records if there is a gap.
pub fn archive_behind(gap: u64, entries: &[Fake]) -> Memory {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        directory.extend(entry.directory_entry(gap + bytes.len() as u64));
        bytes.extend(entry.local_header());
    }
    let (start, size, count) = (gap + bytes.len() as u64, directory.len() as u64, entries.len() as u64);
    bytes.extend(directory);
    let zip64 = gap > 0;
    if zip64 {
        let at = gap + bytes.len() as u64;
        bytes.extend(numbers(&[(0x0606_4b50, 4), (44, 8), (45, 2), (45, 2), (0, 8)]));
        bytes.extend(numbers(&[(count, 8), (count, 8), (size, 8), (start, 8)]));
        bytes.extend(numbers(&[(0x0706_4b50, 4), (0, 4), (at, 8), (1, 4)]));
    }
    let count = if zip64 { 0xffff } else { count };
    bytes.extend(numbers(&[(0x0605_4b50, 4), (0, 4), (count, 2), (count, 2)]));
    bytes.extend(numbers(&[(narrow(size, zip64), 4), (narrow(start, zip64), 4), (0, 2)]));
    Memory { gap, ..Memory::new(bytes) }
}

/// Writes an archive.
pub fn archive(entries: &[Fake]) -> Vec<u8> {
    archive_behind(0, entries).bytes.to_vec()
}

/// The names that an archive must have.
pub fn expected(contents: &[&[u8]]) -> Expected {
    contents.iter().map(|content| (name_of(content), vec![name_of(content)])).collect()
}

/// A source with these bytes, and their size.
pub fn source(bytes: Vec<u8>) -> (Arc<Memory>, u64) {
    let size = bytes.len() as u64;
    (Arc::new(Memory::new(bytes)), size)
}

fn numbers(fields: &[(u64, usize)]) -> Vec<u8> {
    let field = |(value, width): &(u64, usize)| {
        let mut bytes = value.to_le_bytes().to_vec();
        bytes.resize(*width, 0);
        bytes
    };
    fields.iter().flat_map(field).collect()
}

fn narrow(value: u64, zip64: bool) -> u64 {
    if zip64 { u32::MAX.into() } else { value }
}

fn zip64_extra(values: &[u64]) -> Vec<u8> {
    if values.is_empty() {
        return Vec::new();
    }
    let mut extra = numbers(&[(1, 2), (values.len() as u64 * 8, 2)]);
    extra.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    extra
}
