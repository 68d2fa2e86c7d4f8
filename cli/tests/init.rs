//! `lambench init contender`, as a user meets it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

/// The checkout that these tests are in.
fn ours() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder above").to_owned()
}

/// A checkout without a workspace.
fn checkout() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("Pulumi.yaml"), "name: lambench\n").expect("the folder is writable");
    folder
}

/// A checkout with the packages of this one.
fn workspace() -> TempDir {
    let folder = checkout();
    fs::create_dir_all(folder.path().join("contenders/rust")).expect("the folder is writable");
    for name in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(ours().join(name), folder.path().join(name)).expect("it is there");
    }
    let contenders = fs::read_dir(ours().join("contenders/rust")).expect("it is there");
    let contenders =
        contenders.map(|entry| PathBuf::from("contenders/rust").join(entry.expect("an entry").file_name()));
    for name in contenders.chain(["cli", "crates", "functions"].map(PathBuf::from)) {
        symlink(ours().join(&name), folder.path().join(&name)).expect("the folder is writable");
    }
    folder
}

fn init(folder: &TempDir, name: &str) -> Output {
    let mut command = Command::cargo_bin("lambench").expect("cargo builds the binary for its tests");
    command.current_dir(folder).args(["init", "contender", name]).output().expect("the binary starts")
}

/// A command that must fail; returns its exit code and what it said.
fn fails(folder: &TempDir, name: &str) -> (Option<i32>, String) {
    let output = init(folder, name);
    assert!(output.stdout.is_empty(), "an error belongs on standard error");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_contender_has_its_program_its_settings_and_its_build() {
    let folder = checkout();
    for (name, files) in [
        ("python/mine", "index.py, contender.yaml"),
        ("node/mine", "index.mjs, package.json, contender.yaml"),
        ("go/mine", "main.go, go.mod, go.sum, build.sh, contender.yaml"),
        ("bootstrap/mine", "build.sh, bootstrap.sh, contender.yaml"),
    ] {
        let output = init(&folder, name);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.starts_with(&format!("made contenders/{name}: {files}\n")),
            "{output:?}"
        );
        assert!(said.contains(&format!("  lambench check contender contenders/{name}\n")), "{said}");
        for file in files.split(", ") {
            let file = folder.path().join("contenders").join(name).join(file);
            let mode = fs::metadata(&file).expect("it was written").permissions().mode();
            assert_eq!(mode & 0o100 != 0, file.extension().is_some_and(|name| name == "sh"), "{file:?}");
        }
    }
}

#[test]
fn programs_are_valid_where_their_language_is_at_hand() {
    let folder = checkout();
    for (name, program, arguments) in [
        ("python/mine", "python3", vec!["-c", "import ast; ast.parse(open('index.py').read())"]),
        ("node/mine", "node", vec!["--check", "index.mjs"]),
        ("go/mine", "gofmt", vec!["-e", "main.go"]),
        ("bootstrap/mine", "bash", vec!["build.sh"]),
    ] {
        assert!(init(&folder, name).status.success());
        let here = folder.path().join("contenders").join(name);
        match std::process::Command::new(program).args(arguments).current_dir(&here).output() {
            Ok(output) => assert!(output.status.success(), "{name}: {output:?}"),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{name}: {error}"),
        }
    }
    assert!(folder.path().join("contenders/bootstrap/mine/bootstrap").exists());
}

#[test]
fn a_rust_contender_is_a_package_of_the_workspace() {
    let folder = workspace();
    let output = init(&folder, "rust/mine");
    assert!(output.status.success(), "{output:?}");
    let manifest = fs::read_to_string(folder.path().join("Cargo.toml")).expect("it is there");
    assert!(manifest.contains("\n\n[profile.test.package.mine]\nopt-level = 1\n\n"), "{manifest}");
    let metadata = std::process::Command::new("cargo")
        .args(["metadata", "--locked", "--offline", "--format-version=1"])
        .current_dir(&folder)
        .output()
        .expect("cargo starts");
    assert!(
        metadata.status.success(),
        "'make build' is --locked: {}",
        String::from_utf8_lossy(&metadata.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).expect("it is JSON");
    let members = metadata["workspace_members"].as_array().expect("it has some");
    assert!(
        members.iter().any(|member| member.as_str().is_some_and(|id| id.contains("contenders/rust/mine")))
    );
}

#[test]
fn names_that_are_taken_are_refused_and_nothing_stays() {
    let folder = workspace();
    let before = fs::read_to_string(folder.path().join("Cargo.toml")).expect("it is there");
    for (taken, expected) in [
        ("rust/stream", "contenders/rust/stream is there already: choose another id"),
        ("rust/results", "a package or a program 'results' already"),
        ("rust/archive-verify", "a package or a program 'archive-verify' already"),
        ("rust/tokio", "a package or a program 'tokio' already"),
    ] {
        let (code, said) = fails(&folder, taken);
        assert!(code == Some(1) && said.contains(expected), "{taken}: {said}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("Cargo.toml")).expect("it is there"), before);
    assert!(!folder.path().join("contenders/rust/results").exists());
}

#[test]
fn a_package_that_cargo_refuses_leaves_nothing() {
    let folder = checkout();
    fs::create_dir_all(folder.path().join("contenders/rust/other/src")).expect("the folder is writable");
    let manifest = "[workspace]\nmembers = [\"contenders/rust/*\"]\n";
    let other = "[package]\nname = \"other\"\n";
    for (name, text) in [
        ("Cargo.toml", manifest),
        ("Cargo.lock", "version = 4\n"),
        ("contenders/rust/other/Cargo.toml", other),
        ("contenders/rust/other/src/lib.rs", ""),
    ] {
        fs::write(folder.path().join(name), text).expect("the folder is writable");
    }
    // The workspace has none of its dependencies.
    let (code, said) = fails(&folder, "rust/mine");
    assert!(code == Some(1) && said.contains("cargo update --workspace --offline failed"), "{said}");
    assert!(!folder.path().join("contenders/rust/mine").exists());
    assert_eq!(fs::read_to_string(folder.path().join("Cargo.toml")).expect("it is there"), manifest);
}

#[test]
fn wrong_names_and_unknown_languages_are_a_wrong_command_line() {
    let folder = checkout();
    for (name, expected) in [
        ("mine", "write <lang>/<id>, such as rust/mine"),
        ("perl/mine", "there is no template for 'perl', only for rust, python, node, go, bootstrap"),
        ("rust/Mine", "an id has lower-case letters, digits"),
        ("python/../../x", "an id has lower-case letters, digits"),
    ] {
        let (code, said) = fails(&folder, name);
        assert!(code == Some(2) && said.contains(expected), "{name}: {said}");
    }
    assert!(!folder.path().join("contenders").exists());
}
