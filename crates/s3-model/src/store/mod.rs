//! What the server keeps: buckets, objects and uploads in memory, their bytes in blobs, every change in a journal.

mod blob;
mod change;
mod contents;
mod journal;
mod model;
mod reader;
mod record;
mod rope;
mod snapshot;
mod state;
#[cfg(test)]
pub mod testing;
mod writer;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

pub use change::{Bytes, Change};
pub use model::{
    Bucket, Headers, Object, ObjectInfo, ObjectPart, Part, PartInfo, Seconds, Upload, UploadInfo,
};
pub use reader::Reader;
pub use rope::Rope;
pub use state::State;
pub use writer::{SMALL, Writer, WrittenBody};

use multi_buffer_md5::Pool;

use crate::checksums::Algorithm;
use blob::Blobs;
use journal::Journal;
use record::{Record, Written};

/// The store. Its changes happen one after the other and outlive the process, even when it is killed.
pub struct Store {
    state: RwLock<State>,
    journal: Mutex<Journal>,
    blobs: Arc<Blobs>,
    /// The MD5s of all bodies that come in at the same time, which help each other.
    md5: Pool,
}

impl Store {
    /// Opens the store in `folder`, or makes it.
    ///
    /// # Errors
    /// When the folder cannot be used, another process uses it, or what it has is damaged.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        Self::try_open(folder).map_err(|error| {
            let folder = folder.display();
            anyhow::anyhow!(
                "cannot open the objects in {folder}: {error}; delete the folder to start with none"
            )
        })
    }

    fn try_open(folder: &Path) -> io::Result<Self> {
        let blobs = Arc::new(Blobs::open(folder.join("blobs"))?);
        let path = folder.join("journal");
        let lock = Journal::lock(&path)?;
        let mut ropes = record::Reader::new(&blobs);
        let mut state = State::default();
        journal::replay(&path, |Record { change, body }| {
            let body = body.map(|body| ropes.rope(body).ok_or_else(|| io::Error::other("unknown bytes")));
            state.apply(change, body.transpose()?).map_err(io::Error::other)
        })?;
        snapshot::clear_unused(&blobs, &ropes)?;
        drop(ropes);
        blobs.set_live(true);
        let journal = Journal::rewrite(&path, lock, snapshot::records(&state))?;
        Ok(Self { state: RwLock::new(state), journal: Mutex::new(journal), blobs, md5: Pool::default() })
    }

    /// Everything as it is now; no change happens while the answer lives.
    pub fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the change that `decide` makes out of everything as it is now, or none if it refuses. `body` has the bytes of
    /// a change that has a body.
    ///
    /// # Errors
    /// When the change cannot be written down; inside, those of `decide`.
    pub fn change<T, E>(
        &self,
        body: Option<Rope>,
        decide: impl FnOnce(&State) -> Result<(Change, T), E>,
    ) -> io::Result<Result<T, E>> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match decide(&state) {
            Ok((change, answer)) => self.make(&mut state, change, body).map(|()| Ok(answer)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn make(&self, state: &mut State, change: Change, body: Option<Rope>) -> io::Result<()> {
        let written = body.as_ref().map(|rope| Written::default().body(rope));
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.append(&Record { change: &change, body: written })?;
        state.apply(change, body).map_err(io::Error::other)
    }

    /// Takes a body that is to have a checksum of `also` beside its MD5 and CRCs.
    #[must_use]
    pub fn writer(&self, also: Option<Algorithm>) -> Writer {
        Writer::new(Arc::clone(&self.blobs), self.md5.start(), also)
    }

    /// Waits until every change is on the disk, not only with the operating system.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn sync(&self) -> io::Result<()> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).sync()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.blobs.set_live(false);
    }
}

#[cfg(test)]
mod tests;
