//! The records of a ZIP archive as bytes. Section numbers are those of PKWARE's APPNOTE.TXT 6.3.10.

/// A local header without name and extra field (4.3.7), bytes.
pub const LOCAL_BYTES: u64 = 30;
/// A central directory header without name and extra field (4.3.12), bytes.
pub const CENTRAL_BYTES: u64 = 46;
/// The end record (4.3.16), bytes.
pub const END_BYTES: u64 = 22;
/// ZIP64's end record and its locator (4.3.14, 4.3.15), bytes.
pub const END64_BYTES: u64 = 56 + 20;
/// ZIP64's extra field (4.5.3) without its values, and each of them, bytes.
pub const EXTRA_BYTES: u64 = 4;
pub const EXTRA_VALUE_BYTES: u64 = 8;

/// 4.4.3.2: the version that knows ZIP64, and the one that suffices without.
const VERSION_64: u16 = 45;
const VERSION: u16 = 20;
/// 4.4.2: made on Unix, so that the attributes are file permissions.
const MADE_ON_UNIX: u16 = 3 << 8;
/// 4.4.4: names are UTF-8.
const UTF_8: u16 = 1 << 11;
/// 1980-01-01, the first day the format knows: the same objects give the same archive.
const DATE: u16 = (1 << 5) | 1;
/// A regular file, `-rw-r--r--`.
const ATTRIBUTES: u32 = 0o100_644 << 16;

/// What the records of an entry say.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub name: &'a str,
    pub size: u64,
    pub offset: u64,
    pub crc: u32,
}

/// A record that is written field by field.
struct Record(Vec<u8>);

impl Record {
    fn new(signature: u32) -> Self {
        Self(signature.to_le_bytes().to_vec())
    }

    fn u16(mut self, value: u16) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// A value, or all ones if it stands in ZIP64's fields.
    fn narrow(self, value: u64) -> Self {
        self.u32(u32::try_from(value).unwrap_or(u32::MAX))
    }

    fn narrow_u16(self, value: u64) -> Self {
        self.u16(u16::try_from(value).unwrap_or(u16::MAX))
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

/// Whether a size or an offset needs ZIP64; all ones mean that it does.
pub fn is_wide(value: u64) -> bool {
    value >= u64::from(u32::MAX)
}

/// Entries whose number needs ZIP64.
pub fn are_many(entries: u64) -> bool {
    entries >= u64::from(u16::MAX)
}

fn version(wide: bool) -> u16 {
    if wide { VERSION_64 } else { VERSION }
}

/// Names are refused long before they don't fit.
fn length(bytes: usize) -> u16 {
    u16::try_from(bytes).unwrap_or(u16::MAX)
}

fn extra(values: &[u64]) -> Vec<u8> {
    if values.is_empty() {
        return Vec::new();
    }
    let mut field = [1, length(values.len() * 8)].map(u16::to_le_bytes).concat();
    field.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    field
}

/// A local header, name and extra field included.
pub fn local(facts: &Facts<'_>) -> Vec<u8> {
    let wide = is_wide(facts.size);
    let extra = if wide { extra(&[facts.size, facts.size]) } else { Vec::new() };
    let record = Record::new(0x0403_4b50).u16(version(wide)).u16(UTF_8).u16(0).u16(0).u16(DATE);
    let record = record.u32(facts.crc).narrow(facts.size).narrow(facts.size);
    let record = record.u16(length(facts.name.len())).u16(length(extra.len()));
    record.bytes(facts.name.as_bytes()).bytes(&extra).0
}

/// A central directory header, name and extra field included.
pub fn central(facts: &Facts<'_>) -> Vec<u8> {
    let mut values = Vec::new();
    if is_wide(facts.size) {
        values.extend([facts.size, facts.size]);
    }
    if is_wide(facts.offset) {
        values.push(facts.offset);
    }
    let extra = extra(&values);
    let needed = version(!values.is_empty());
    let record = Record::new(0x0201_4b50).u16(MADE_ON_UNIX | VERSION_64).u16(needed).u16(UTF_8).u16(0);
    let record = record.u16(0).u16(DATE).u32(facts.crc).narrow(facts.size).narrow(facts.size);
    let record = record.u16(length(facts.name.len())).u16(length(extra.len())).u16(0).u16(0).u16(0);
    let record = record.u32(ATTRIBUTES).narrow(facts.offset);
    record.bytes(facts.name.as_bytes()).bytes(&extra).0
}

/// The end records of an archive whose central directory lies at `offset`.
pub fn end(entries: u64, size: u64, offset: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if are_many(entries) || is_wide(size) || is_wide(offset) {
        let record = Record::new(0x0606_4b50).u64(56 - 12).u16(MADE_ON_UNIX | VERSION_64).u16(VERSION_64);
        bytes = record.u32(0).u32(0).u64(entries).u64(entries).u64(size).u64(offset).0;
        bytes.extend(Record::new(0x0706_4b50).u32(0).u64(offset + size).u32(1).0);
    }
    let record = Record::new(0x0605_4b50).u16(0).u16(0).narrow_u16(entries).narrow_u16(entries);
    bytes.extend(record.narrow(size).narrow(offset).u16(0).0);
    bytes
}
