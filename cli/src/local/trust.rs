//! What the clients of S3 trust: the authorities that they trust anyway, and this checkout's own.
//!
//! Three variables name the authorities of programs that do not know each other: `SSL_CERT_FILE` (OpenSSL, Rust, curl),
//! `AWS_CA_BUNDLE` (AWS CLI, boto3) and `NODE_EXTRA_CA_CERTS`. What a variable names already is joined with our authority
//! into a bundle: npm, pip and cargo may need it too.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::certificates;
use super::choice::Choice;
use super::s3_tls::S3Tls;
use crate::project::Project;

/// Replaces the authorities of the system.
const OPENSSL: &str = "SSL_CERT_FILE";
/// Replaces those that botocore brings along.
const AWS: &str = "AWS_CA_BUNDLE";
/// Adds to those that Node.js brings along.
const NODE: &str = "NODE_EXTRA_CA_CERTS";
/// How a bundle begins; the path of what it adds to follows.
const HEADER: &str = "# Written by `lambench local`: a checkout's authority, and ";

/// The variables for a shell like the caller's; none if S3 has no TLS.
///
/// # Errors
///
/// When a bundle cannot be written, or what is to be joined cannot be read.
pub fn of_caller(project: &Project) -> Result<Vec<(&'static str, String)>> {
    variables(project, &|name| env::var_os(name).map(PathBuf::from))
}

/// The variables for functions: they trust what the system does, as on AWS.
///
/// # Errors
///
/// As [`of_caller`].
pub fn of_functions(project: &Project) -> Result<Vec<(&'static str, String)>> {
    variables(project, &|name| (name == OPENSSL).then(|| env::var_os(name).map(PathBuf::from)).flatten())
}

/// What the shell trusted before, by the variables that name bundles of ours; none where it named nothing.
pub fn before(variable: &dyn Fn(&str) -> Option<String>) -> Vec<(&'static str, Option<String>)> {
    let ours = |name| {
        let file = PathBuf::from(variable(name)?);
        let before = origin(file.clone());
        let text = before.to_str().filter(|text| !text.is_empty()).map(str::to_owned);
        (before != file).then_some((name, text))
    };
    [OPENSSL, AWS, NODE].into_iter().filter_map(ours).collect()
}

fn variables(
    project: &Project,
    named: &dyn Fn(&str) -> Option<PathBuf>,
) -> Result<Vec<(&'static str, String)>> {
    if S3Tls::chosen(project) != Some(S3Tls::On) {
        return Ok(Vec::new());
    }
    // Like the programs, we ignore what is not there.
    let present = |name: &str| named(name).map(origin).filter(|file| file.is_file());
    // OpenSSL's own variable comes first; then the places where distributions have their bundle.
    let system = present(OPENSSL).or_else(|| openssl_probe::probe().cert_file.map(origin));
    let files = [(OPENSSL, system.clone()), (AWS, present(AWS).or(system)), (NODE, present(NODE))];
    files.into_iter().map(|(name, file)| Ok((name, bundle(project, file.as_deref())?))).collect()
}

/// What a bundle of ours adds to, so that a second `env` does not add to its own bundle; any other file is its own origin.
fn origin(file: PathBuf) -> PathBuf {
    let text = fs::read_to_string(&file).unwrap_or_default();
    let first = text.lines().next().and_then(|line| line.strip_prefix(HEADER));
    first.map_or(file, PathBuf::from)
}

