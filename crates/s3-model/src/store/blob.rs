//! Blobs: files of raw bytes that are only appended to. A large body has a blob of its own; small ones share one, so that
//! thousands of them don't cost a file each. What nothing refers to any more is given back to the file system by a thread of
//! its own, since the deletion of a large file takes long.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// A shared blob takes no more bodies once it is this long, in bytes.
const SHARED_LEN: u64 = 256 << 20;

/// Bodies in a shared blob start at multiples of this, so that the space of a single one can be freed.
const PAGE: u64 = 4096;

/// One file of raw bytes. It is deleted when the last reference to it goes while the store is live.
#[derive(Debug)]
pub struct Blob {
    /// Its name in the folder.
    pub id: u64,
    path: PathBuf,
    /// Kept open: only shared blobs, which are few.
    file: OnceLock<Arc<File>>,
    is_shared: bool,
    reaper: Sender<Waste>,
    ledger: Arc<Ledger>,
}

/// What all blobs of a folder share.
#[derive(Debug, Default)]
struct Ledger {
    /// Bytes in use.
    stored: AtomicU64,
    /// Whether references go because something is deleted, and not because the store is opened or closed.
    is_live: AtomicBool,
}

impl Blob {
    /// The file, open for reading.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn file(&self) -> io::Result<Arc<File>> {
        if let Some(file) = self.file.get() {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(File::open(&self.path)?);
        Ok(if self.is_shared { Arc::clone(self.file.get_or_init(|| file)) } else { file })
    }

    /// Counts `len` bytes as in use.
    pub fn refer(&self, len: u64) {
        self.ledger.stored.fetch_add(len, Ordering::Relaxed);
    }

    /// Gives back the space of a range that the last reference to has gone, unless all of the blob goes with it.
    pub fn release(self: &Arc<Self>, range: Range<u64>) {
        self.ledger.stored.fetch_sub(range.end - range.start, Ordering::Relaxed);
        if self.is_live() && Arc::strong_count(self) > 1 {
            self.discard(range);
        }
    }

    fn is_live(&self) -> bool {
        self.ledger.is_live.load(Ordering::Acquire)
    }

    /// Its length in bytes, none if the file is missing.
    #[must_use]
    pub fn len_on_disk(&self) -> Option<u64> {
        self.path.metadata().ok().map(|file| file.len())
    }

    /// Gives back the space of a body's range that nothing refers to, with the rest of its last page.
    pub fn discard(&self, range: Range<u64>) {
        let (at, end) = (range.start.next_multiple_of(PAGE), range.end.next_multiple_of(PAGE));
        if at < end {
            self.throw_away(Waste::Range { path: self.path.clone(), at, len: end - at });
        }
    }

    fn throw_away(&self, waste: Waste) {
        // The thread ends only with the process; what it leaves then, the next start clears.
        let _ = self.reaper.send(waste);
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        if self.is_live() {
            self.throw_away(Waste::File(self.path.clone()));
        }
    }
}

/// The folder of blobs.
#[derive(Debug)]
pub struct Blobs {
    folder: PathBuf,
    reaper: Sender<Waste>,
    tail: Mutex<Tail>,
    ledger: Arc<Ledger>,
}

/// Where the next blob or small body goes.
#[derive(Debug)]
struct Tail {
    next_id: u64,
    shared: Option<(Arc<Blob>, u64)>,
}

