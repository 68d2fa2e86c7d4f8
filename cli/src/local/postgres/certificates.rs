//! TLS for PostgreSQL: a certificate authority of this checkout, and the server's certificate.
//!
//! The authority's key is discarded as soon as it has signed: to trust the authority is to trust this server only.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{ToSpan, Zoned};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, aws_lc_rs};

use super::account::Account;
use super::secret;
use crate::project::Project;

/// The host names by which clients connect.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];
const YEARS: i32 = 1;
/// Certificates are replaced this long before they expire: an environment runs for a while after its start.
const RENEWAL: Duration = Duration::from_hours(30 * 24);

/// The certificate of the authority, for clients; every account may read it.
pub fn authority_file(project: &Project) -> PathBuf {
    project.state.join("postgres-ca.pem")
}

/// Creates what is missing, damaged or about to expire; the server's files go to its data folder.
///
/// # Errors
///
/// When a file cannot be written.
pub fn ensure(project: &Project, data: &Path, account: Option<Account>) -> Result<()> {
    let authority_file = authority_file(project);
    let (certificate_file, key_file) = (data.join("server.crt"), data.join("server.key"));
    let now = UnixTime::now();
    let until = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + RENEWAL);
    if key_file.exists() && check(&authority_file, &certificate_file, until).is_ok() {
        return Ok(());
    }
    let created = create()?;
    // The authority is written last: after an interruption it is missing, and everything is created again.
    if authority_file.exists() {
        fs::remove_file(&authority_file)
            .with_context(|| format!("cannot remove '{}'", authority_file.display()))?;
    }
    secret::write(&key_file, &created.key)?;
    for (file, pem) in [(&certificate_file, &created.certificate), (&authority_file, &created.authority)] {
        fs::write(file, pem).with_context(|| format!("cannot write '{}'", file.display()))?;
    }
    for file in [&key_file, &certificate_file] {
        Account::own(account, file)?;
    }
    Ok(())
}

struct Certificates {
    authority: String,
    certificate: String,
    key: String,
}

fn create() -> Result<Certificates> {
    let mut authority = params(&[], "lambench local PostgreSQL: authority")?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let mut server = params(&NAMES, "lambench local PostgreSQL")?;
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
    for name in NAMES {
        server.verify_is_valid_for_subject_name(&ServerName::try_from(name)?)?;
    }
    // A chain does not contain its root, so nothing checks the dates of the authority itself.
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn project() -> (tempfile::TempDir, Project, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let data = root.join("data");
        fs::create_dir(&data).unwrap();
        (folder, Project { state: root.clone(), root }, data)
    }

    #[test]
    fn clients_accept_the_server_by_both_names_and_only_its_owner_reads_the_key() {
        let (_folder, project, data) = project();
        ensure(&project, &data, None).unwrap();
        check(&authority_file(&project), &data.join("server.crt"), UnixTime::now()).unwrap();
        let mode = |file: &Path| fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode(&data.join("server.key")) & 0o777, 0o600);
        assert_eq!(mode(&authority_file(&project)) & 0o444, 0o444, "a function may run as another account");
    }

    #[test]
    fn a_restart_keeps_them_so_that_running_clients_stay_connected() {
        let (_folder, project, data) = project();
        ensure(&project, &data, None).unwrap();
        let before = fs::read(authority_file(&project)).unwrap();
        ensure(&project, &data, None).unwrap();
        assert_eq!(fs::read(authority_file(&project)).unwrap(), before);
    }

    #[test]
    fn what_is_missing_or_belongs_to_another_database_is_created_again() {
        let (_folder, project, data) = project();
        ensure(&project, &data, None).unwrap();
        let damages: [fn(&Project, &Path); 4] = [
            |project, _| fs::remove_file(authority_file(project)).unwrap(),
            |_, data| fs::remove_file(data.join("server.key")).unwrap(),
            |_, data| fs::remove_file(data.join("server.crt")).unwrap(),
            |project, _| fs::write(authority_file(project), create().unwrap().authority).unwrap(),
        ];
        for damage in damages {
            damage(&project, &data);
            ensure(&project, &data, None).unwrap();
            check(&authority_file(&project), &data.join("server.crt"), UnixTime::now()).unwrap();
        }
    }

    #[test]
    fn certificates_about_to_expire_are_not_good_enough() {
        let (_folder, project, data) = project();
        ensure(&project, &data, None).unwrap();
        let day = |days: u64| Duration::from_hours(days * 24);
        let at = |days| {
            let time = UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs()) + day(days));
            check(&authority_file(&project), &data.join("server.crt"), time)
        };
        at(300).unwrap();
        assert!(at(400).is_err(), "expired certificates would be kept");
    }
}
