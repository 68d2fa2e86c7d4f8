//! The certificates that the server's identity rests on.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::cluster::RDS_ROOTS;

fn holds(der: &[u8], text: &str) -> bool {
    der.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn the_roots_of_every_key_type_are_there() {
    let roots: Vec<_> = CertificateDer::pem_slice_iter(RDS_ROOTS)
        .map(|root| root.expect("each is a certificate in PEM"))
        .collect();
    assert!(roots.len() > 70, "{}", roots.len());
    for region in ["us-east-1", "eu-west-1"] {
        for key in ["RSA2048", "RSA4096", "ECC384"] {
            let name = format!("Amazon RDS {region} Root CA {key} G1");
            assert!(roots.iter().any(|root| holds(root, &name)), "no {name}");
        }
    }
}
