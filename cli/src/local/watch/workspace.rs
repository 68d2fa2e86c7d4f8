//! The Cargo workspace: which packages a change touches, and which binaries they have.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::process::Command;

use crate::project::Project;

/// The part of `cargo metadata` that matters here.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

/// A package of the workspace.
#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    /// The folder of a package of the workspace; none for what comes from a registry.
    path: Option<PathBuf>,
    /// None for what its code is linked with; else `dev` or `build`.
    kind: Option<String>,
}

impl Workspace {
    /// Reads the workspace of a checkout.
    ///
    /// # Errors
    ///
    /// When a manifest is wrong; the message is Cargo's own.
    pub async fn read(project: &Project) -> Result<Self> {
        let output = Command::new("cargo")
            .current_dir(&project.root)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stdin(Stdio::null())
            .output()
            .await
            .context("cannot run cargo")?;
        if !output.status.success() {
            bail!("cannot read the workspace:\n{}", String::from_utf8_lossy(&output.stderr).trim_end());
        }
        serde_json::from_slice(&output.stdout).context("cannot parse the output of cargo metadata")
    }

    /// Where Cargo leaves a binary that it has built for this machine.
    pub fn built(&self, binary: &str) -> PathBuf {
        self.target_directory.join("debug").join(binary)
    }

    /// Where Pulumi takes a function from, and cargo-lambda leaves it.
    pub fn artefact(&self, binary: &str) -> PathBuf {
        self.target_directory.join("lambda").join(binary).join("bootstrap")
    }

    /// The binaries that may differ after a change of these paths, which are relative to the root.
    pub fn touched(&self, root: &Path, paths: &BTreeSet<PathBuf>) -> BTreeSet<String> {
        let owners: Option<Vec<&Package>> = paths.iter().map(|path| self.owner(&root.join(path))).collect();
        let Some(owners) = owners else { return self.binaries() };
        let mut touched: Vec<&Package> = Vec::new();
        let mut next = owners;
        while let Some(package) = next.pop() {
            if !touched.iter().any(|other| other.name == package.name) {
                touched.push(package);
                next.extend(self.packages.iter().filter(|other| other.needs(package)));
            }
        }
        touched.iter().flat_map(|package| package.binaries()).map(ToOwned::to_owned).collect()
    }

    /// All binaries.
    pub fn binaries(&self) -> BTreeSet<String> {
        self.packages.iter().flat_map(Package::binaries).map(ToOwned::to_owned).collect()
    }

    /// Binaries grouped by their package.
    pub fn by_package(&self, binaries: &BTreeSet<String>) -> Vec<BTreeSet<String>> {
        let of = |package: &Package| -> BTreeSet<String> {
            package.binaries().filter(|name| binaries.contains(*name)).map(ToOwned::to_owned).collect()
        };
        self.packages.iter().map(of).filter(|group| !group.is_empty()).collect()
    }

    /// The package that has a file; none if any may depend on it, as on the workspace's manifest and on SQL.
    fn owner(&self, path: &Path) -> Option<&Package> {
        let around = self.packages.iter().filter(|package| path.starts_with(package.folder()));
        around.max_by_key(|package| package.folder().as_os_str().len())
    }
}

impl Package {
    fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    fn binaries(&self) -> impl Iterator<Item = &str> {
        let is_binary = |target: &&Target| target.kind.iter().any(|kind| kind == "bin");
        self.targets.iter().filter(is_binary).map(|target| target.name.as_str())
    }

    /// Whether its binaries are built with another package.
    fn needs(&self, other: &Self) -> bool {
        self.dependencies.iter().any(|dependency| {
            dependency.path.as_deref() == Some(other.folder()) && dependency.kind.as_deref() != Some("dev")
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn package(folder: &str, binaries: &[&str], dependencies: &[(&str, Option<&str>)]) -> Value {
        let library = json!({ "name": "library", "kind": ["lib"] });
        let targets = binaries.iter().map(|name| json!({ "name": name, "kind": ["bin"] }));
        let dependencies: Vec<Value> = dependencies
            .iter()
            .map(|(path, kind)| json!({ "name": "x", "path": format!("/w/{path}"), "kind": kind }))
            .chain([json!({ "name": "serde", "kind": null })])
            .collect();
        json!({
            "name": folder.rsplit('/').next(),
            "manifest_path": format!("/w/{folder}/Cargo.toml"),
            "targets": targets.chain([library]).collect::<Vec<_>>(),
            "dependencies": dependencies,
        })
    }

    fn workspace() -> Workspace {
        let packages = [
            package("cli", &["lambench"], &[("crates/results", None)]),
            package("crates/kit", &[], &[]),
            package("crates/results", &[], &[]),
            package(
                "functions/relay",
                &["relay-in", "relay-out"],
                &[("crates/kit", None), ("crates/results", None)],
            ),
            package("functions/judge", &["judge"], &[("crates/kit", None)]),
            package(
                "contenders/rust/stream",
                &["stream"],
                &[("functions/judge", Some("dev")), ("crates/kit", Some("build"))],
            ),
        ];
        serde_json::from_value(json!({ "packages": packages, "target_directory": "/elsewhere" })).unwrap()
    }

    fn touched(paths: &[&str]) -> Vec<String> {
        let paths = paths.iter().map(PathBuf::from).collect();
        workspace().touched(Path::new("/w"), &paths).into_iter().collect()
    }

    #[test]
    fn a_source_of_a_package_touches_its_binaries_and_no_others() {
        assert_eq!(touched(&["functions/relay/src/lib.rs"]), ["relay-in", "relay-out"]);
        // The contender needs it for its tests only, which are not deployed.
        assert_eq!(touched(&["functions/judge/Cargo.toml"]), ["judge"]);
        assert_eq!(
            touched(&["functions/judge/a.rs", "functions/relay/a.rs"]),
            ["judge", "relay-in", "relay-out"]
        );
    }

    #[test]
    fn a_library_touches_the_packages_that_are_built_with_it() {
        assert_eq!(touched(&["crates/results/src/lib.rs"]), ["lambench", "relay-in", "relay-out"]);
        assert_eq!(touched(&["crates/kit/src/lib.rs"]), ["judge", "relay-in", "relay-out", "stream"]);
    }

    #[test]
    fn what_belongs_to_no_package_may_touch_every_binary() {
        let all = ["judge", "lambench", "relay-in", "relay-out", "stream"];
        for path in
            ["sql/relay/migrations/0001.sql", "Cargo.toml", "Cargo.lock", "functions/new/src/lib.rs", ""]
        {
            assert_eq!(touched(&[path, "functions/judge/a.rs"]), all, "after a change of '{path}'");
        }
    }

    #[test]
    fn binaries_that_fail_together_can_be_built_by_package() {
        let wanted = BTreeSet::from(["judge", "relay-in", "relay-out"].map(ToOwned::to_owned));
        let groups = workspace().by_package(&wanted);
        let relay = BTreeSet::from(["relay-in", "relay-out"].map(ToOwned::to_owned));
        assert_eq!(groups, [relay, BTreeSet::from(["judge".to_owned()])]);
    }

    #[test]
    fn functions_are_copied_from_where_cargo_writes_to_where_pulumi_reads() {
        assert_eq!(workspace().built("judge"), Path::new("/elsewhere/debug/judge"));
        assert_eq!(workspace().artefact("judge"), Path::new("/elsewhere/lambda/judge/bootstrap"));
    }
}
