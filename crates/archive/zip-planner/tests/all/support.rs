//! S3 as far as plans need it: a plan becomes bytes, or the panic says which rule of S3 it breaks.

use std::ops::Range;

use zip_planner::{CopySource, Entry, Layout, Limits, Machine, Object, Part, Piece, Plan};

/// A machine whose packs and numbers suit the limits.
pub fn machine(limits: &Limits) -> Machine {
    Machine {
        memory_mb: 512,
        gb_second_usd: 13e-6,
        write_usd: 5e-6,
        read_usd: 0.4e-6,
        bytes_per_second: 75e6,
        writes_per_second: 2_500.0,
        pack_bytes: limits.min_part * 3,
    }
}

/// Entries of these sizes; names differ in length, and some are not ASCII.
pub fn entries(sizes: &[u64]) -> Vec<Entry> {
    let entry = |(n, &size): (usize, &u64)| {
        let name = format!("{}{n} ü+%20", "n".repeat(n % 7 * 5));
        Entry { key: format!("files/{name}"), name, size }
    };
    sizes.iter().enumerate().map(entry).collect()
}

/// The content of an entry's source object.
pub fn content(entry: usize, size: u64) -> Vec<u8> {
    (0..size).map(|at| u8::try_from((at * 7 + entry as u64 * 131 + at / 251) % 256).unwrap()).collect()
}

/// Carries plans out.
pub struct S3<'a> {
    plan: &'a Plan,
    limits: &'a Limits,
    contents: Vec<Vec<u8>>,
    crcs: Vec<u32>,
    temporaries: Vec<Option<Vec<u8>>>,
    /// Bytes of entries that S3 told the CRC of, or that were read as a whole.
    passed: Vec<u64>,
}

impl<'a> S3<'a> {
    /// The archive that a plan makes.
    pub fn archive(plan: &'a Plan, limits: &'a Limits) -> Vec<u8> {
        let sizes = plan.layout.entries().iter().map(|entry| entry.size);
        let contents: Vec<_> = sizes.enumerate().map(|(entry, size)| content(entry, size)).collect();
        let crcs = contents.iter().map(|content| crc32fast::hash(content)).collect();
        let passed = vec![0; contents.len()];
        let temporaries = vec![None; plan.temporaries.len()];
        let mut s3 = Self { plan, limits, contents, crcs, temporaries, passed };
        let archive = s3.object(&plan.archive);
        assert!(s3.temporaries.iter().all(Option::is_some), "a temporary object is for nothing");
        let lengths: Vec<_> = s3.contents.iter().map(|content| content.len() as u64).collect();
        assert_eq!(s3.passed, lengths, "each CRC is known, from one pass");
        archive
    }

    fn object(&mut self, object: &Object) -> Vec<u8> {
        let bytes = match object {
            Object::Put(pieces) => self.pieces(pieces),
            Object::Parts(parts) => self.parts(parts),
        };
        assert_eq!(bytes.len() as u64, self.plan.object_bytes(object));
        assert!(bytes.len() as u64 <= self.limits.max_object);
        bytes
    }

    fn parts(&mut self, parts: &[Part]) -> Vec<u8> {
        assert!(!parts.is_empty() && parts.len() <= self.limits.max_parts, "{} parts", parts.len());
        let mut bytes = Vec::new();
        for (n, part) in parts.iter().enumerate() {
            let part = match part {
                Part::Copy { source, range } => self.copy(*source, range),
                Part::Upload(pieces) => self.pieces(pieces),
            };
            let size = part.len() as u64;
            assert!(size >= self.limits.min_part || n + 1 == parts.len(), "part {n} has {size} bytes");
            assert!(size <= self.limits.max_part, "part {n} has {size} bytes");
            bytes.extend(part);
        }
        bytes
    }

    fn copy(&mut self, source: CopySource, range: &Range<u64>) -> Vec<u8> {
        let source = match source {
            CopySource::Entry(entry) => {
                self.passed[entry] += range.end - range.start;
                self.contents[entry].clone()
            }
            CopySource::Temporary(temporary) => {
                if self.temporaries[temporary].is_none() {
                    self.temporaries[temporary] = Some(self.object(&self.plan.temporaries[temporary]));
                }
                self.temporaries[temporary].clone().unwrap()
            }
        };
        let size = source.len() as u64;
        assert!(range.start < range.end && range.end <= size, "{range:?} of {size} bytes");
        assert!(*range == (0..size) || size > self.limits.min_part, "a range of {size} bytes");
        source[of(range)].to_vec()
    }

    fn pieces(&mut self, pieces: &[Piece]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in pieces {
            let start = bytes.len();
            match piece {
                Piece::Filler(size) => bytes.resize(bytes.len() + usize::try_from(*size).unwrap(), 0),
                Piece::Header(entry) => bytes.extend(self.plan.layout.header(*entry, self.crcs[*entry])),
                Piece::Body { entry, range } => {
                    if *range == (0..self.contents[*entry].len() as u64) {
                        self.passed[*entry] += range.end;
                    }
                    bytes.extend(&self.contents[*entry][of(range)]);
                }
                Piece::End => bytes.extend(self.plan.layout.end(&self.crcs)),
            }
            assert_eq!((bytes.len() - start) as u64, self.plan.layout.piece_bytes(piece), "{piece:?}");
        }
        assert!(bytes.len() as u64 <= self.limits.max_part);
        bytes
    }
}

/// The archive as its layout describes it, whatever the plan.
pub fn laid_out(layout: &Layout) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut crcs = vec![0; layout.entries().len()];
    for &entry in layout.order() {
        let content = content(entry, layout.entries()[entry].size);
        crcs[entry] = crc32fast::hash(&content);
        assert_eq!(layout.offset(entry), bytes.len() as u64);
        bytes.extend(layout.header(entry, crcs[entry]));
        bytes.extend(content);
    }
    bytes.extend(layout.end(&crcs));
    assert_eq!(layout.size(), bytes.len() as u64);
    bytes
}

fn of(range: &Range<u64>) -> Range<usize> {
    usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()
}
