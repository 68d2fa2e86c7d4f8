//! Each byte's place in the archive.

use std::collections::HashMap;

use crate::zip_records::{self, Facts};
use crate::{Limits, PlanError};

/// An object that becomes an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The object's key, for messages.
    pub key: String,
    /// The entry's name in the archive.
    pub name: String,
    /// Size, bytes.
    pub size: u64,
}

/// An archive of stored entries, one behind the other, then the central directory. Entries are known by their number in
/// the list that the layout was made of, whatever their order in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    entries: Vec<Entry>,
    order: Vec<usize>,
    offsets: Vec<u64>,
    directory: u64,
    size: u64,
}

/// Refuses what no flat archive can hold.
///
/// # Errors
/// [`PlanError`] if names repeat or cannot be those of files.
pub fn check(entries: &[Entry]) -> Result<(), PlanError> {
    let mut names = HashMap::with_capacity(entries.len());
    for Entry { key, name, .. } in entries {
        if name.len() > usize::from(u16::MAX) {
            return Err(PlanError::LongName(key.clone()));
        }
        if !is_file_name(name) {
            return Err(PlanError::Name(key.clone()));
        }
        if let Some(other) = names.insert(name, key) {
            return Err(PlanError::SameName(other.clone(), key.clone()));
        }
    }
    Ok(())
}

/// Whether a name is one file's, wherever the archive is unpacked: on Windows `\` separates folders and `C:` is a drive.
fn is_file_name(name: &str) -> bool {
    let has_drive = matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    let is_elsewhere = has_drive || ["", ".", ".."].contains(&name) || name.contains(['/', '\\']);
    !is_elsewhere && !name.contains(char::is_control)
}

impl Layout {
    /// Lays the entries out as they are listed.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn in_order(entries: Vec<Entry>, limits: &Limits) -> Result<Self, PlanError> {
        let order = (0..entries.len()).collect();
        Self::new(entries, order, limits)
    }

    /// Lays the entries out in `order`, which names each once.
    ///
    /// # Errors
    /// [`PlanError`] if names repeat or cannot be those of files, or if S3 has no room for the archive.
    pub fn new(entries: Vec<Entry>, order: Vec<usize>, limits: &Limits) -> Result<Self, PlanError> {
        check(&entries)?;
        let mut offsets = vec![0; entries.len()];
        let mut at = 0_u64;
        for &entry in &order {
            offsets[entry] = at;
            at = at.saturating_add(header_bytes(&entries[entry])).saturating_add(entries[entry].size);
        }
        let mut layout = Self { entries, order, offsets, directory: at, size: 0 };
        layout.size = at.saturating_add(layout.end_bytes());
        if layout.size > limits.max_object {
            return Err(PlanError::TooLarge { bytes: layout.size, max: limits.max_object });
        }
        Ok(layout)
    }

    /// The entries, by their numbers.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries' numbers in the order of the archive.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Size of the archive, bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where an entry's local header lies; its content follows the header.
    #[must_use]
    pub fn offset(&self, entry: usize) -> u64 {
        self.offsets[entry]
    }

    /// Size of an entry's local header, bytes.
    #[must_use]
    pub fn header_bytes(&self, entry: usize) -> u64 {
        header_bytes(&self.entries[entry])
    }

    /// An entry's local header.
    #[must_use]
    pub fn header(&self, entry: usize, crc: u32) -> Vec<u8> {
        zip_records::local(&self.facts(entry, crc))
    }

    /// Size of what follows the last entry, bytes.
    #[must_use]
    pub fn end_bytes(&self) -> u64 {
        let directory = self.directory_bytes();
        let wide = zip_records::is_wide(self.directory) || zip_records::is_wide(directory);
        let wide = wide || zip_records::are_many(self.entries.len() as u64);
        directory + zip_records::END_BYTES + if wide { zip_records::END64_BYTES } else { 0 }
    }

    /// What follows the last entry: the central directory and the end records. `crcs` are those of all entries, by their
    /// numbers.
    #[must_use]
    pub fn end(&self, crcs: &[u32]) -> Vec<u8> {
        let records =
            self.order.iter().flat_map(|&entry| zip_records::central(&self.facts(entry, crcs[entry])));
        let mut end: Vec<u8> = records.collect();
        end.extend(zip_records::end(self.entries.len() as u64, end.len() as u64, self.directory));
        end
    }

    fn facts(&self, entry: usize, crc: u32) -> Facts<'_> {
        let Entry { name, size, .. } = &self.entries[entry];
        Facts { name, size: *size, offset: self.offsets[entry], crc }
    }

    fn directory_bytes(&self) -> u64 {
        let entry_bytes = |entry: usize| {
            let Entry { name, size, .. } = &self.entries[entry];
            let wide =
                [*size, *size, self.offsets[entry]].into_iter().filter(|value| zip_records::is_wide(*value));
            let values = wide.count() as u64;
            let extra = if values > 0 {
                zip_records::EXTRA_BYTES + values * zip_records::EXTRA_VALUE_BYTES
            } else {
                0
            };
            zip_records::CENTRAL_BYTES + name.len() as u64 + extra
        };
        (0..self.entries.len()).map(entry_bytes).sum()
    }
}

