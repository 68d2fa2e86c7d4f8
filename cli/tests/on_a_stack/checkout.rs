//! A checkout with a `pulumi` of its own.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// What would send requests elsewhere, or change how wide tables are.
const AMBIENT: [&str; 5] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "COLUMNS"];

/// A checkout, and the `pulumi` that is found in it.
pub struct Checkout(TempDir);

impl Checkout {
    /// A deployed stack, `dev`, which has these scenarios.
    pub fn deployed(environment: &Value) -> Self {
        Self::new(&format!("#!/bin/sh\ncat <<'END'\n{environment}\nEND\n"))
    }

    /// What `pulumi` is, is a shell script.
    pub fn new(pulumi: &str) -> Self {
        let checkout = Self(tempfile::tempdir().unwrap());
        let program = checkout.path("bin/pulumi");
        fs::write(checkout.path("Pulumi.yaml"), "name: lambench\n").unwrap();
        fs::create_dir(checkout.path("bin")).unwrap();
        fs::write(&program, pulumi).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        checkout
    }

    /// A path in the checkout.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// A command line of `lambench`, without its own name.
    pub fn command(&self, line: &str) -> Command {
        let mut command = self.program(cargo_bin("lambench"));
        command.args(line.split_whitespace());
        command
    }

    /// A program in the checkout, with its `pulumi` and some credentials.
    pub fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .current_dir(self.0.path())
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .envs([("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key")]);
        for variable in AMBIENT {
            command.env_remove(variable);
        }
        command
    }

    /// What came of a command line.
    pub fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }
}

/// A scenario's part of the output `environment`: what each has, and what is its own.
pub fn scenario(endpoint: &str, own: Value) -> Value {
    let mut environment = json!({
        "stack": "dev", "region": "us-east-1", "endpoint": endpoint, "architecture": "arm64",
        "settings": {}, "settingRanges": {}, "memoryPerVcpu": 1769, "runLocks": "locks",
    });
    let own: Map<String, Value> = serde_json::from_value(own).unwrap();
    environment.as_object_mut().unwrap().extend(own);
    environment
}

/// What a program printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
