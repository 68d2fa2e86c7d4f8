//! TLS as S3 speaks it, with a certificate of one's own.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rustls::crypto::aws_lc_rs::{Ticketer, cipher_suite, default_provider};
use rustls::{ServerConfig, SupportedCipherSuite};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The first byte of a TLS record that begins a handshake (RFC 8446, section 5.1); no request starts so.
const HANDSHAKE: u8 = 22;

/// Encrypted bytes that wait for the socket, at most: a piece of a body, in one call instead of four.
const AHEAD: usize = 256 << 10;

/// What S3 prefers, whatever the client does: AES with 128 bits, also with a client that would rather have 256
/// (<https://github.com/OSGeo/gdal/pull/6028> has the log of one). It costs the client less.
const PREFERRED: [SupportedCipherSuite; 3] = [
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// Accepts TLS connections with the certificate chain and the key of two PEM files. Sessions are resumed by tickets, as on S3.
///
/// # Errors
/// When a file cannot be read, or the key is not that of the certificate.
pub fn acceptor(certificate: &Path, key: &Path) -> anyhow::Result<TlsAcceptor> {
    let unreadable = |file: &Path| format!("cannot read '{}'", file.display());
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| unreadable(certificate))?;
    let private = PrivateKeyDer::from_pem_file(key).with_context(|| unreadable(key))?;
    let mut provider = default_provider();
    // Stable: the others keep their order.
    provider.cipher_suites.sort_by_key(|suite| !PREFERRED.contains(suite));
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .with_context(|| {
            format!("'{}' and '{}' do not belong together", certificate.display(), key.display())
        })?;
    config.ignore_client_order = true;
    config.ticketer = Ticketer::new()?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Greets a client.
///
/// # Errors
/// When it breaks off, or does not speak TLS.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    acceptor: &TlsAcceptor,
    stream: S,
) -> io::Result<TlsStream<S>> {
    acceptor.accept_with(stream, |session| session.set_buffer_limit(Some(AHEAD))).await
}

/// Whether what a client sends first is TLS; plain HTTP comes to the same port.
pub async fn is_spoken(stream: &TcpStream) -> bool {
    let mut first = [0];
    matches!(stream.peek(&mut first).await, Ok(1)) && first[0] == HANDSHAKE
}
