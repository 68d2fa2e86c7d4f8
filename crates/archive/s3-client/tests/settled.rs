//! Requests that nobody waits for any more.

use aws_credential_types::Credentials;
use futures::FutureExt;
use s3_client::{S3, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn bucket(endpoint: String) -> S3 {
    let settings = Settings {
        endpoint: Some(endpoint),
        region: "us-east-1".to_owned(),
        credentials: Credentials::new("test", "test", None, None, "test"),
        concurrency: 1,
    };
    S3::new(settings, "bucket").unwrap()
}

/// A request, up to the end of its headers.
async fn asked(server: &TcpListener) -> TcpStream {
    let (mut connection, _) = server.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        assert_ne!(connection.read_buf(&mut request).await.unwrap(), 0, "it is broken off");
    }
    connection
}

#[tokio::test]
async fn a_write_that_is_given_up_is_waited_for() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let s3 = bucket(format!("http://{}", server.local_addr().unwrap()));
    let mut connection = tokio::select! {
        done = s3.put("key", Vec::new()) => panic!("nobody has answered: {done:?}"),
        connection = asked(&server) => connection,
    };
    let mut settled = Box::pin(s3.settled());
    assert!(settled.as_mut().now_or_never().is_none(), "S3 may still write it");
    connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    settled.await;
}

#[tokio::test]
async fn a_read_that_is_given_up_ends() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let s3 = bucket(format!("http://{}", server.local_addr().unwrap()));
    let mut connection = tokio::select! {
        done = s3.list("", None) => panic!("nobody has answered: {done:?}"),
        connection = asked(&server) => connection,
    };
    s3.settled().await;
    assert_eq!(connection.read(&mut [0]).await.unwrap(), 0, "it is broken off");
}
