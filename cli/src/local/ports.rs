//! Free ports, chosen once and remembered, so that stacks and shells keep working after a restart.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::project::Project;

/// Below the range the kernel gives to outgoing connections (32768 and up), which would take a remembered port.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;
const FILE: &str = "ports.json";

/// The remembered port of what has this name, if it ever started.
pub fn remembered(project: &Project, name: &str) -> Option<u16> {
    read(project).ok()?.get(name).copied()
}

/// The port on which something that does not run may listen: the remembered one, or else a new one.
///
/// # Errors
///
/// When another process has the remembered one.
pub fn claim(project: &Project, name: &str) -> Result<u16> {
    let mut ports = read(project)?;
    if let Some(&port) = ports.get(name) {
        if is_free_soon(port) {
            return Ok(port);
        }
        bail!(
            "port {port}, on which {name} of this checkout listens, is used by another process: \
             stop that process (`ss -ltnp 'sport = :{port}'` names it), \
             or delete '{}' to choose other ports",
            project.state.join(FILE).display()
        );
    }
    let chosen = choose(&ports)?;
    ports.insert(name.to_owned(), chosen);
    let file = project.folder("")?.join(FILE);
    fs::write(&file, serde_json::to_string_pretty(&ports)?)
        .with_context(|| format!("cannot write '{}'", file.display()))?;
    Ok(chosen)
}

fn read(project: &Project) -> Result<BTreeMap<String, u16>> {
    let file = project.state.join(FILE);
    if !file.exists() {
        return Ok(BTreeMap::new());
    }
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read '{}'", file.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("'{}' is damaged: delete it to choose new ports", file.display()))
}

fn choose(taken: &BTreeMap<String, u16>) -> Result<u16> {
    let offset = random_u16()? % COUNT;
    (0..COUNT)
        .map(|step| FIRST + (offset + step) % COUNT)
        .find(|port| !taken.values().any(|other| other == port) && is_free(*port))
        .context("no free port between 20000 and 31999: stop some servers on this machine")
}

/// A process that was just killed may hold its port for a moment longer.
fn is_free_soon(port: u16) -> bool {
    let deadline = Instant::now() + Duration::from_secs(2);
    while Instant::now() < deadline {
        if is_free(port) {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn random_u16() -> Result<u16> {
    let mut bytes = [0; 2];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    Ok(u16::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        (folder, Project { state: root.join(".lambench"), root })
    }

    #[test]
    fn a_port_is_remembered_and_services_have_their_own() {
        let (_folder, project) = project();
        let emulator = claim(&project, "emulator").unwrap();
        let postgres = claim(&project, "postgres").unwrap();
        assert_ne!(emulator, postgres);
        assert_eq!(claim(&project, "emulator").unwrap(), emulator);
        assert_eq!(remembered(&project, "postgres"), Some(postgres));
    }

    #[test]
    fn a_port_in_use_is_named_with_what_to_do() {
        let (_folder, project) = project();
        let port = claim(&project, "emulator").unwrap();
        let _other = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let message = claim(&project, "emulator").unwrap_err().to_string();
        assert!(message.contains(&format!("port {port}")) && message.contains("ports.json"), "{message}");
    }
}
