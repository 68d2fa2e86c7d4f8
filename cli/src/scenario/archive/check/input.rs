//! What a contender may meet: the inputs, and what each is there for.

use clap::ValueEnum;
use serde::Serialize;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// S3's smallest part of an upload, apart from the last.
const PART: u64 = 5 * MIB;

/// A bucket's content, or what happens to it while an archive is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// No object at all
    Nothing,
    /// One small object
    One,
    /// One empty object
    OneEmpty,
    /// Empty objects among others
    SomeEmpty,
    /// 3,000 objects of 1 KiB
    Tiny,
    /// Objects of 1 to 4 MiB
    Small,
    /// Objects of exactly 5 MiB
    FiveMib,
    /// One of 60 MB among small ones
    OneLarge,
    /// Sizes as in the contest, 3 to 7 MiB
    Contest,
    /// Objects without a stored CRC
    NoChecksum,
    /// Names with spaces, +, %20, &, quotes and letters beyond ASCII
    OddNames,
    /// Keys in folders, and folder markers
    Folders,
    /// Names of 101 to 1,000 bytes
    LongNames,
    /// Names that differ only in case
    CaseNames,
    /// An archive key of 1,000 bytes
    LongArchiveKey,
    /// Objects encrypted with SSE-KMS
    Kms,
    /// 65,535 objects
    #[value(name = "many-65535")]
    #[serde(rename = "many-65535")]
    Many65535,
    /// 65,536 objects
    #[value(name = "many-65536")]
    #[serde(rename = "many-65536")]
    Many65536,
    /// 65,537 objects
    Many,
    /// One object over 5 GiB among small ones
    Huge,
    /// Two objects with the same base name
    SameName,
    /// A name that leads out of the folder where Windows unpacks it
    WindowsPath,
    /// A name with a backslash
    Backslash,
    /// A name with control characters
    ControlCharacters,
    /// An object with content whose key ends in /
    FolderContent,
    /// Objects are added while the archive is made
    Added,
    /// An object is overwritten after it was listed
    Overwritten,
    /// An object is deleted after it was listed
    Deleted,
    /// S3 stalls until the function's time is over
    TimeOut,
}

/// An object to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key, without the prefix.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

