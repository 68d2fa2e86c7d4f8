//! A PostgreSQL of a test's own, with TLS, in a folder that goes when the test ends.
#![expect(clippy::missing_panics_doc, reason = "a test that has no server has failed")]

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lambda_kit::postgres::{Cluster, Credentials, Login, Postgres};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sqlx::PgConnection;
use tempfile::TempDir;

/// Below those that the kernel gives to outgoing connections (32768 and up): one of them could take the port before the server
/// listens, or while it is down.
const PORTS: Range<u16> = 20_000..32_000;
const DATABASE: &str = "shop";
const ROLE: &str = "lambench";
const PASSWORD: &str = "of-this-test";
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
ssl = on
ssl_cert_file = '../server.crt'
ssl_key_file = '../server.key'
";
const INITDB: [&str; 5] =
    ["--username=postgres", "--auth=scram-sha-256", "--pwfile=password", "--no-sync", "--pgdata=data"];
const ACCESS: &str = "hostssl all all 127.0.0.1/32 scram-sha-256\n";

/// A running server.
pub struct Server {
    folder: TempDir,
    account: Option<(u32, u32)>,
    roots: Vec<u8>,
    port: u16,
}

impl Server {
    /// A new server with the database `shop`, which belongs to the role `lambench`, as RDS makes them.
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("lambench-test-").tempdir_in("/tmp").unwrap();
        let mut server = Self { folder, account: account(), roots: Vec::new(), port: free_port() };
        server.create();
        server.run("pg_ctl", &["start", "--wait", "--timeout=60", "--log=server.log", "--pgdata=data"]);
        let mut admin = server.admin("postgres").await;
        for statement in
            ["CREATE ROLE lambench LOGIN PASSWORD 'of-this-test'", "CREATE DATABASE shop OWNER lambench"]
        {
            sqlx::raw_sql(statement).execute(&mut admin).await.unwrap();
        }
        server
    }

    /// Stops the server at once, as a crash does.
    pub fn crash(&self) {
        self.run("pg_ctl", &["stop", "--mode=immediate", "--pgdata=data"]);
    }

    /// Starts it again.
    pub fn start_again(&self) {
        self.run("pg_ctl", &["start", "--wait", "--timeout=60", "--log=server.log", "--pgdata=data"]);
    }

    /// Waits until the server's log says something, ten seconds at most.
    pub async fn logged(&self, text: &str) {
        let log = self.folder.path().join("server.log");
        let said = async {
            while !fs::read_to_string(&log).unwrap().contains(text) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), said).await.unwrap_or_else(|_| panic!("never: {text}"));
    }

    /// The cluster as a function sees it.
    #[must_use]
    pub fn cluster(&self, statement_timeout: Duration) -> Cluster {
        Cluster {
            writer: "localhost".to_owned(),
            reader: "127.0.0.1".to_owned(),
            port: self.port,
            database: DATABASE.to_owned(),
            statement_timeout,
            roots: self.roots.clone(),
        }
    }

    /// Connections to it, with a statement timeout of 5 s.
    #[must_use]
    pub fn postgres(&self) -> Arc<Postgres> {
        self.postgres_with(Duration::from_secs(5), PASSWORD)
    }

    /// Connections to it, with a statement timeout and a password.
    #[must_use]
    pub fn postgres_with(&self, statement_timeout: Duration, password: &str) -> Arc<Postgres> {
        Arc::new(Postgres::new(self.cluster(statement_timeout), login(ROLE, password)))
    }

    /// A superuser's connection.
    pub async fn admin(&self, database: &str) -> PgConnection {
        let cluster = Cluster { database: database.to_owned(), ..self.cluster(Duration::ZERO) };
        Postgres::new(cluster, login("postgres", PASSWORD)).connect("localhost").await.unwrap()
    }

    fn create(&mut self) {
        let (certificate, key) = self.certificates();
        let path = self.folder.path();
        fs::write(path.join("password"), PASSWORD).unwrap();
        fs::write(path.join("server.crt"), certificate).unwrap();
        fs::write(path.join("server.key"), key).unwrap();
        fs::set_permissions(path.join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
        for name in ["", "password", "server.crt", "server.key"] {
            let (uid, gid) = self.account.unzip();
            chown(path.join(name), uid, gid).unwrap();
        }
        self.create_data();
        let data = path.join("data");
        let settings = fs::read_to_string(data.join("postgresql.conf")).unwrap();
        fs::write(data.join("postgresql.conf"), format!("{settings}{SETTINGS}port = {}\n", self.port))
            .unwrap();
        fs::write(data.join("pg_hba.conf"), ACCESS).unwrap();
    }

    /// A data directory. `initdb` takes a second of a processor: one test runs it, and leaves a copy for the others beside the
    /// folder of the tests' programs.
    fn create_data(&self) {
        let data = self.folder.path().join("data");
        let template = template();
        if template.exists() {
            return copy(&template, &data, self.account);
        }
        self.run("initdb", &INITDB);
        let own = template.with_extension(self.port.to_string());
        // What a killed test left there.
        let _ = fs::remove_dir_all(&own);
        copy(&data, &own, None);
        // Another test may have done the same meanwhile: the first one's stays.
        if fs::rename(&own, &template).is_err() {
            fs::remove_dir_all(&own).unwrap();
        }
    }

    /// The server's certificate and key, from a root of this test.
    fn certificates(&mut self) -> (String, String) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        self.roots = root.pem().into_bytes();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &root).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(programs().join(program));
        command.args(arguments).current_dir(self.folder.path()).env_clear().env("LANG", "C.UTF-8");
        // A server that inherits a pipe keeps it open.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        if let Some((uid, gid)) = self.account {
            command.uid(uid).gid(gid);
        }
        let status = command.status().unwrap();
        let log = || fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
        assert!(status.success(), "{program} {arguments:?}: {status}\n{}", log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut command = Command::new(programs().join("pg_ctl"));
        command.args(["stop", "--mode=immediate", "--pgdata=data"]).current_dir(self.folder.path());
        if let Some((uid, gid)) = self.account {
            command.uid(uid).gid(gid);
        }
        // A test may have stopped it already.
        let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Where the data directory is that this version's `initdb` makes with these arguments.
fn template() -> PathBuf {
    let version = Command::new(programs().join("initdb")).arg("--version").output().unwrap().stdout;
    let version = String::from_utf8_lossy(&version).replace(|one: char| !one.is_ascii_alphanumeric(), "-");
    let mut hasher = DefaultHasher::new();
    (INITDB, PASSWORD).hash(&mut hasher);
    let program = std::env::current_exe().unwrap();
    let name = format!("test-data-{version}-{:x}", hasher.finish());
    program.parent().and_then(Path::parent).unwrap().join(name)
}

/// Copies a folder for an account.
fn copy(from: &Path, to: &Path, account: Option<(u32, u32)>) {
    let (uid, gid) = account.unzip();
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    chown(to, uid, gid).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (source, target) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).unwrap();
        if source.is_dir() {
            copy(&source, &target, account);
        } else {
            fs::copy(&source, &target).unwrap();
            chown(&target, uid, gid).unwrap();
        }
    }
}

/// A port on which nothing listens, another one each time and in each process.
fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let count = u32::try_from(PORTS.len()).unwrap();
    let next = || {
        let number = std::process::id().wrapping_mul(31).wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed));
        PORTS.start + u16::try_from(number % count).unwrap()
    };
    let mut ports = std::iter::repeat_with(next).take(PORTS.len());
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// A role that needs no secret.
#[must_use]
pub fn login(role: &str, password: &str) -> Login {
    Login::Known(Credentials { username: role.to_owned(), password: password.to_owned() })
}

/// `PG_BIN`, else the newest of Debian's folders, else the PATH.
fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("PG_BIN") {
        return folder.into();
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|version| version.file_name().to_str()?.parse::<u32>().ok()).max();
    let folder = newest.map(|version| Path::new("/usr/lib/postgresql").join(version.to_string()).join("bin"));
    folder.unwrap_or_default()
}

/// PostgreSQL refuses to run as root.
fn account() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect("the user postgres");
    let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
    Some((ids.next().unwrap(), ids.next().unwrap()))
}
