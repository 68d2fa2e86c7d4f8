//! `lambench local` as a user sees it: real processes in a project folder of their own.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{self, Output};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A checkout with nothing but what the local environment needs; what it started ends with it.
struct Checkout {
    folder: TempDir,
}

impl Checkout {
    fn new() -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let venv = std::env::var_os("LAMBENCH_TEST_VENV")
            .map_or_else(|| repository.join(".lambench/venv"), PathBuf::from);
        assert!(
            venv.join("bin/python").exists(),
            "no Python environment at {}: run `make setup`",
            venv.display()
        );
        let checkout = Self::empty();
        fs::create_dir_all(checkout.path("local")).unwrap();
        fs::create_dir_all(checkout.path(".lambench")).unwrap();
        symlink(repository.join("local/emulator"), checkout.path("local/emulator")).unwrap();
        symlink(venv, checkout.path(".lambench/venv")).unwrap();
        let model = Path::new(env!("CARGO_BIN_EXE_lambench")).with_file_name("lambench-s3-model");
        assert!(model.exists(), "no S3 model at {}: run `cargo build --package s3-model`", model.display());
        fs::create_dir(checkout.path(".lambench/bin")).unwrap();
        symlink(model, checkout.path(".lambench/bin/lambench-s3-model")).unwrap();
        checkout
    }

    /// A project where `make setup` has not run.
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Pulumi.yaml"), "name: lambench\n").unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("lambench").unwrap();
        command.current_dir(self.folder.path()).arg("local").args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn status(&self) -> Value {
        serde_json::from_slice(&self.run(&["status", "--json"]).stdout).unwrap()
    }

    fn emulator(&self) -> Value {
        let status = self.status();
        status.as_array().unwrap().iter().find(|service| service["service"] == "emulator").unwrap().clone()
    }

    /// Run a shell command in the environment that `env` prints.
    fn in_environment(&self, script: &str) -> String {
        let script = format!("{}{script}", self.succeed(&["env"]));
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{script}: {}", text(&output.stderr));
        text(&output.stdout)
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        self.run(&["stop"]);
        // Root's temporary folders are closed to the database's account: its folder is elsewhere.
        if let Ok(outside) = fs::read_link(self.path(".lambench/postgres")) {
            let _ = fs::remove_dir_all(outside);
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn wait_for(what: &str, mut probe: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !probe() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn start_status_env_stop_and_start_again() {
    let checkout = Checkout::new();
    let started = checkout.succeed(&["start"]);
    assert!(started.contains("emulator: ready at http://127.0.0.1:"), "{started}");
    assert!(started.contains("PostgreSQL: ready at 127.0.0.1:"), "{started}");

    let again = checkout.succeed(&["start"]);
    assert!(again.contains("emulator: already running at http://127.0.0.1:"), "{again}");

    let before = checkout.status();
    assert!(before.as_array().unwrap().iter().all(|service| service["running"] == true), "{before}");
    assert_eq!(checkout.run(&["status"]).status.code(), Some(0));

    let aws = checkout.path(".lambench/venv/bin/aws");
    let aws = aws.display();
    checkout.in_environment(&format!("{aws} s3 mb s3://kept"));
    let region = checkout
        .in_environment(&format!("AWS_PROFILE=other; {aws} configure get region || echo $AWS_REGION"));
    assert_eq!(region.trim(), "us-east-1");

    checkout.succeed(&["stop"]);
    for service in before.as_array().unwrap() {
        let address = service["address"].as_str().unwrap();
        let address = address.split_once("://").map_or(address, |(_, address)| address);
        assert!(TcpStream::connect(address).is_err(), "{} still answers", service["service"]);
    }
    assert_eq!(checkout.run(&["status"]).status.code(), Some(3));
    let twice = checkout.succeed(&["stop"]);
    assert!(twice.contains("emulator: not running"), "{twice}");

    checkout.succeed(&["start"]);
    assert_eq!(checkout.status()[0]["address"], before[0]["address"], "the port was not remembered");
    let buckets = checkout.in_environment(&format!("{aws} s3 ls"));
    assert!(buckets.contains("kept"), "the bucket did not survive: {buckets}");
}

#[test]
fn s3_speaks_tls_to_the_clients_of_a_shell_and_without_it_if_told_so() {
    let checkout = Checkout::new();
    checkout.succeed(&["start"]);
    let aws = checkout.path(".lambench/venv/bin/aws");
    let python = checkout.path(".lambench/venv/bin/python");
    let (aws, python) = (aws.display(), python.display());
    let put = r#"boto3.client("s3").put_object(Bucket="bucket", Key="key", Body=b"content")"#;
    let script =
        format!("{aws} s3 mb s3://bucket; {python} -c 'import boto3; {put}'; {aws} s3 cp s3://bucket/key -");
    assert!(checkout.in_environment(&script).ends_with("content"));
    let node = "node -e 'fetch(process.env.AWS_ENDPOINT_URL_S3).then(({ status }) => console.log(status))'";
    assert_eq!(checkout.in_environment(node).trim(), "403", "a request without a signature");
    let untrusted = format!("unset SSL_CERT_FILE AWS_CA_BUNDLE; {aws} s3 ls 2>&1 || true");
    assert!(checkout.in_environment(&untrusted).contains("SSL validation failed"));

    let refused = checkout.run(&["start", "--s3-tls", "off"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("--s3-tls on")
            && text(&refused.stderr).contains("`lambench local stop`")
    );
    checkout.succeed(&["stop"]);
    let started = checkout.succeed(&["start", "--s3-tls", "off"]);
    assert!(started.contains("S3 model: ready at http://127.0.0.1:"), "{started}");
    let kept = checkout.in_environment(&format!("echo $AWS_ENDPOINT_URL_S3; {aws} s3 cp s3://bucket/key -"));
    assert!(kept.starts_with("http://") && kept.ends_with("content"), "{kept}");
    let refused = checkout.run(&["start"]);
    assert!(text(&refused.stderr).contains("--s3-tls off"), "{}", text(&refused.stderr));
}

#[test]
fn the_database_takes_the_password_over_tls_and_nothing_else() {
    let checkout = Checkout::new();
    checkout.succeed(&["start"]);
    let environment: Value = serde_json::from_str(&checkout.succeed(&["env", "--json"])).unwrap();
    let server = &environment["postgres"];
    let secret_file = Path::new(server["passwordFile"].as_str().unwrap());
    assert_eq!(fs::metadata(secret_file).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = fs::read_to_string(secret_file).unwrap();
    let select = |host: &str, password: &str, mode: &str| {
        let script = format!(
            "import psycopg2; c = psycopg2.connect(host='{host}', port={}, user={}, password='{password}', \
             sslmode='{mode}', sslrootcert={}); u = c.cursor(); u.execute('select 6 * 7'); print(u.fetchone()[0])",
            server["port"], server["user"], server["caFile"]
        );
        Command::new(checkout.path(".lambench/venv/bin/python")).args(["-c", &script]).output().unwrap()
    };
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(text(&select(host, &secret, "verify-full").stdout).trim(), "42", "{host}");
    }
    assert!(!select("localhost", "wrong", "verify-full").status.success());
    assert!(!select("localhost", &secret, "disable").status.success(), "a session without TLS is accepted");
    for arguments in [&["status"][..], &["status", "--json"], &["env", "--json"], &["logs", "postgres"]] {
        assert!(
            !text(&checkout.run(arguments).stdout).contains(&secret),
            "{arguments:?} prints the password"
        );
    }
}

#[test]
fn the_data_api_of_the_emulator_reaches_the_database() {
    let checkout = Checkout::new();
    checkout.succeed(&["start"]);
    let script = r#"
import boto3
rds, engine = boto3.client("rds"), "aurora-postgresql"
cluster = rds.create_db_cluster(DBClusterIdentifier="db", Engine=engine, EnableHttpEndpoint=True, DatabaseName="db",
                                MasterUsername="db", ManageMasterUserPassword=True)["DBCluster"]
rds.create_db_instance(DBInstanceIdentifier="db-1", DBClusterIdentifier="db", Engine=engine,
                       DBInstanceClass="db.serverless")
secret = cluster["MasterUserSecret"]["SecretArn"]
answer = boto3.client("rds-data").execute_statement(resourceArn=cluster["DBClusterArn"], secretArn=secret,
                                                    database="db", sql="select 6 * 7")
print(answer["records"][0][0]["longValue"])
"#;
    fs::write(checkout.path("data_api.py"), script).unwrap();
    let python = checkout.path(".lambench/venv/bin/python");
    let answer = checkout.in_environment(&format!(
        "cd {}; {} data_api.py",
        checkout.folder.path().display(),
        python.display()
    ));
    assert_eq!(answer.trim(), "42");
}

#[test]
fn two_checkouts_run_side_by_side_and_stop_ends_only_its_own() {
    let (first, second) = (Checkout::new(), Checkout::new());
    first.succeed(&["start"]);
    second.succeed(&["start"]);
    first.succeed(&["stop"]);
    assert_eq!(second.run(&["status"]).status.code(), Some(0));
}

#[test]
fn a_killed_emulator_is_seen_and_started_again() {
    let checkout = Checkout::new();
    checkout.succeed(&["start"]);
    let pid = checkout.emulator()["pid"].to_string();
    Command::new("kill").args(["-9", &pid]).assert().success();
    wait_for("the end of the emulator", || checkout.emulator()["running"] == false);
    // A function that does not notice that its emulator has gone.
    let root = checkout.folder.path().canonicalize().unwrap();
    let mut function =
        process::Command::new("sleep").arg("60").env("LAMBENCH_CHECKOUT", &root).spawn().unwrap();
    assert_eq!(checkout.run(&["status"]).status.code(), Some(3));
    let started = checkout.succeed(&["start"]);
    assert!(
        started.contains("emulator: ready") && started.contains("PostgreSQL: already running"),
        "{started}"
    );
    assert!(!function.wait().unwrap().success(), "the function outlived its emulator");
}

#[test]
fn the_emulators_s3_instead_of_the_model_after_a_stop() {
    let checkout = Checkout::new();
    let aws = checkout.path(".lambench/venv/bin/aws");
    let aws = aws.display();
    checkout.succeed(&["start", "--s3", "emulator"]);
    assert!(checkout.status().as_array().unwrap().iter().all(|service| service["service"] != "s3"));
    // As in a shell that had the model's address before.
    let env = checkout.command(&["env"]).env("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9").output().unwrap();
    assert!(text(&env.stdout).contains("unset AWS_ENDPOINT_URL_S3"), "{}", text(&env.stdout));
    checkout.in_environment(&format!("{aws} s3 mb s3://its"));
    let refused = checkout.run(&["start"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("`lambench local stop`"), "{}", text(&refused.stderr));
    checkout.succeed(&["stop"]);
    checkout.succeed(&["start"]);
    let model = checkout
        .status()
        .as_array()
        .unwrap()
        .iter()
        .find(|service| service["service"] == "s3")
        .unwrap()
        .clone();
    assert!(model["admin"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{model}");
    assert_eq!(checkout.in_environment(&format!("{aws} s3 ls")), "", "the model has the emulator's buckets");
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let checkout = Checkout::new();
    let other = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = other.local_addr().unwrap().port();
    fs::write(checkout.path(".lambench/ports.json"), format!("{{\"postgres\": {port}}}")).unwrap();
    let output = checkout.run(&["start"]);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        message.starts_with(&format!("error: port {port}")) && message.contains("ports.json"),
        "{message}"
    );
}

#[test]
fn an_emulator_that_dies_at_start_shows_the_end_of_its_log() {
    let checkout = Checkout::new();
    fs::remove_file(checkout.path("local/emulator")).unwrap();
    fs::create_dir(checkout.path("local/emulator")).unwrap();
    fs::write(checkout.path("local/emulator/launcher.py"), "raise SystemExit('no such day')").unwrap();
    let output = checkout.run(&["start"]);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("no such day") && message.contains("logs/emulator.log"), "{message}");
}

#[test]
fn before_setup_and_before_start_the_error_names_the_command() {
    let checkout = Checkout::empty();
    let cases: [(&[&str], &str); 4] = [
        (&["start"], "make setup"),
        (&["env"], "lambench local start"),
        (&["logs"], "lambench local start"),
        (&["watch"], "lambench local start"),
    ];
    for (arguments, advice) in cases {
        let output = checkout.run(arguments);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(message.contains("error: ") && message.contains(advice), "{arguments:?}: {message}");
        assert_eq!(text(&output.stdout), "", "{arguments:?} prints something a shell would evaluate");
    }
}

#[test]
fn a_missing_postgresql_is_named_with_the_command_that_installs_it() {
    let checkout = Checkout::new();
    let output = checkout.command(&["start"]).env("PG_BIN", "/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("PG_BIN is '/nowhere'"), "{}", text(&output.stderr));
}