/// Size of an entry's local header, bytes; it doesn't depend on the entry's place.
pub fn header_bytes(entry: &Entry) -> u64 {
    let wide = zip_records::is_wide(entry.size);
    let extra = if wide { zip_records::EXTRA_BYTES + 2 * zip_records::EXTRA_VALUE_BYTES } else { 0 };
    zip_records::LOCAL_BYTES + entry.name.len() as u64 + extra
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, size: u64) -> Entry {
        Entry { key: format!("files/{name}"), name: name.to_owned(), size }
    }

    fn layout(entries: Vec<Entry>) -> Result<Layout, PlanError> {
        let order = (0..entries.len()).collect();
        Layout::new(entries, order, &Limits::S3)
    }

    #[test]
    fn records_are_as_long_as_the_layout_says_with_and_without_zip64() {
        let wide = u64::from(u32::MAX);
        for sizes in [
            vec![],
            vec![0],
            vec![1, 2],
            vec![wide - 1],
            vec![wide],
            vec![wide + 1, 1],
            vec![3 << 30, 3 << 30, 3],
        ] {
            let entries = sizes.iter().enumerate().map(|(n, size)| entry(&format!("é{n}"), *size)).collect();
            let layout = layout(entries).unwrap();
            let headers = (0..sizes.len()).map(|n| layout.header(n, 7).len() as u64);
            assert!(headers.zip(0..).all(|(bytes, n)| bytes == layout.header_bytes(n)), "{sizes:?}");
            let end = layout.end(&vec![7; sizes.len()]).len() as u64;
            assert_eq!(end, layout.end_bytes(), "{sizes:?}");
            let contents: u64 = (0..sizes.len()).map(|n| layout.header_bytes(n) + sizes[n]).sum();
            assert_eq!(layout.size(), contents + end, "{sizes:?}");
        }
    }

    /// A reader that finds 65,535 in the end record looks for the number in ZIP64's.
    #[test]
    fn a_number_of_entries_that_refers_to_zip64_is_there_too() {
        for (count, narrow, wide) in [
            (65_534_usize, 65_534_u16, None),
            (65_535, u16::MAX, Some(65_535_u64)),
            (65_536, u16::MAX, Some(65_536)),
        ] {
            let layout = layout((0..count).map(|n| entry(&n.to_string(), 0)).collect()).unwrap();
            let end = layout.end(&vec![0; count]);
            assert_eq!(end.len() as u64, layout.end_bytes(), "{count}");
            let (before, plain) = end.split_at(end.len() - 22);
            assert_eq!(&plain[8..12], [narrow; 2].map(u16::to_le_bytes).concat(), "{count}");
            // ZIP64's end record and its locator, if they are there.
            let record = &before[before.len() - 76..];
            let found = record
                .starts_with(b"PK\x06\x06")
                .then(|| u64::from_le_bytes(record[32..40].try_into().unwrap()));
            assert_eq!(found, wide, "{count}");
        }
    }

    #[test]
    fn two_objects_of_one_name_are_refused_rather_than_one_lost() {
        let twice = vec![Entry { key: "files/a/x".to_owned(), ..entry("x", 1) }, entry("x", 2)];
        let error = layout(twice).unwrap_err();
        assert_eq!(error, PlanError::SameName("files/a/x".to_owned(), "files/x".to_owned()));
    }

    #[test]
    fn names_that_no_file_can_have_are_refused() {
        let elsewhere = [
            "..\\a",
            "a\\b",
            "C:\\a",
            "c:a",
            "a:b",
            "\\\\host\\a",
            "a/b",
            "a\0",
            "a\n",
            "a\u{7f}",
            "a\u{85}",
        ];
        for name in ["", ".", ".."].into_iter().chain(elsewhere) {
            assert_eq!(layout(vec![entry(name, 1)]).unwrap_err(), PlanError::Name(format!("files/{name}")));
        }
        for name in ["..a", "ab:c", "é:", "a b"] {
            assert!(layout(vec![entry(name, 1)]).is_ok(), "{name}");
        }
        let long = "n".repeat(1 << 16);
        assert_eq!(layout(vec![entry(&long, 1)]).unwrap_err(), PlanError::LongName(format!("files/{long}")));
    }

    #[test]
    fn an_archive_beyond_s3_s_limit_is_refused() {
        let entries = (0..2_000).map(|n| entry(&n.to_string(), 5 << 30)).collect();
        assert!(matches!(layout(entries), Err(PlanError::TooLarge { .. })));
    }
}