impl Input {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied()
    }

    /// Its name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What it is, in some words.
    pub fn title(self) -> String {
        self.to_possible_value().and_then(|value| Some(value.get_help()?.to_string())).unwrap_or_default()
    }

    /// Why archives go wrong here.
    pub fn lesson(self) -> &'static str {
        match self {
            Self::Nothing => "an archive without entries consists only of its end record",
            Self::One | Self::OneEmpty => "the last part of an upload may be small, but an upload needs one",
            Self::SomeEmpty => "an empty entry still has a header, and no range of it can be read",
            Self::Tiny => "parts of less than 5 MiB are refused: tiny objects have to share parts",
            Self::Small => "objects below 5 MiB cannot be parts of their own",
            Self::FiveMib => "S3 copies ranges only out of objects of more than 5 MiB",
            Self::OneLarge => "parts of different sizes follow each other",
            Self::Contest => "this is what the contest asks for",
            Self::NoChecksum => "objects that were written without a checksum have none to ask for",
            Self::OddNames => {
                "keys have to be encoded in addresses, in copy sources and in XML, and names beyond ASCII need the \
                 flag for UTF-8 (APPNOTE 4.4.4, bit 11)"
            }
            Self::Folders => {
                "an object whose key ends in / only stands for a folder, and the archive is flat: names without folders"
            }
            Self::LongNames => "a header is as long as its name",
            Self::CaseNames => {
                "keys are not the same because a file system of Windows or macOS takes them for the same"
            }
            Self::LongArchiveKey => {
                "a key has 1,024 bytes at most: there is little room for the archive's in a key of a temporary object"
            }
            Self::Kms => {
                "the ETag of an encrypted object is not the MD5 of its content (API reference of S3, Object)"
            }
            Self::Many65535 => {
                "65,535 in the end record says that the number stands in a ZIP64 end record (APPNOTE 4.4.1.4)"
            }
            Self::Many65536 => {
                "65,536 does not fit in the end record's 16 bits, which would hold a 0 (APPNOTE 4.4.1.4)"
            }
            Self::Many => {
                "a listing has pages of 1,000 keys, and more than 65,534 entries need a ZIP64 end record (APPNOTE 4.4.1.4)"
            }
            Self::Huge => {
                "sizes and offsets beyond 4 GiB need ZIP64 fields (APPNOTE 4.5.3), and one copy takes 5 GiB at most"
            }
            Self::SameName => "no flat archive can hold both: refuse them, or an object is lost",
            Self::WindowsPath => {
                "on Windows \\ separates folders, so ..\\ leads out of them: refuse the name"
            }
            Self::Backslash => "on Windows \\ separates folders: refuse the name",
            Self::ControlCharacters => {
                "no file can have them in its name on Windows, and listings in XML need encoding-type=url for them: refuse the name"
            }
            Self::FolderContent => {
                "its base name is empty, so that no archive can hold it, but its content must not be left out silently: refuse it"
            }
            Self::Added => {
                "list the objects once, and archive those: one that appears later may be in the archive, but needs no place in it"
            }
            Self::Overwritten => {
                "ask for the version that was listed (If-Match), or use nothing that the listing said"
            }
            Self::Deleted => "an object that can no longer be read must not be left out silently",
            Self::TimeOut => "give up while there is time to clean up (Lambda tells you the deadline)",
        }
    }

    /// Whether it is about what happens, and not about what is in the bucket.
    pub fn is_event(self) -> bool {
        matches!(self, Self::Added | Self::Overwritten | Self::Deleted | Self::TimeOut)
    }

    /// Whether it is checked with faults, too. The number of entries has nothing to do with them, and so many objects take long.
    pub fn meets_faults(self) -> bool {
        !self.is_event() && !matches!(self, Self::Many65535 | Self::Many65536)
    }

    /// Whether objects get a checksum that S3 stores.
    pub fn has_checksums(self) -> bool {
        self != Self::NoChecksum
    }

    /// Whether S3 is to encrypt the objects with a key of KMS.
    pub fn is_encrypted(self) -> bool {
        self == Self::Kms
    }

    /// The name of the archive, without `.zip`: that of the contender, or a longer one.
    pub fn archive_name(self, contender: &str, room: usize) -> String {
        let bytes = if self == Self::LongArchiveKey { room } else { contender.len() };
        format!("{contender:n<bytes$}")
    }

    /// The objects.
    pub fn objects(self) -> Vec<Object> {
        let numbered = |count: u64, size: fn(u64) -> u64| {
            (0..count).map(|number| object(format!("{number:05}"), size(number))).collect()
        };
        match self {
            Self::Nothing => Vec::new(),
            Self::One => numbered(1, |_| KIB),
            Self::OneEmpty => numbered(1, |_| 0),
            Self::SomeEmpty => numbered(20, |number| if number % 4 == 0 { 0 } else { number * 300 * KIB }),
            Self::Tiny => numbered(3_000, |_| KIB),
            Self::Small => numbered(40, |number| MIB + number * 79 * KIB),
            Self::FiveMib => numbered(6, |_| PART),
            Self::OneLarge => numbered(8, |number| if number == 3 { 60_000_000 } else { number * KIB + 1 }),
            Self::Contest
            | Self::NoChecksum
            | Self::Added
            | Self::Overwritten
            | Self::Deleted
            | Self::TimeOut => numbered(40, |number| 3 * MIB + number * 104 * KIB + number),
            Self::LongArchiveKey | Self::Kms => numbered(8, |number| number * 1_100 * KIB + 1),
            Self::CaseNames => {
                ["readme", "README", "ReadMe", "é", "É"].map(|name| (name, MIB)).map(of).into()
            }
            Self::OddNames => odd_names(),
            Self::Folders => folders(),
            Self::LongNames => (0..10)
                .map(|number| object(format!("{number}{}", "n".repeat(100 * (number + 1))), MIB))
                .collect(),
            Self::Many65535 => numbered(65_535, |_| 16),
            Self::Many65536 => numbered(65_536, |_| 16),
            Self::Many => numbered(65_537, |_| 16),
            Self::Huge => numbered(6, |number| if number == 1 { 5 * KIB * MIB + 64 * MIB } else { KIB }),
            Self::WindowsPath => [("..\\a", KIB), ("b", KIB)].map(of).into(),
            Self::Backslash => [("a\\b", KIB), ("b", KIB)].map(of).into(),
            Self::ControlCharacters => [("a\u{1}b\n\u{7f}", KIB), ("b", KIB)].map(of).into(),
            Self::FolderContent => [("a/", KIB), ("a/b", KIB)].map(of).into(),
            Self::SameName => [("a/same", KIB), ("b/same", MIB)].map(of).into(),
        }
    }
}

