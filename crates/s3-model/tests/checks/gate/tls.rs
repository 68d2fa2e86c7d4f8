//! TLS, and plain HTTP beside it.

use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::io::{Read, Write};
use std::net::TcpStream;

use super::model::{BUCKET, Model, client};

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*",
    "Action": ["s3:*"], "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}"#;

fn plain(model: &Model) -> aws_sdk_s3::Client {
    client(&model.endpoint.replace("https://", "http://"), None)
}

fn config(model: &Model) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let authority = model.authority.as_deref().unwrap();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

/// Handshake and cipher of a connection with one request.
fn connect(model: &Model, config: &Arc<ClientConfig>) -> (HandshakeKind, String) {
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut session = ClientConnection::new(Arc::clone(config), name).unwrap();
    let mut socket = TcpStream::connect(model.endpoint.trim_start_matches("https://")).unwrap();
    let mut stream = rustls::Stream::new(&mut session, &mut socket);
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let suite = session.negotiated_cipher_suite().unwrap().suite();
    (session.handshake_kind().unwrap(), format!("{suite:?}"))
}

#[tokio::test]
async fn clients_that_trust_the_certificate_are_answered_and_others_break_off() {
    let model = Model::with_tls().await;
    assert!(model.endpoint.starts_with("https://"), "{}", model.endpoint);
    model.put("key", b"content").await;
    assert_eq!(model.try_get("key").await, Ok(b"content".to_vec()));
    let stranger = client(&model.endpoint, None);
    stranger.head_object().bucket(BUCKET).key("key").send().await.unwrap_err();
    model.put("other", b"content").await;
}

#[tokio::test]
async fn sessions_are_resumed_and_aes_has_128_bits_as_on_s3() {
    let model = Model::with_tls().await;
    let config = config(&model);
    let cipher = "TLS13_AES_128_GCM_SHA256".to_owned();
    let first = connect(&model, &config);
    assert!(matches!(first.0, HandshakeKind::Full | HandshakeKind::FullWithHelloRetryRequest));
    assert_eq!(first.1, cipher);
    assert_eq!(connect(&model, &config), (HandshakeKind::Resumed, cipher));
}

#[tokio::test]
async fn plain_http_is_answered_on_the_same_port_unless_the_buckets_policy_requires_tls() {
    let model = Model::with_tls().await;
    let plain = plain(&model);
    let get = || plain.get_object().bucket(BUCKET).key("key").send();
    plain.put_object().bucket(BUCKET).key("key").send().await.unwrap();
    get().await.unwrap();
    model.client.put_bucket_policy().bucket(BUCKET).policy(POLICY).send().await.unwrap();
    let refused = get().await.unwrap_err().into_service_error();
    assert_eq!(refused.meta().code(), Some("AccessDenied"));
    plain.list_objects_v2().bucket(BUCKET).send().await.unwrap_err();
    plain.create_bucket().bucket("elsewhere").send().await.unwrap();
    assert_eq!(model.try_get("key").await, Ok(Vec::new()), "over TLS");
    model.client.delete_bucket_policy().bucket(BUCKET).send().await.unwrap();
    get().await.unwrap();
}

#[tokio::test]
async fn a_server_without_a_certificate_cannot_enforce_the_policy() {
    let model = Model::instant().await;
    model.client.put_bucket_policy().bucket(BUCKET).policy(POLICY).send().await.unwrap();
    model.put("key", b"content").await;
}

#[tokio::test]
async fn faults_break_bodies_over_tls_too() {
    let model = Model::with_tls().await;
    let content = vec![7; 1 << 20];
    model.put("key", &content).await;
    for kind in ["reset", "truncate", "wrong-byte"] {
        model.set_faults(&format!(r#"[{{"kind": "{kind}", "operations": ["GetObject"]}}]"#));
        assert_eq!(model.try_get("key").await, Err("broken".to_owned()), "{kind}");
    }
    model.clear_faults();
    assert!(model.try_get("key").await == Ok(content));
}
