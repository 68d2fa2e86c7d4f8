//! Server-sent events: what open pages are told.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;

use futures::stream::{self, Stream};
use hyper::body::{Bytes, Frame};
use tokio::sync::watch;

use super::readers::Reader;
use super::view::Document;

/// Between two attempts of a page that has lost the server, ms.
const RETRY_MS: u32 = 1000;

/// What a page shows now.
#[derive(Debug, Clone)]
pub enum State {
    /// The run is under way; what it has done so far.
    UnderWay(Arc<str>),
    /// There is a result, or an error.
    Ended(Arc<Document>),
}

/// The state now and each later one, but for those that a slow reader misses; it ends with the run.
pub fn of(
    states: watch::Receiver<State>,
    reader: Reader,
) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> {
    let start = Some((states, reader, true));
    stream::unfold(start, |next| async {
        let (mut states, reader, is_first) = next?;
        if !is_first {
            states.changed().await.ok()?;
        }
        let state = states.borrow_and_update().clone();
        let (mut text, next) = match state {
            State::UnderWay(progress) => (event("progress", &progress), Some((states, reader, false))),
            State::Ended(_) => {
                reader.is_told();
                // Without data, browsers ignore an event.
                (event("end", "the run"), None)
            }
        };
        if is_first {
            text.insert_str(0, &format!("retry: {RETRY_MS}\n\n"));
        }
        Some((Ok(Frame::data(text.into())), next))
    })
}

/// An event as browsers read it.
fn event(name: &str, data: &str) -> String {
    let mut text = format!("event: {name}\n");
    for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
        let _ = writeln!(text, "data: {line}");
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;
    use crate::live::readers::Readers;

    #[test]
    fn no_line_of_an_event_can_be_taken_for_another_event() {
        let text = event("progress", "a\nevent: end\rdata: x\r\nb");
        assert_eq!(text, "event: progress\ndata: a\ndata: event: end\ndata: data: x\ndata: b\n\n");
    }

    #[tokio::test]
    async fn a_reader_gets_what_is_now_then_each_change_then_the_end() {
        let readers = Readers::default();
        let (sender, states) = watch::channel(State::UnderWay("one".into()));
        let mut events = Box::pin(of(states, readers.open().unwrap()));
        let mut next = async || events.next().await.map(|frame| frame.unwrap().into_data().unwrap());
        assert_eq!(next().await.unwrap(), "retry: 1000\n\nevent: progress\ndata: one\n\n");
        sender.send_replace(State::UnderWay("missed".into()));
        sender.send_replace(State::UnderWay("two".into()));
        assert_eq!(next().await.unwrap(), "event: progress\ndata: two\n\n");
        let document = Document { html: Bytes::new(), policy: String::new() };
        sender.send_replace(State::Ended(Arc::new(document)));
        assert_eq!(next().await.unwrap(), "event: end\ndata: the run\n\n");
        assert!(next().await.is_none());
    }
}