fn object(key: String, size: u64) -> Object {
    Object { key, size }
}

fn of((key, size): (&str, u64)) -> Object {
    object(key.to_owned(), size)
}

fn odd_names() -> Vec<Object> {
    let names = [
        "a b",
        " begins and ends ",
        "a+b",
        "a%20b",
        "100%",
        "a&b",
        "<a>",
        "\"quoted\"",
        "it's",
        "a=b;c",
        "#1",
        "a?b=c",
        "é",
        "日本語.txt",
        "😀",
        "~a-b_c.d",
        "(1)",
        "a,b",
        "ab:c",
        "@a",
        "[a]",
        "{a}",
        "a|b",
        "^a",
        "`a`",
        "$a",
    ];
    names.iter().map(|name| object((*name).to_owned(), 100 * KIB)).collect()
}

fn folders() -> Vec<Object> {
    let keys = ["", "a/", "a/b/", "a/one", "a/b/two", "three", "c/d/e/f/four"];
    let size = |key: &str| if key.is_empty() || key.ends_with('/') { 0 } else { MIB };
    keys.iter().map(|key| object((*key).to_owned(), size(key))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_input_has_a_name_a_title_and_keys_that_differ() {
        for input in Input::all() {
            assert!(!input.name().is_empty() && !input.title().is_empty() && !input.lesson().is_empty());
            let objects = input.objects();
            let keys: HashSet<_> = objects.iter().map(|object| &object.key).collect();
            assert_eq!(keys.len(), objects.len(), "{input:?}");
        }
    }

    #[test]
    fn inputs_are_where_the_limits_are() {
        let sizes = |input: Input| input.objects().into_iter().map(|object| object.size).collect::<Vec<_>>();
        let most = usize::from(u16::MAX);
        let many = [Input::Many65535, Input::Many65536, Input::Many].map(|input| sizes(input).len());
        assert_eq!(many, [most, most + 1, most + 2]);
        assert!(sizes(Input::Huge).iter().any(|size| *size > 5 << 30));
        assert!(sizes(Input::FiveMib).iter().all(|size| *size == PART));
        assert!(sizes(Input::Small).iter().all(|size| (MIB..PART).contains(size)));
        assert!(
            sizes(Input::Contest).iter().any(|size| *size < PART)
                && sizes(Input::Contest).iter().any(|size| *size > PART)
        );
        // S3's longest key has 1,024 bytes.
        assert!(Input::LongNames.objects().iter().all(|object| (101..=1_001).contains(&object.key.len())));
    }

    #[test]
    fn a_long_archive_key_has_the_bytes_that_there_is_room_for_and_others_are_the_contenders() {
        assert_eq!(Input::One.archive_name("rust-mine", 20), "rust-mine");
        assert_eq!(Input::LongArchiveKey.archive_name("rust-mine", 20), "rust-minennnnnnnnnnn");
    }

    #[test]
    fn an_input_is_named_in_json_as_on_the_command_line() {
        for input in Input::all() {
            assert_eq!(serde_json::to_value(input).unwrap(), input.name());
        }
    }
}
