//! S3 as HTTP has it, with every way in which it can fail.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use md5::{Digest, Md5};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use s3_read::presign::url_of;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

/// Objects in a page of a listing.
const PAGE: usize = 1000;
const CHUNK: usize = 64 * 1024;

/// What a GET of an object gets.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The object, with this entity tag.
    Object(Vec<u8>, String),
    /// So many bytes, none of which exists before it is sent.
    Generated(usize),
    /// The object's start, then the connection is closed.
    Truncated(Vec<u8>),
    /// The connection is reset before any answer.
    Reset,
    /// Nothing, ever.
    Silence,
    /// An error: status, code, message.
    Error(u16, &'static str, &'static str),
    /// The object is elsewhere.
    Redirect(String),
}

/// An object with the entity tag that S3 gives it.
pub fn object(content: &[u8]) -> Answer {
    let md5 = Md5::digest(content).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    Answer::Object(content.to_vec(), md5)
}

#[derive(Default)]
struct State {
    /// Answers of each object, one after the other; the last one stays.
    answers: Mutex<HashMap<String, Vec<Answer>>>,
    /// Objects in listings: key, size, when modified.
    listed: Mutex<BTreeMap<String, (u64, String)>>,
    requests: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    barrier: Mutex<Option<Arc<Barrier>>>,
}

pub struct Server {
    state: Arc<State>,
    url: String,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<State>::default();
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, Arc::clone(&serving)));
            }
        });
        Self { state, url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn object_url(&self, key: &str) -> String {
        url_of(&format!("{}/shop/", self.url), key)
    }

    /// What GETs of an object get, one after the other.
    pub fn put(&self, key: &str, answers: &[Answer]) {
        self.state.answers.lock().unwrap().insert(key.to_owned(), answers.to_vec());
    }

    /// What listings have.
    pub fn list(&self, key: &str, size: u64, modified: &str) {
        self.state.listed.lock().unwrap().insert(key.to_owned(), (size, modified.to_owned()));
    }

    /// Every request waits until so many are under way.
    pub fn wait_for(&self, requests: usize) {
        *self.state.barrier.lock().unwrap() = Some(Arc::new(Barrier::new(requests)));
    }

    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    pub fn most_under_way(&self) -> usize {
        self.state.most_under_way.load(Ordering::SeqCst)
    }
}

async fn connection(mut stream: TcpStream, state: Arc<State>) -> io::Result<()> {
    while let Some(target) = request(&mut stream).await? {
        state.requests.fetch_add(1, Ordering::SeqCst);
        let under_way = state.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        state.most_under_way.fetch_max(under_way, Ordering::SeqCst);
        let barrier = state.barrier.lock().unwrap().clone();
        if let Some(barrier) = barrier {
            barrier.wait().await;
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let key = path.strip_prefix("/shop").expect("the bucket");
        let key = key.strip_prefix('/').unwrap_or(key);
        let answer = if key.is_empty() { None } else { Some(state.answer(&decoded(key))) };
        state.under_way.fetch_sub(1, Ordering::SeqCst);
        match answer {
            None => respond(&mut stream, 200, "", state.listing(query).as_bytes()).await?,
            Some(answer) => {
                if !send(&mut stream, answer).await? {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// The target of the next request.
async fn request(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return Ok(None),
        }
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    Ok(head.split(' ').nth(1).map(str::to_owned))
}

/// Returns whether the connection goes on.
async fn send(stream: &mut TcpStream, answer: Answer) -> io::Result<bool> {
    match answer {
        Answer::Object(content, etag) => {
            respond(stream, 200, &format!("etag: \"{etag}\"\r\n"), &content).await?;
        }
        Answer::Generated(length) => {
            head(stream, 200, "", length).await?;
            let chunk = vec![7; CHUNK];
            let mut left = length;
            while left > 0 {
                let now = left.min(CHUNK);
                stream.write_all(&chunk[..now]).await?;
                left -= now;
            }
        }
        Answer::Truncated(content) => {
            head(stream, 200, "", content.len() + 1).await?;
            stream.write_all(&content).await?;
            return Ok(false);
        }
        Answer::Reset => {
            stream.set_zero_linger()?;
            return Ok(false);
        }
        Answer::Silence => std::future::pending().await,
        Answer::Error(status, code, message) => {
            let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
            respond(stream, status, "", body.as_bytes()).await?;
        }
        Answer::Redirect(to) => respond(stream, 307, &format!("location: {to}\r\n"), b"").await?,
    }
    Ok(true)
}

async fn respond(stream: &mut TcpStream, status: u16, headers: &str, body: &[u8]) -> io::Result<()> {
    head(stream, status, headers, body.len()).await?;
    stream.write_all(body).await
}

async fn head(stream: &mut TcpStream, status: u16, headers: &str, length: usize) -> io::Result<()> {
    let head = format!("HTTP/1.1 {status} -\r\ncontent-length: {length}\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).await
}

impl State {
    fn answer(&self, key: &str) -> Answer {
        let mut answers = self.answers.lock().unwrap();
        match answers.get_mut(key) {
            None => Answer::Error(404, "NoSuchKey", "The specified key does not exist."),
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers[0].clone(),
        }
    }

    fn listing(&self, query: &str) -> String {
        let value = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            decoded(pair.unwrap_or_default())
        };
        let (prefix, after) = (value("prefix"), value("start-after"));
        let (delimiter, token) = (value("delimiter"), decoded(&value("continuation-token")));
        let listed = self.listed.lock().unwrap();
        let mut entries = BTreeMap::new();
        for (key, object) in listed.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after) {
            let folder = key[prefix.len()..].find(&delimiter).filter(|_| !delimiter.is_empty());
            match folder {
                Some(at) => entries.insert(&key[..=prefix.len() + at], None),
                None => entries.insert(key, Some(object)),
            };
        }
        let left: Vec<_> = entries.into_iter().filter(|(name, _)| **name > *token).collect();
        let (truncated, page) = (left.len() > PAGE, &left[..left.len().min(PAGE)]);
        let mut contents = String::new();
        for (name, object) in page {
            let name = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
            match object {
                Some((size, modified)) => {
                    let times = format!("<Size>{size}</Size><LastModified>{modified}</LastModified>");
                    contents.extend(["<Contents><Key>", &name, "</Key>", &times, "</Contents>"]);
                }
                None => {
                    contents.extend(["<CommonPrefixes><Prefix>", &name, "</Prefix></CommonPrefixes>"]);
                }
            }
        }
        if let Some((last, _)) = page.last().filter(|_| truncated) {
            let token = utf8_percent_encode(last, NON_ALPHANUMERIC).to_string();
            contents.extend(["<NextContinuationToken>", &token, "</NextContinuationToken>"]);
        }
        format!(
            "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{truncated}</IsTruncated>{contents}</ListBucketResult>"
        )
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().unwrap().into_owned()
}
