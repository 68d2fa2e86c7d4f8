//! TLS of the local environment: a certificate authority of this checkout, and the certificate of its servers, which are
//! PostgreSQL and the S3 model.
//!
//! The authority's key is discarded as soon as it has signed: to trust the authority is to trust these servers only.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::{ToSpan, Zoned};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, aws_lc_rs};

use super::secret;
use crate::project::Project;

/// The host names by which clients connect; the last are those of buckets. Clients take no `*` before a single label.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "*.s3.localhost"];
/// Names that the certificate must be valid for.
const CONNECTED: [&str; 3] = ["localhost", "127.0.0.1", "bucket.s3.localhost"];
const YEARS: i32 = 1;
/// Certificates are replaced this long before they expire: an environment runs for a while after its start.
const RENEWAL: Duration = Duration::from_hours(30 * 24);

/// The certificate of the authority, for clients; every account may read it.
pub fn authority_file(project: &Project) -> PathBuf {
    project.state.join("ca.pem")
}

/// The certificate and the key of the servers, for this checkout's owner only.
pub struct ServerFiles {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// Where the servers' certificate and key are.
pub fn server_files(project: &Project) -> ServerFiles {
    let folder = project.state.join("tls");
    ServerFiles { certificate: folder.join("server.crt"), key: folder.join("server.key") }
}

/// Creates what is missing, damaged or about to expire. While a server is `in_use`, its clients trust the authority that is
/// there, so nothing is replaced.
///
/// # Errors
///
/// When a file cannot be written, or a running server's is missing or has expired.
pub fn ensure(project: &Project, in_use: bool) -> Result<()> {
    let authority_file = authority_file(project);
    let files = server_files(project);
    let now = UnixTime::now();
    let margin = if in_use { Duration::ZERO } else { RENEWAL };
    let until = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + margin);
    if files.key.exists() && check(&authority_file, &files.certificate, until).is_ok() {
        return Ok(());
    }
    if in_use {
        bail!(
            "the certificate of the running servers, '{}', is missing or has expired: stop them with \
             `lambench local stop`; the next start creates a new one",
            files.certificate.display()
        );
    }
    let created = create()?;
    // The authority is written last: after an interruption it is missing, and everything is created again.
    if authority_file.exists() {
        fs::remove_file(&authority_file)
            .with_context(|| format!("cannot remove '{}'", authority_file.display()))?;
    }
    project.folder("tls")?;
    secret::write(&files.key, &created.key)?;
    for (file, pem) in [(&files.certificate, &created.certificate), (&authority_file, &created.authority)] {
        fs::write(file, pem).with_context(|| format!("cannot write '{}'", file.display()))?;
    }
    Ok(())
}

struct Certificates {
    authority: String,
    certificate: String,
    key: String,
}

fn create() -> Result<Certificates> {
    let mut authority = params(&[], "lambench local: authority")?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let mut server = params(&NAMES, "lambench local")?;
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.use_authority_key_identifier_extension = true;
    let server_key = KeyPair::generate()?;
    Ok(Certificates {
        authority: authority.self_signed(&authority_key)?.pem(),
        certificate: server.signed_by(&server_key, &Issuer::new(authority, authority_key))?.pem(),
        key: server_key.serialize_pem(),
    })
}

fn params(names: &[&str], common_name: &str) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    // Valid already in every time zone.
    let yesterday = Zoned::now().checked_sub(1.day())?;
    let day = |years: i32| {
        let (month, day) = (yesterday.month().unsigned_abs(), yesterday.day().unsigned_abs().min(28));
        rcgen::date_time_ymd(i32::from(yesterday.year()) + years, month, day)
    };
    (params.not_before, params.not_after) = (day(0), day(YEARS));
    Ok(params)
}

/// What a client checks: the chain, the names and the dates.
fn check(authority: &Path, certificate: &Path, time: UnixTime) -> Result<()> {
    let authority = CertificateDer::from_pem_file(authority)?;
    let certificate = CertificateDer::from_pem_file(certificate)?;
    let anchors = [anchor_from_trusted_cert(&authority)?];
    let server = EndEntityCert::try_from(&certificate)?;
    let algorithms = [aws_lc_rs::ECDSA_P256_SHA256];
    server.verify_for_usage(&algorithms, &anchors, &[], time, KeyUsage::server_auth(), None, None)?;
    for name in CONNECTED {
        server.verify_is_valid_for_subject_name(&ServerName::try_from(name)?)?;
    }
    // A chain does not contain its root, so nothing checks the dates of the authority itself.
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn project() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        (folder, Project { state: root.clone(), root })
    }

    fn check_at(project: &Project, time: UnixTime) -> Result<()> {
        check(&authority_file(project), &server_files(project).certificate, time)
    }

    #[test]
    fn clients_accept_the_server_by_its_names_and_only_its_owner_reads_the_key() {
        let (_folder, project) = project();
        ensure(&project, false).unwrap();
        check_at(&project, UnixTime::now()).unwrap();
        let mode = |file: &Path| fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode(&server_files(&project).key) & 0o777, 0o600);
        assert_eq!(mode(&authority_file(&project)) & 0o444, 0o444, "a function may run as another account");
    }

    #[test]
    fn a_restart_keeps_them_so_that_running_clients_stay_connected() {
        let (_folder, project) = project();
        ensure(&project, false).unwrap();
        let before = fs::read(authority_file(&project)).unwrap();
        ensure(&project, false).unwrap();
        assert_eq!(fs::read(authority_file(&project)).unwrap(), before);
    }

    #[test]
    fn what_is_missing_or_belongs_to_another_server_is_created_again() {
        let (_folder, project) = project();
        ensure(&project, false).unwrap();
        let damages: [fn(&Project); 4] = [
            |project| fs::remove_file(authority_file(project)).unwrap(),
            |project| fs::remove_file(server_files(project).key).unwrap(),
            |project| fs::remove_file(server_files(project).certificate).unwrap(),
            |project| fs::write(authority_file(project), create().unwrap().authority).unwrap(),
        ];
        for damage in damages {
            damage(&project);
            let error = format!("{:#}", ensure(&project, true).unwrap_err());
            assert!(error.contains("`lambench local stop`"), "{error}");
            ensure(&project, false).unwrap();
            check_at(&project, UnixTime::now()).unwrap();
            ensure(&project, true).unwrap();
        }
    }

    #[test]
    fn certificates_about_to_expire_are_not_good_enough() {
        let (_folder, project) = project();
        ensure(&project, false).unwrap();
        let day = |days: u64| Duration::from_hours(days * 24);
        let at = |days| {
            let time = UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs()) + day(days));
            check_at(&project, time)
        };
        at(300).unwrap();
        assert!(at(400).is_err(), "expired certificates would be kept");
    }
}
