//! `env`: the variables that point the ordinary tools at the local environment.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use serde_json::json;

use super::service::Service;
use super::{aws, certificates, emulator, executable, postgres, s3_model, trust};
use crate::output;
use crate::project::Project;
use crate::proxy;

/// Variables that would send requests elsewhere than to the local environment.
const UNSET: [&str; 2] = ["AWS_PROFILE", "AWS_SESSION_TOKEN"];
const SERVICE_ENDPOINT: &str = "AWS_ENDPOINT_URL_";
/// What the shell has excepted from its proxies before this environment.
const BEFORE: &str = "LAMBENCH_NO_PROXY";

/// What is unset in the end; what the shell had there before is not known.
const ENDED: [&str; 13] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PAGER",
    "PULUMI_BACKEND_URL",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_SKIP_UPDATE_CHECK",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
    "PULUMI_HOME",
    BEFORE,
];

struct Variables {
    set: Vec<(&'static str, String)>,
    unset: Vec<String>,
}

/// Prints the variables as shell commands or as JSON.
///
/// # Errors
///
/// When the local environment does not run; then nothing is printed.
pub fn print(project: &Project, as_json: bool) -> Result<ExitCode> {
    let variables = variables(project, emulator::address(project)?)?;
    if as_json {
        output::print_line(serde_json::to_string_pretty(&object(project, &variables))?)?;
    } else {
        output::print(shell(&variables))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A command that runs in the local environment, as from a shell with these variables.
///
/// # Errors
///
/// When the local environment does not run.
pub fn command(project: &Project, program: &str) -> Result<Command> {
    let variables = variables(project, emulator::address(project)?)?;
    let mut command = Command::new(program);
    command.current_dir(&project.root).envs(variables.set);
    for name in variables.unset {
        command.env_remove(name);
    }
    Ok(command)
}

fn variables(project: &Project, address: String) -> Result<Variables> {
    let current = env::var_os("PATH").unwrap_or_default();
    let pinned = project.state.join("pulumi");
    let (path, is_pinned) = search_path(project, &pinned, &current)?;
    let region = aws::region();
    let text = str::to_owned;
    let except = excepted(&|name| env::var(name).ok());
    let mut set = vec![
        (BEFORE, except.clone()),
        (proxy::EXCEPTIONS[0], proxy::exceptions(&except)),
        (proxy::EXCEPTIONS[1], proxy::exceptions(&except)),
        ("AWS_ENDPOINT_URL", address),
        ("AWS_ACCESS_KEY_ID", text(aws::CREDENTIALS)),
        ("AWS_SECRET_ACCESS_KEY", text(aws::CREDENTIALS)),
        ("AWS_REGION", region.clone()),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_PAGER", String::new()),
        ("PULUMI_BACKEND_URL", format!("file://{}", utf8(&project.state.join("pulumi/state"))?)),
        ("PULUMI_CONFIG_PASSPHRASE", String::new()),
        ("PULUMI_SKIP_UPDATE_CHECK", text("true")),
        ("PATH", path),
    ];
    if let Some(to) = s3_model::addresses(project) {
        set.push(("AWS_ENDPOINT_URL_S3", to.s3));
        set.extend(trust::of_caller(project)?);
    }
    if is_pinned {
        set.push(("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", text("true")));
        set.push(("PULUMI_HOME", utf8(&pinned.join("home"))?));
    }
    let is_set = |name: &String| set.iter().any(|(other, _)| other == name);
    let unset = env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with(SERVICE_ENDPOINT) && !is_set(name))
        .chain(UNSET.map(text))
        .collect();
    Ok(Variables { set, unset })
}

/// What the shell has excepted from its proxies by itself.
fn excepted(variable: &dyn Fn(&str) -> Option<String>) -> String {
    let by_itself = || proxy::EXCEPTIONS.into_iter().filter_map(variable).find(|hosts| !hosts.is_empty());
    variable(BEFORE).or_else(by_itself).unwrap_or_default()
}

/// Prints the shell commands that end what [`print`] has begun, whether or not the local environment runs.
///
/// # Errors
///
/// When the PATH cannot be read.
pub fn print_end(project: &Project) -> Result<ExitCode> {
    output::print(shell(&end(project, &|name| env::var(name).ok())?))?;
    Ok(ExitCode::SUCCESS)
}

fn end(project: &Project, variable: &dyn Fn(&str) -> Option<String>) -> Result<Variables> {
    let current = variable("PATH").unwrap_or_default();
    let ours = [project.state.join("bin"), project.state.join("pulumi")];
    let others = env::split_paths(&current).filter(|folder| !ours.contains(folder));
    let path = env::join_paths(others).context("cannot read PATH")?;
    let mut set = vec![("PATH", utf8(Path::new(&path))?)];
    let mut unset: Vec<_> = ENDED.map(str::to_owned).into();
    match variable(BEFORE) {
        Some(before) if !before.is_empty() => {
            set.extend(proxy::EXCEPTIONS.map(|name| (name, before.clone())));
        }
        Some(_) => unset.extend(proxy::EXCEPTIONS.map(str::to_owned)),
        None => {}
    }
    for (name, before) in trust::before(variable) {
        match before {
            Some(before) => set.push((name, before)),
            None => unset.push(name.to_owned()),
        }
    }
    Ok(Variables { set, unset })
}

/// The PATH with this checkout's programs first, and whether it needs the pinned `pulumi`.
fn search_path(project: &Project, pinned: &Path, current: &OsStr) -> Result<(String, bool)> {
    let bin = project.state.join("bin");
    let others: Vec<PathBuf> =
        env::split_paths(current).filter(|folder| *folder != bin && folder != pinned).collect();
    let rest: OsString = env::join_paths(&others).context("cannot read PATH")?;
    let is_pinned = executable::find("pulumi", &rest).is_none();
    let first = [Some(bin), is_pinned.then(|| pinned.to_owned())];
    let path = env::join_paths(first.into_iter().flatten().chain(others))
        .context("the path of the checkout contains ':', which no PATH can hold: move the checkout")?;
    Ok((utf8(Path::new(&path))?, is_pinned))
}

fn utf8(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("'{}' is not valid UTF-8", path.display()))
}

fn shell(variables: &Variables) -> String {
    let unset = variables.unset.iter().map(|name| format!("unset {name}\n"));
    let set = variables.set.iter().map(|(name, value)| format!("export {name}={}\n", quote(value)));
    unset.chain(set).collect()
}

fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

fn object(project: &Project, variables: &Variables) -> serde_json::Value {
    let set: serde_json::Map<_, _> =
        variables.set.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "set": set,
        "unset": variables.unset,
        "postgres": {
            "host": "127.0.0.1",
            "port": Service::Postgres.port(project),
            "user": postgres::USER,
            "passwordFile": postgres::password_file(project),
            "caFile": certificates::authority_file(project),
        },
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn project(root: &Path) -> Project {
        Project { root: root.to_owned(), state: root.join(".lambench") }
    }

    #[test]
    fn values_survive_the_shell() {
        let value = "a b'c\"$HOME`";
        let script = format!("printf %s {}", quote(value));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), value);
    }

    #[test]
    fn a_shell_has_in_the_end_what_it_excepted_from_its_proxies_before() {
        let folder = tempfile::tempdir().unwrap();
        let shell = |set: &[(&str, &str)]| {
            let variable =
                |name: &str| set.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value).to_owned());
            let ended = end(&project(folder.path()), &variable).unwrap();
            (excepted(&variable), ended.set.into_iter().find(|(name, _)| *name == "NO_PROXY"), ended.unset)
        };
        let (before, kept, unset) = shell(&[("no_proxy", "a.example"), ("PATH", "/bin")]);
        assert_eq!((before.as_str(), kept), ("a.example", None), "nothing has begun");
        assert!(!unset.contains(&"NO_PROXY".to_owned()));
        let ours = proxy::exceptions("a.example");
        let (before, kept, _) = shell(&[(BEFORE, "a.example"), ("NO_PROXY", &ours), ("no_proxy", &ours)]);
        assert_eq!((before.as_str(), kept), ("a.example", Some(("NO_PROXY", "a.example".to_owned()))));
        let (_, kept, unset) = shell(&[(BEFORE, ""), ("NO_PROXY", &proxy::exceptions(""))]);
        assert!(kept.is_none() && unset.contains(&"NO_PROXY".to_owned()), "{unset:?}");
    }

    #[test]
    fn a_second_env_does_not_grow_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path());
        let pinned = project.state.join("pulumi");
        let (once, is_pinned) = search_path(&project, &pinned, OsStr::new("/nowhere:/bin")).unwrap();
        let (twice, _) = search_path(&project, &pinned, OsStr::new(&once)).unwrap();
        assert!(is_pinned && once.ends_with("/.lambench/pulumi:/nowhere:/bin"), "{once}");
        assert_eq!(once, twice);
    }

    #[test]
    fn a_pulumi_on_the_path_is_used_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path());
        let program = folder.path().join("pulumi");
        fs::write(&program, "").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let pinned = project.state.join("pulumi");
        let (path, is_pinned) = search_path(&project, &pinned, folder.path().as_os_str()).unwrap();
        assert!(!is_pinned && !path.contains(".lambench/pulumi"), "{path}");
    }
}