/// Writes the bundle of our authority and a file, and returns its path, which depends on that of the file only.
fn bundle(project: &Project, origin: Option<&Path>) -> Result<String> {
    let read = |file: &Path| {
        fs::read_to_string(file).with_context(|| {
            format!("cannot read '{}', the certificates of authorities to trust", file.display())
        })
    };
    let name = origin.map(|file| file.display().to_string()).unwrap_or_default();
    let others = origin.map(read).transpose()?.unwrap_or_default();
    let content = format!("{HEADER}{name}\n{}{others}", read(&certificates::authority_file(project))?);
    let digest = hex::encode(&Sha256::digest(&name)[..8]);
    let folder = project.folder("trust")?;
    let file = folder.join(format!("{digest}.pem"));
    if !fs::read_to_string(&file).is_ok_and(|present| present == content) {
        // A program that reads it meanwhile gets the old one or the new one.
        let new = folder.join(format!("{digest}.{}", process::id()));
        fs::write(&new, content).with_context(|| format!("cannot write '{}'", new.display()))?;
        fs::rename(&new, &file).with_context(|| format!("cannot write '{}'", file.display()))?;
    }
    file.into_os_string().into_string().ok().context("the path of the checkout is not valid UTF-8")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    struct Shell {
        folder: tempfile::TempDir,
        variables: HashMap<&'static str, PathBuf>,
    }

    impl Shell {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), variables: HashMap::new() }
        }

        /// A checkout with an authority.
        fn project(&self, name: &str) -> Project {
            let root = self.folder.path().join(name);
            let project = Project { state: root.clone(), root };
            S3Tls::On.remember(&project).unwrap();
            fs::write(certificates::authority_file(&project), format!("{name}'s authority\n")).unwrap();
            project
        }

        fn write(&self, name: &str) -> PathBuf {
            let file = self.folder.path().join(name);
            fs::write(&file, format!("{name}\n")).unwrap();
            file
        }

        /// `eval "$(lambench local env)"`; what each variable's file has, without its first line.
        fn eval(&mut self, project: &Project) -> [String; 3] {
            let named = |name: &str| self.variables.get(name).cloned();
            let set = variables(project, &named).unwrap();
            self.variables.extend(set.into_iter().map(|(name, file)| (name, PathBuf::from(file))));
            [OPENSSL, AWS, NODE].map(|name| {
                let text = fs::read_to_string(&self.variables[name]).unwrap();
                text.split_once('\n').unwrap().1.to_owned()
            })
        }
    }

    #[test]
    fn what_each_variable_names_is_joined_with_our_authority() {
        let mut shell = Shell::new();
        let project = shell.project("a");
        for name in [OPENSSL, AWS, NODE] {
            let file = shell.write(name);
            shell.variables.insert(name, file);
        }
        let files = [OPENSSL, AWS, NODE].map(|name| format!("a's authority\n{name}\n"));
        assert_eq!(shell.eval(&project), files);
        let once = shell.variables.clone();
        assert_eq!(shell.eval(&project), files, "a second time");
        assert_eq!(shell.variables, once);
    }

    #[test]
    fn without_the_variables_programs_still_trust_the_system() {
        let mut shell = Shell::new();
        let project = shell.project("a");
        let [openssl, aws, node] = shell.eval(&project);
        assert_eq!(node, "a's authority\n", "Node.js adds it to its own");
        assert_eq!(openssl, aws);
        let system = openssl_probe::probe().cert_file.map(|file| fs::read_to_string(file).unwrap());
        assert_eq!(openssl, format!("a's authority\n{}", system.unwrap_or_default()));
        assert_eq!(shell.eval(&project), [openssl, aws, node], "a second time");
    }

    #[test]
    fn another_checkout_and_a_new_authority_replace_ours() {
        let mut shell = Shell::new();
        let (first, second) = (shell.project("a"), shell.project("b"));
        let file = shell.write("corporate");
        shell.variables.insert(OPENSSL, file);
        for _ in 0..2 {
            assert_eq!(shell.eval(&first)[0], "a's authority\ncorporate\n");
            assert_eq!(shell.eval(&second)[0], "b's authority\ncorporate\n");
        }
        fs::write(certificates::authority_file(&second), "new\n").unwrap();
        assert_eq!(shell.eval(&second)[0], "new\ncorporate\n");
    }

    #[test]
    fn without_tls_nothing_is_set() {
        let shell = Shell::new();
        let project = shell.project("a");
        S3Tls::Off.remember(&project).unwrap();
        assert!(of_caller(&project).unwrap().is_empty());
    }
}
