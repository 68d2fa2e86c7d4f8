//! As little of an HTTP client as possible, so that the model is measured and not its client.

use aws_sdk_s3::presigning::PresignedRequest;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::model::Address;

/// A connection that is used again and again.
pub struct Connection {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The bytes of a signed request; `length` is that of its body.
pub fn head(request: &PresignedRequest, length: usize) -> Vec<u8> {
    let uri: http::Uri = request.uri().parse().unwrap();
    let target = uri.path_and_query().unwrap();
    let first = format!("{} {target} HTTP/1.1\r\nhost: {}\r\n", request.method(), uri.authority().unwrap());
    let signed = request.headers().filter(|(name, _)| *name != "content-length");
    let rest: Vec<_> = signed.map(|(name, value)| [name, ": ", value, "\r\n"].concat()).collect();
    format!("{first}content-length: {length}\r\n{}\r\n", rest.concat()).into_bytes()
}

impl Connection {
    /// To the model at `address`.
    pub async fn open(address: &Address) -> Self {
        let stream = TcpStream::connect(&address.host).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let stream: Box<dyn Stream> = match &address.tls {
            None => Box::new(stream),
            Some(tls) => {
                let name = ServerName::try_from("127.0.0.1").unwrap();
                Box::new(tls.connect(name, stream).await.unwrap())
            }
        };
        Self { stream, buffer: vec![0; 1 << 20] }
    }

    /// Sends a request and reads its answer, which must be a success, to the end; the length of the answer's body.
    pub async fn exchange(&mut self, head: &[u8], body: &[u8]) -> usize {
        self.stream.write_all(head).await.unwrap();
        self.stream.write_all(body).await.unwrap();
        self.stream.flush().await.unwrap();
        let mut filled = 0;
        let end = loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await.unwrap();
            assert_ne!(read, 0, "the model has closed the connection");
            filled += read;
            if let Some(at) = self.buffer[..filled].windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..end]).unwrap();
        assert!(text.starts_with("HTTP/1.1 20"), "{text}");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        // What answers HEAD says how long the body would be.
        let length = length.filter(|_| !head.starts_with(b"HEAD"));
        let length = length.map_or(0, |length| length.parse().unwrap());
        let mut left = length - (filled - end);
        while left > 0 {
            let read = self.stream.read(&mut self.buffer).await.unwrap();
            assert_ne!(read, 0, "the model has closed the connection");
            left -= read;
        }
        length
    }
}
