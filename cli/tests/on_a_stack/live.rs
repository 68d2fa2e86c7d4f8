//! `lambench run --live`, with a `pulumi` that waits for the test, and a browser that is one of the test's.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::checkout::Checkout;

/// It waits for a line, and then has no such stack.
const PULUMI: &str = "#!/bin/sh
read -r line < go
echo \"error: no stack named '$4' found\" >&2
exit 255
";

/// A connection that has asked for a path.
fn ask(authority: &str, path: &str) -> BufReader<TcpStream> {
    let mut connection = TcpStream::connect(authority).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nhost: {authority}\r\n\r\n").unwrap();
    BufReader::new(connection)
}

/// The line that has a text.
fn line_with(reader: &mut impl BufRead, text: &str) -> String {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "it ended without '{text}'");
    }
    line
}

#[test]
fn a_run_is_watched_from_its_beginning_and_its_error_is_on_the_page_before_the_command_ends() {
    let checkout = Checkout::new(PULUMI);
    let go = checkout.path("go");
    assert!(Command::new("mkfifo").arg(&go).status().unwrap().success());
    let mut lambench = checkout
        .command("run splitter --live --progress none --stack nowhere")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(lambench.stderr.take().unwrap());
    let line = line_with(&mut said, "live page: http://127.0.0.1:");
    let (authority, token) = line.trim().split("http://").nth(1).unwrap().split_once('/').unwrap();
    assert_eq!(token.len(), 32, "128 bits");
    let mut events = ask(authority, &format!("/{token}/events"));
    line_with(&mut events, "looking whether the stack is deployed");
    fs::write(go, "\n").unwrap();
    line_with(&mut events, "event: end");
    let mut page = String::new();
    ask(authority, &format!("/{token}")).read_to_string(&mut page).unwrap();
    assert!(page.contains("<b>ERROR: </b>") && page.contains("no stack named"), "{page}");
    assert_eq!(lambench.wait().unwrap().code(), Some(1));
    line_with(&mut said, "error: ");
}
