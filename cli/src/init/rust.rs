//! What a new package needs in the workspace, whose members are found by their folders.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// A package without such lines is optimized in tests, which takes longer than it saves.
const TEST_PROFILE: &str = "[profile.test.package.";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Refuses an id that a package or a program of the workspace or of its dependencies has: Cargo and `make build` would mix
/// them up.
///
/// # Errors
/// If it is taken, or Cargo is missing.
pub fn refuse_taken(root: &Path, id: &str) -> Result<()> {
    let metadata = cargo(root, &["metadata", "--offline", "--no-deps", "--format-version=1"])?;
    let metadata: Metadata =
        serde_json::from_slice(&metadata).context("cannot read what cargo metadata says")?;
    let is_program = |target: &Target| target.name == id && target.kind.iter().any(|kind| kind == "bin");
    let is_ours =
        metadata.packages.iter().any(|package| package.name == id || package.targets.iter().any(is_program));
    let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
    let is_dependency = lock.lines().any(|line| line == format!("name = \"{id}\""));
    if is_ours || is_dependency {
        bail!("the workspace has a package or a program '{id}' already: choose another id");
    }
    Ok(())
}

/// Writes a package by `write`, and makes it known in Cargo.toml and Cargo.lock. If that fails, nothing of it stays.
///
/// # Errors
/// If one cannot be written, or Cargo refuses them.
pub fn with_package(root: &Path, id: &str, folder: &Path, write: impl FnOnce() -> Result<()>) -> Result<()> {
    let [manifest, lock] = ["Cargo.toml", "Cargo.lock"].map(|name| root.join(name));
    let read =
        |file: &Path| fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
    let before = [(&manifest, read(&manifest)?), (&lock, read(&lock)?)];
    let done = write().and_then(|()| {
        fs::write(&manifest, with_test_profile(&before[0].1, id))
            .with_context(|| format!("cannot write {}", manifest.display()))?;
        cargo(root, &["update", "--workspace", "--offline"]).map(drop)
    });
    if done.is_err() {
        let _ = fs::remove_dir_all(folder);
        for (file, text) in before {
            let _ = fs::write(file, text);
        }
    }
    done
}

/// A manifest with the package's lines behind those of others.
fn with_test_profile(manifest: &str, id: &str) -> String {
    let Some(last) = manifest.rfind(TEST_PROFILE) else { return manifest.to_owned() };
    let end = manifest[last..].find("\n\n").map_or(manifest.trim_end().len(), |end| last + end);
    let (before, behind) = manifest.split_at(end);
    format!("{before}\n\n{TEST_PROFILE}{id}]\nopt-level = 1{behind}")
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let output =
        Command::new("cargo").args(arguments).current_dir(root).output().context(
            "cannot start cargo, which a Rust contender needs: install Rust from https://rustup.rs",
        )?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("cargo {} failed:\n{}", arguments.join(" "), said.trim_end());
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packages_lines_stand_behind_those_of_others() {
        let manifest =
            "[profile.test.package.a]\nopt-level = 0\n\n# Another.\n[profile.release]\nlto = \"off\"\n";
        let expected = "[profile.test.package.a]\nopt-level = 0\n\n[profile.test.package.mine]\nopt-level = 1\n\n\
                        # Another.\n[profile.release]\nlto = \"off\"\n";
        assert_eq!(with_test_profile(manifest, "mine"), expected);
        let last = with_test_profile("[profile.test.package.a]\nopt-level = 0\n", "mine");
        assert_eq!(
            last,
            "[profile.test.package.a]\nopt-level = 0\n\n[profile.test.package.mine]\nopt-level = 1\n"
        );
        assert_eq!(with_test_profile("[workspace]\n", "mine"), "[workspace]\n");
    }
}
