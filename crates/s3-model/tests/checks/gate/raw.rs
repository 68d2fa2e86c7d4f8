//! A request as bytes: what an HTTP client would hide of how a connection ends.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;

use super::model::{BUCKET, Model};

/// What came before the connection ended.
pub struct Received {
    pub head: String,
    pub body: Vec<u8>,
    /// Whether the connection was reset instead of closed.
    pub reset: bool,
}

impl Received {
    /// The value of a header, which the answer must have.
    pub fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(header, _)| header.eq_ignore_ascii_case(name));
        values.next().unwrap_or_else(|| panic!("no header {name} in {}", self.head)).1
    }
}

/// Gets an object over a connection of its own, until the server ends it.
pub async fn get(model: &Model, key: &str) -> Received {
    let presigning = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let request = model.client.get_object().bucket(BUCKET).key(key);
    let url =
        request.checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled).presigned(presigning).await.unwrap();
    let (_, rest) = url.uri().split_once("://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let mut headers = String::new();
    for (name, value) in url.headers() {
        headers.extend([name, ": ", value, "\r\n"]);
    }
    receive(host, &format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n"))
}

fn receive(host: &str, request: &str) -> Received {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 65_536]);
    let reset = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break false,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break true,
            Err(error) => panic!("{error}"),
        }
    };
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |end| end + 4);
    let body = bytes.split_off(end);
    Received { head: String::from_utf8(bytes).unwrap(), body, reset }
}
