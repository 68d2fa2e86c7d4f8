//! The server over TCP, with what browsers send, and what they must not get.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream as Connection;
use std::sync::mpsc;

use anyhow::anyhow;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle as Task;

use super::*;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A server whose run does what the test says.
struct Server {
    port: u16,
    states: watch::Sender<State>,
    close: oneshot::Sender<()>,
    ended: Task<()>,
}

/// An answer as it has arrived.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Server {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (states, receiver) = watch::channel(State::UnderWay("<p>3/9 items</p>".into()));
        let (run, token) = ("lambench run splitter".to_owned(), TOKEN.to_owned());
        let site = Site { run, token, port, states: receiver, readers: Readers::default() };
        let (close, closing) = oneshot::channel();
        let ended = tokio::spawn(server::serve(listener, Arc::new(site), async { drop(closing.await) }));
        Self { port, states, close, ended }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn ask(&self, request: &str) -> Answer {
        let mut received = Vec::new();
        self.send(request).await.read_to_end(&mut received).await.unwrap();
        Answer::from(&*String::from_utf8(received).unwrap())
    }

    /// With this machine's name.
    fn request(&self, method: &str, path: &str) -> String {
        format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n\r\n", self.port)
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(&self.request("GET", path)).await
    }

    fn end_with(&self, html: &'static str) {
        let document = Document { html: html.into(), policy: "default-src 'none'".to_owned() };
        self.states.send_replace(State::Ended(Arc::new(document)));
    }
}

