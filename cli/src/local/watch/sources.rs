//! The sources of the functions, and what changes in them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, timeout};

/// Where sources are, below the root of the checkout.
pub const FOLDERS: [&str; 4] = ["functions", "crates", "contenders/rust", "sql"];
/// The root's own files that a build depends on.
pub const FILES: [&str; 2] = ["Cargo.toml", "Cargo.lock"];

/// An editor writes a file in several steps, and a version control system many files: a build starts once nothing has
/// changed for this long.
const QUIET: Duration = Duration::from_millis(100);
/// It starts after this in any case, so that constant writes cannot hold it up.
const MAX_DELAY: Duration = Duration::from_secs(2);

/// Watches the sources, from its creation on.
pub struct Sources {
    events: UnboundedReceiver<notify::Result<Vec<PathBuf>>>,
    root: PathBuf,
    _watcher: RecommendedWatcher,
}

impl Sources {
    /// Starts to watch a checkout.
    ///
    /// # Errors
    ///
    /// When the system cannot watch that many files; the message says what to do.
    pub fn watch(root: &Path) -> Result<Self> {
        let (sender, events) = unbounded_channel();
        let handler = {
            let root = root.to_owned();
            move |event: notify::Result<Event>| {
                let paths = event.map(|event| sources_of(&event, &root));
                if paths.as_ref().is_ok_and(Vec::is_empty) {
                    return;
                }
                // There is no receiver any more: watching is about to end.
                let _ = sender.send(paths);
            }
        };
        let mut watcher = notify::recommended_watcher(handler).map_err(watch_error)?;
        // Editors replace a file by another one of its name, which only its folder sees.
        watcher.watch(root, RecursiveMode::NonRecursive).map_err(watch_error)?;
        for folder in FOLDERS.map(|folder| root.join(folder)).iter().filter(|folder| folder.exists()) {
            watcher.watch(folder, RecursiveMode::Recursive).map_err(watch_error)?;
        }
        Ok(Self { events, root: root.to_owned(), _watcher: watcher })
    }

    /// The next changes, once they are complete; paths are relative to the root.
    ///
    /// # Errors
    ///
    /// When the sources cannot be watched any longer.
    pub async fn changed(&mut self) -> Result<BTreeSet<PathBuf>> {
        let mut changed = BTreeSet::new();
        self.take(&mut changed, None).await?;
        let started = Instant::now();
        while started.elapsed() < MAX_DELAY && self.take(&mut changed, Some(QUIET)).await? {}
        Ok(changed)
    }

    /// Adds the next event's paths; false if there was none in time.
    async fn take(&mut self, changed: &mut BTreeSet<PathBuf>, within: Option<Duration>) -> Result<bool> {
        let next = match within {
            Some(time) => match timeout(time, self.events.recv()).await {
                Ok(next) => next,
                Err(_) => return Ok(false),
            },
            None => self.events.recv().await,
        };
        let paths = next.context("the source watcher has stopped")?.map_err(watch_error)?;
        let root = &self.root;
        changed.extend(paths.iter().map(|path| path.strip_prefix(root).unwrap_or(path).to_owned()));
        Ok(true)
    }
}

fn watch_error(error: notify::Error) -> anyhow::Error {
    let advice = match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            ": the system's limit is reached, raise it with `sudo sysctl fs.inotify.max_user_watches=524288`"
        }
        _ => "",
    };
    anyhow!(error).context(format!("cannot watch the sources{advice}"))
}

/// The sources that an event is about; the root itself where events were lost, for then anything may have changed.
fn sources_of(event: &Event, root: &Path) -> Vec<PathBuf> {
    if event.need_rescan() {
        return vec![root.to_owned()];
    }
    // Cargo reads the sources: that must not start the next build.
    if event.kind.is_access() {
        return Vec::new();
    }
    let is_source = |path: &&PathBuf| path.strip_prefix(root).is_ok_and(is_source);
    event.paths.iter().filter(is_source).cloned().collect()
}

/// Whether a build may depend on a file or folder, by its path below the root.
fn is_source(path: &Path) -> bool {
    if FILES.iter().any(|file| path == Path::new(file)) {
        return true;
    }
    let is_inside = FOLDERS.iter().any(|folder| path.starts_with(folder) && path != Path::new(folder));
    is_inside && !is_output(path) && path.iter().all(|name| !is_temporary(name))
}

/// Whether it is in Cargo's output folder; a module may have that name as well.
fn is_output(path: &Path) -> bool {
    path.iter().take_while(|name| *name != "src").any(|name| name == "target")
}

/// What editors put beside a file while they write it, and what is hidden.
fn is_temporary(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let by_end = ["~", "#", ".tmp", ".swp", ".orig", ".rej", "___jb_tmp___", "___jb_old___"];
    // Vim creates a file of this name to check whether it can write to a folder.
    name.starts_with('.') || name == "4913" || by_end.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_a_build_reads_starts_one_and_nothing_else_does() {
        for source in [
            "functions/aurora/src/lib.rs",
            "functions/aurora/src/target/mod.rs",
            "functions/aurora/Cargo.toml",
            "crates/lambda-kit/src/rds-global-bundle.pem",
            "contenders/rust/stream/src/main.rs",
            "sql/aurora/migrations/0001_tables.sql",
            "Cargo.toml",
            "Cargo.lock",
        ] {
            assert!(is_source(Path::new(source)), "a change of {source} would be missed");
        }
        for other in [
            "functions",
            "functions/aurora/target/debug/aurora",
            "functions/aurora/src/.lib.rs.swp",
            "functions/aurora/src/lib.rs~",
            "functions/aurora/src/4913",
            "functions/aurora/src/#lib.rs#",
            "functions/aurora/src/lib.rs___jb_tmp___",
            "contenders/python/naive/index.py",
            "target/lambda/stream/bootstrap",
            "cli/src/main.rs",
            "Pulumi.dev.yaml",
        ] {
            assert!(!is_source(Path::new(other)), "{other} would start a build");
        }
    }

    #[tokio::test]
    async fn the_steps_of_an_editor_are_one_change_and_reading_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let source = root.join("functions/one/lib.rs");
        fs::create_dir_all(source.parent().unwrap()).unwrap();
        fs::write(&source, "1").unwrap();
        let mut sources = Sources::watch(&root).unwrap();

        fs::read(&source).unwrap();
        fs::write(root.join("functions/one/lib.rs~"), "1").unwrap();
        fs::write(root.join("functions/one/new.rs"), "2").unwrap();
        fs::rename(root.join("functions/one/new.rs"), &source).unwrap();
        fs::write(root.join("Cargo.lock"), "").unwrap();
        let expected = ["Cargo.lock", "functions/one/lib.rs", "functions/one/new.rs"].map(PathBuf::from);
        assert_eq!(sources.changed().await.unwrap(), BTreeSet::from(expected));

        fs::read(&source).unwrap();
        let next = timeout(QUIET * 3, sources.changed()).await;
        assert!(next.is_err(), "reading has started a build: {next:?}");
    }

    #[tokio::test]
    async fn a_file_of_a_new_folder_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("crates")).unwrap();
        let mut sources = Sources::watch(&root).unwrap();
        fs::create_dir(root.join("crates/new")).unwrap();
        assert!(sources.changed().await.unwrap().contains(Path::new("crates/new")));
        fs::write(root.join("crates/new/Cargo.toml"), "").unwrap();
        assert!(sources.changed().await.unwrap().contains(Path::new("crates/new/Cargo.toml")));
    }
}
