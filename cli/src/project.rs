//! The checkout a command belongs to, and where its local environment keeps things.

use std::env;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A checkout, found by its `Pulumi.yaml`.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder with `Pulumi.yaml`.
    pub root: PathBuf,
    /// `.lambench/` in it: everything the local environment writes.
    pub state: PathBuf,
}

impl Project {
    /// The project around the current folder.
    ///
    /// # Errors
    ///
    /// When neither this folder nor one above it has the `Pulumi.yaml` of lambench.
    pub fn find() -> Result<Self> {
        let here = env::current_dir().context("cannot determine the current folder")?;
        Self::above(&here)
    }

    fn above(here: &Path) -> Result<Self> {
        let Some(root) = here.ancestors().find(|folder| is_project(folder)) else {
            bail!(
                "no lambench project in '{}' or above it (a Pulumi.yaml with 'name: lambench'): \
                 change to your checkout of lambench first",
                here.display()
            );
        };
        let root = root.canonicalize().with_context(|| format!("cannot resolve '{}'", root.display()))?;
        Ok(Self { state: root.join(".lambench"), root })
    }

    /// A folder under `.lambench/`, created if needed; only its owner can write there.
    ///
    /// # Errors
    ///
    /// When it cannot be created.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.state.join(name);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&folder)
            .with_context(|| format!("cannot create '{}'", folder.display()))?;
        Ok(folder)
    }

    /// The Python environment `make setup` creates.
    pub fn venv(&self) -> PathBuf {
        self.state.join("venv")
    }
}

fn is_project(folder: &Path) -> bool {
    fs::read_to_string(folder.join("Pulumi.yaml"))
        .is_ok_and(|text| text.lines().any(|line| line.trim_end() == "name: lambench"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_below_the_project_finds_it_and_skips_other_projects() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("stacks/other");
        fs::create_dir_all(&inner).unwrap();
        fs::write(outer.path().join("Pulumi.yaml"), "name: lambench\nruntime: nodejs\n").unwrap();
        fs::write(inner.join("Pulumi.yaml"), "name: lambench-not\n").unwrap();
        let project = Project::above(&inner).unwrap();
        assert_eq!(project.root, outer.path().canonicalize().unwrap());
    }

    #[test]
    fn outside_of_a_project_the_error_says_where_to_go() {
        let nowhere = tempfile::tempdir().unwrap();
        let message = Project::above(nowhere.path()).unwrap_err().to_string();
        assert!(message.contains("change to your checkout"), "{message}");
    }
}
