//! What the function answers.

use protocol::splitter::Reply;

/// The event's one item is done.
pub fn handled() -> Reply {
    reply(200, 1, "handled 1 tag")
}

/// Each of the event's items is a message in the queue.
pub fn split(count: usize) -> Reply {
    reply(202, count as u64, &format!("split '{count}' tags into '{count}' queued messages"))
}

/// The event has nothing to do with tags, or has no tags.
pub fn ignored() -> Reply {
    reply(202, 0, "event was ignored, not a type of interest")
}

/// The event cannot be understood; the log says why.
pub fn invalid() -> Reply {
    reply(400, 0, "invalid event argument")
}

fn reply(status_code: u16, count: u64, body: &str) -> Reply {
    Reply { status_code, count, body: body.to_owned() }
}

/// As the log has it: the same JSON.
pub fn json(reply: &Reply) -> String {
    serde_json::to_string(reply).expect("it has nothing that JSON cannot say")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_what_callers_of_the_splitter_know() {
        assert_eq!(
            [handled(), split(5), ignored(), invalid()].map(|reply| json(&reply)),
            [
                r#"{"statusCode":200,"count":1,"body":"handled 1 tag"}"#,
                r#"{"statusCode":202,"count":5,"body":"split '5' tags into '5' queued messages"}"#,
                r#"{"statusCode":202,"count":0,"body":"event was ignored, not a type of interest"}"#,
                r#"{"statusCode":400,"count":0,"body":"invalid event argument"}"#,
            ]
        );
    }
}