impl From<&str> for Answer {
    fn from(received: &str) -> Self {
        let (head, body) = received.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{received:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let pairs = lines.map(|line| line.split_once(": ").unwrap());
        let headers = pairs.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: body.to_owned() }
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    /// What no page and no program of somebody else's may do with it.
    fn assert_protected(&self) {
        for (name, value) in [
            ("cross-origin-resource-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(self.header(name), value, "{name} of {self:?}");
        }
        assert!(self.header("content-security-policy").starts_with("default-src 'none'"), "{self:?}");
        assert!(!self.header("content-security-policy").contains("unsafe"), "{self:?}");
        assert!(self.headers.keys().all(|name| !name.starts_with("access-control")), "{self:?}");
    }
}

/// Reads on until some text has come.
async fn read_until(stream: &mut TcpStream, received: &mut String, text: &str) {
    let mut bytes = [0; 4096];
    while !received.contains(text) {
        let length = stream.read(&mut bytes).await.unwrap();
        assert!(length > 0, "it ended: {received}");
        received.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
    }
}

#[tokio::test]
async fn whoever_knows_the_token_gets_the_page_as_it_is_now() {
    let server = Server::start().await;
    for path in [format!("/{TOKEN}"), format!("/{TOKEN}/")] {
        let answer = server.get(&path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
        answer.assert_protected();
        assert!(answer.header("content-security-policy").contains("connect-src 'self'"));
        assert!(answer.body.contains("<div id=\"progress\"><p>3/9 items</p></div>"), "{}", answer.body);
    }
    let localhost = format!("GET /{TOKEN} HTTP/1.1\r\nhost: localhost:{}\r\n\r\n", server.port);
    assert_eq!(server.ask(&localhost).await.status, 200);
    assert_eq!(server.get(&format!("/{TOKEN}/favicon.ico")).await.status, 404);
}

#[tokio::test]
async fn without_the_token_there_is_nothing_to_see() {
    let server = Server::start().await;
    let (shorter, other) = (&TOKEN[1..], TOKEN.replace('f', "0"));
    let paths = ["/", "/events", "/favicon.ico", &format!("/{shorter}"), &format!("/{other}/events")];
    let longer = format!("/{TOKEN}0");
    let behind = format!("/?{TOKEN}");
    for path in paths.into_iter().chain([&*longer, &*behind, "//"]) {
        for method in ["GET", "POST"] {
            let answer = server.ask(&server.request(method, path)).await;
            assert_eq!(answer.status, 403, "{method} {path}");
            answer.assert_protected();
            assert!(!answer.body.contains("items") && !answer.body.contains(TOKEN), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_name_that_somebody_has_pointed_at_this_machine_gets_nothing() {
    let server = Server::start().await;
    let port = server.port;
    let own = format!("host: 127.0.0.1:{port}\r\n");
    let get = |uri: &str, hosts: &str| format!("GET {uri} HTTP/1.1\r\n{hosts}\r\n");
    let path = format!("/{TOKEN}");
    for request in [
        get(&path, &format!("host: attacker.example:{port}\r\n")),
        get(&path, "host: 127.0.0.1\r\n"),
        get(&path, "host: 127.0.0.1:1\r\n"),
        get(&path, &format!("host: 127.0.0.1:{port}.attacker.example\r\n")),
        get(&path, ""),
        get(&path, &format!("{own}host: attacker.example\r\n")),
        get(&format!("http://attacker.example:{port}{path}"), &own),
    ] {
        let answer = server.ask(&request).await;
        assert_eq!(answer.status, 403, "{request}");
        answer.assert_protected();
    }
    assert_eq!(server.ask(&get(&path, &own)).await.status, 200);
}

#[tokio::test]
async fn the_page_can_only_be_read_and_requests_are_small() {
    let server = Server::start().await;
    for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = server.ask(&server.request(method, &format!("/{TOKEN}"))).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET"), "{method}");
        answer.assert_protected();
    }
    let start = format!("GET /{TOKEN} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n", server.port);
    let answer = server.ask(&format!("{start}content-length: 1\r\n\r\n")).await;
    assert_eq!(answer.status, 400);
    let mut large = server.send(&format!("{start}cookie: {}\r\n\r\n", "c".repeat(100 * 1024))).await;
    let mut received = Vec::new();
    // The connection may be reset, since not all of the request is read.
    let _ = large.read_to_end(&mut received).await;
    let received = String::from_utf8(received).unwrap();
    assert!(received.is_empty() || received.starts_with("HTTP/1.1 431 "), "{received}");
}

#[tokio::test]
async fn an_open_page_is_told_each_change_and_then_loads_what_is_left_of_the_run() {
    let server = Server::start().await;
    let path = format!("/{TOKEN}/events");
    let (mut events, mut told) = (server.send(&server.request("GET", &path)).await, String::new());
    read_until(&mut events, &mut told, "3/9 items").await;
    server.states.send_replace(State::UnderWay("<p>4/9 items</p>".into()));
    read_until(&mut events, &mut told, "4/9 items").await;
    server.end_with("<h1>result</h1>");
    events.read_to_string(&mut told).await.unwrap();
    let answer = Answer::from(&*told);
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"));
    answer.assert_protected();
    let lines = answer.body.lines().filter(|line| line.contains(": "));
    let expected = [
        "retry: 1000",
        "event: progress",
        "data: <p>3/9 items</p>",
        "event: progress",
        "data: <p>4/9 items</p>",
        "event: end",
        "data: the run",
    ];
    assert_eq!(lines.collect::<Vec<_>>(), expected);
    drop(server.close);
    let closing = Server { close: oneshot::channel().0, ..server };
    let page = closing.get(&format!("/{TOKEN}")).await;
    assert_eq!((page.status, page.body.as_str()), (200, "<h1>result</h1>"), "it is waited for");
    page.assert_protected();
    closing.ended.await.unwrap();
}

#[tokio::test]
async fn there_is_a_limit_to_open_pages() {
    let server = Server::start().await;
    let request = server.request("GET", &format!("/{TOKEN}/events"));
    let mut open = Vec::new();
    for _ in 0..readers::MOST {
        let mut events = server.send(&request).await;
        read_until(&mut events, &mut String::new(), "3/9 items").await;
        open.push(events);
    }
    assert_eq!(server.ask(&request).await.status, 503);
    assert_eq!(server.get(&format!("/{TOKEN}")).await.status, 200);
}

#[tokio::test]
async fn connections_that_ask_nothing_keep_neither_readers_nor_the_end_waiting() {
    let server = Server::start().await;
    let mut idle = Vec::new();
    for index in 0..200 {
        let mut stream = server.connect().await;
        if index % 2 == 0 {
            let _ = stream.write_all(b"GET / HTTP/1.1\r\n").await;
        }
        idle.push(stream);
    }
    assert_eq!(server.get(&format!("/{TOKEN}")).await.status, 200);
    let mut oldest = idle.remove(0);
    assert!(matches!(oldest.read(&mut [0]).await, Ok(0) | Err(_)), "it was closed for newer ones");
    drop(server.close);
    server.ended.await.unwrap();
}

#[tokio::test]
async fn a_page_that_does_not_react_cannot_keep_the_run_from_ending() {
    let server = Server::start().await;
    let mut events = server.send(&server.request("GET", &format!("/{TOKEN}/events"))).await;
    read_until(&mut events, &mut String::new(), "3/9 items").await;
    server.end_with("<h1>result</h1>");
    // It never asks for the result.
    tokio::time::pause();
    drop(server.close);
    server.ended.await.unwrap();
}

/// A browser: it has the page open, tells so, and loads it again when the run has ended.
fn browse(address: &str, is_open: &mpsc::Sender<()>) -> String {
    let authority = address.split('/').nth(2).unwrap();
    let path = format!("/{}", address.rsplit('/').next().unwrap());
    let ask = |path: &str| {
        let mut connection = Connection::connect(authority).unwrap();
        write!(connection, "GET {path} HTTP/1.1\r\nhost: {authority}\r\n\r\n").unwrap();
        BufReader::new(connection)
    };
    let mut events = ask(&format!("{path}/events"));
    let mut line = String::new();
    while !line.starts_with("event: end") {
        line.clear();
        assert!(events.read_line(&mut line).unwrap() > 0, "the run's end was not told");
        if line.starts_with("event: progress") {
            let _ = is_open.send(());
        }
    }
    let mut page = String::new();
    ask(&path).read_to_string(&mut page).unwrap();
    page
}

/// What an open page becomes at the end.
fn left(end: impl FnOnce(Live)) -> Answer {
    let live = Live::serve("lambench run splitter".to_owned(), TOKEN.to_owned()).unwrap();
    let address = live.address.clone();
    let (open, is_open) = mpsc::channel();
    let browser = thread::spawn(move || browse(&address, &open));
    is_open.recv().unwrap();
    end(live);
    Answer::from(&*browser.join().unwrap())
}

#[test]
fn an_open_page_becomes_the_result_before_the_command_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("result.html");
    fs::write(&file, "<h1>result</h1>").unwrap();
    let answer = left(|live| {
        live.show(&file).unwrap();
        live.end(Some(&anyhow!("later")));
    });
    assert_eq!(answer.body, "<h1>result</h1>", "it stays, whatever fails behind it");
    assert!(answer.header("content-security-policy").contains("script-src 'sha256-"), "{answer:?}");
    answer.assert_protected();
}

#[test]
fn an_open_page_says_why_there_is_no_result() {
    let answer = left(|live| live.end(Some(&anyhow!("no queue").context("cannot send <b>"))));
    assert!(answer.body.contains("<b>ERROR: </b>cannot send &lt;b&gt;: no queue"), "{}", answer.body);
    answer.assert_protected();
}

#[test]
fn two_runs_have_two_addresses_and_both_are_on_this_machine_only() {
    let [one, other] = [(); 2].map(|()| Live::serve("run".to_owned(), random_hex().unwrap()).unwrap());
    assert!(one.address.starts_with("http://127.0.0.1:") && other.address.starts_with("http://127.0.0.1:"));
    assert_ne!(one.address.rsplit('/').next(), other.address.rsplit('/').next());
    one.end(None);
    other.end(None);
}
