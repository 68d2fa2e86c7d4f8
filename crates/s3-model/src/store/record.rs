//! A line of the journal: a change and the ranges of blobs that its body is made of.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::blob::{Blob, Blobs};
use super::change::Change;
use super::rope::{Chunk, Extent, Rope};
use crate::checksums::Crcs;

/// A line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record<C = Change> {
    /// What happens.
    pub change: C,
    /// The body that goes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

/// A rope in the journal.
#[derive(Debug, Serialize, Deserialize)]
pub struct Body {
    /// Chunks that no earlier line has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    chunks: Vec<WrittenChunk>,
    /// Blob and first byte of the chunk, first byte in the chunk, bytes.
    extents: Vec<(u64, u64, u64, u64)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenChunk {
    blob: u64,
    at: u64,
    len: u64,
    /// The CRCs of its blocks in Base64.
    crcs: String,
}

/// Which chunks the journal has already.
#[derive(Default)]
pub struct Written(HashSet<(u64, u64)>);

impl Written {
    /// What to write for `rope`.
    pub fn body(&mut self, rope: &Rope) -> Body {
        let mut body = Body { chunks: Vec::new(), extents: Vec::new() };
        for Extent { chunk, start, len } in rope.extents() {
            if self.0.insert((chunk.blob.id, chunk.at)) {
                let bytes: Vec<_> = chunk.blocks.iter().flat_map(|crcs| crcs.to_bytes()).collect();
                let crcs = BASE64_STANDARD.encode(bytes);
                body.chunks.push(WrittenChunk { blob: chunk.blob.id, at: chunk.at, len: chunk.len, crcs });
            }
            body.extents.push((chunk.blob.id, chunk.at, *start, *len));
        }
        body
    }
}

/// Makes ropes of what the journal has.
pub struct Reader<'a> {
    blobs: &'a Blobs,
    known: HashMap<u64, Arc<Blob>>,
    chunks: HashMap<(u64, u64), Arc<Chunk>>,
}

impl<'a> Reader<'a> {
    /// Of a journal that belongs to these blobs.
    pub fn new(blobs: &'a Blobs) -> Self {
        Self { blobs, known: HashMap::new(), chunks: HashMap::new() }
    }

    /// The rope of a line; none if the line refers to a chunk that no line before has.
    pub fn rope(&mut self, body: Body) -> Option<Rope> {
        for WrittenChunk { blob: id, at, len, crcs } in body.chunks {
            let bytes = BASE64_STANDARD.decode(crcs).ok()?;
            let (blocks, rest) = bytes.as_chunks::<{ Crcs::BYTES }>();
            let blob = self.known.entry(id).or_insert_with(|| self.blobs.known(id));
            let blocks = blocks.iter().map(|bytes| Crcs::from_bytes(*bytes)).collect();
            let chunk = Chunk::new(Arc::clone(blob), at, len, blocks);
            self.chunks.insert((id, at), Arc::new(chunk));
            if !rest.is_empty() {
                return None;
            }
        }
        let extent = |(blob, at, start, len)| {
            let chunk = Arc::clone(self.chunks.get(&(blob, at))?);
            (start + len <= chunk.len).then_some(Extent { chunk, start, len })
        };
        Some(Rope::new(body.extents.into_iter().map(extent).collect::<Option<Vec<_>>>()?))
    }

    /// The chunks that something refers to.
    pub fn used(&self) -> impl Iterator<Item = &Arc<Chunk>> {
        self.chunks.values().filter(|chunk| Arc::strong_count(chunk) > 1)
    }
}