impl Blobs {
    /// Opens `folder`, or makes it.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let last = files(&folder)?.into_iter().map(|(id, _)| id).max().unwrap_or(0);
        let (reaper, waste) = mpsc::channel::<Waste>();
        std::thread::Builder::new()
            .name("reaper".into())
            .spawn(move || waste.iter().for_each(Waste::clear))?;
        let tail = Mutex::new(Tail { next_id: last + 1, shared: None });
        Ok(Self { folder, reaper, tail, ledger: Arc::default() })
    }

    /// The blob of an earlier run, whether or not its file is there.
    #[must_use]
    pub fn known(&self, id: u64) -> Arc<Blob> {
        let mut tail = self.tail();
        tail.next_id = tail.next_id.max(id + 1);
        Arc::new(self.blob(id, OnceLock::new(), false))
    }

    /// A new blob for one large body, and its file, open for writing.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(&self) -> io::Result<(Arc<Blob>, File)> {
        let (blob, file) = self.make(&mut self.tail(), false)?;
        Ok((Arc::new(blob), file))
    }

    /// Writes a small body to a shared blob, and returns where it starts.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&self, bytes: &[u8]) -> io::Result<(Arc<Blob>, u64)> {
        let (blob, at) = self.reserve(bytes.len() as u64)?;
        blob.file()?.write_all_at(bytes, at)?;
        Ok((blob, at))
    }

    fn reserve(&self, len: u64) -> io::Result<(Arc<Blob>, u64)> {
        let mut tail = self.tail();
        let (blob, at) = match tail.shared.take() {
            Some((blob, at)) if at + len <= SHARED_LEN => (blob, at),
            _ => {
                let (blob, file) = self.make(&mut tail, true)?;
                blob.file.get_or_init(|| Arc::new(file));
                (Arc::new(blob), 0)
            }
        };
        tail.shared = Some((Arc::clone(&blob), (at + len).next_multiple_of(PAGE)));
        Ok((blob, at))
    }

    fn make(&self, tail: &mut Tail, is_shared: bool) -> io::Result<(Blob, File)> {
        let blob = self.blob(tail.next_id, OnceLock::new(), is_shared);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&blob.path)?;
        tail.next_id += 1;
        Ok((blob, file))
    }

    fn blob(&self, id: u64, file: OnceLock<Arc<File>>, is_shared: bool) -> Blob {
        let (path, reaper) = (self.folder.join(id.to_string()), self.reaper.clone());
        Blob { id, path, file, is_shared, reaper, ledger: Arc::clone(&self.ledger) }
    }

    /// Bytes in use in all blobs.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.ledger.stored.load(Ordering::Relaxed)
    }

    /// From now on what nothing refers to is given back, or no longer: a store that is opened or closed drops references to
    /// what it keeps.
    pub fn set_live(&self, is_live: bool) {
        self.ledger.is_live.store(is_live, Ordering::Release);
    }

    /// Deletes the files of all blobs that `is_used` doesn't know: bodies whose writing was cut off.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn delete_unused(&self, is_used: impl Fn(u64) -> bool) -> io::Result<()> {
        for (_, path) in files(&self.folder)?.into_iter().filter(|(id, _)| !is_used(*id)) {
            match fs::remove_file(path) {
                // The reaper of a store that has just been closed in this process was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
        Ok(())
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn files(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            files.push((id, entry.path()));
        }
    }
    Ok(files)
}

/// Space that nothing refers to.
#[derive(Debug)]
enum Waste {
    File(PathBuf),
    Range { path: PathBuf, at: u64, len: u64 },
}

impl Waste {
    /// Gives it back as far as that goes: what fails costs space until the blob's last byte is free.
    fn clear(self) {
        match self {
            Self::File(path) => {
                let _ = fs::remove_file(path);
            }
            Self::Range { path, at, len } => {
                if let Ok(file) = OpenOptions::new().write(true).open(path) {
                    punch(&file, at, len);
                }
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn punch(file: &File, at: u64, len: u64) {
    use rustix::fs::{FallocateFlags, fallocate};
    let _ = fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, at, len);
}

/// Elsewhere a shared blob's space comes back when all of its bodies are gone.
#[cfg(not(target_os = "linux"))]
fn punch(_: &File, _: u64, _: u64) {}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;
    use crate::store::testing::eventually;

    #[test]
    fn small_bodies_share_a_file_and_give_back_their_space_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path().into()).unwrap();
        blobs.set_live(true);
        let body = vec![7; 50_000];
        let (first, at) = blobs.append(&body).unwrap();
        let (second, next) = blobs.append(&body).unwrap();
        assert_eq!((first.id, at, next), (second.id, 0, 53_248));
        let space = || folder.path().join("1").metadata().unwrap().blocks() * 512;
        eventually("both are on disk", || space() >= 100_000);
        first.discard(at..at + 50_000);
        eventually("one is left", || space() <= 60_000);
        let mut left = vec![0; body.len()];
        second.file().unwrap().read_exact_at(&mut left, next).unwrap();
        assert_eq!(left, body);
    }

    #[test]
    fn a_blob_without_references_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path().into()).unwrap();
        blobs.set_live(true);
        let (blob, _) = blobs.create().unwrap();
        assert_eq!(files(folder.path()).unwrap().len(), 1);
        drop(blob);
        eventually("the file is gone", || files(folder.path()).unwrap().is_empty());
    }
}
