//! What a sender is told about a message that cannot be taken.

use protocol::pipeline::Message;

use super::*;

/// As `upstream` reads it.
fn read(json: &str) -> Result<(String, String, f64), String> {
    let read = || {
        let mut fields = Fields::from_json(json.as_bytes(), "the body")?;
        Ok((
            fields.id()?.into_owned(),
            fields.string(Name::Message)?.into_owned(),
            fields.number(Name::Timestamp)?,
        ))
    };
    read().map_err(|error: FieldError| error.to_string())
}

fn rejected(json: &str) -> String {
    read(json).unwrap_err()
}

#[test]
fn a_message_of_a_load_is_read() {
    let message = Message { id: "run-7", message: "Hello", timestamp: 1_440_938_160_000_000 };
    let read = read(&serde_json::to_string(&message).unwrap()).unwrap();
    assert_eq!(read, ("run-7".to_owned(), "Hello".to_owned(), 1_440_938_160_000_000.0));
}

#[test]
fn a_message_is_read_whatever_else_the_body_holds() {
    let body = r#" {"x":[{"y":null}],"message":"Hé\n\"llo\" \ud83d\ude00","timestamp":1717178874.25,"id":"1","arrived_us":"?"}"#;
    let (id, message, timestamp) = read(body).unwrap();
    assert_eq!((id.as_str(), message.as_str()), ("1", "Hé\n\"llo\" 😀"));
    assert!((timestamp - 1_717_178_874.25).abs() < f64::EPSILON);
    assert_eq!(read(r#"{"id":"1","message":"","timestamp":0}"#).unwrap().1, "", "a text may be empty");
}

#[test]
fn a_missing_or_wrong_field_is_named() {
    for (body, answer) in [
        (r"{}", "field 'id' is missing"),
        (r#"{"id":"1","timestamp":1}"#, "field 'message' is missing"),
        (r#"{"id":"1","message":"a"}"#, "field 'timestamp' is missing"),
        (r#"{"id":1,"message":"a","timestamp":1}"#, "field 'id' must be a string, but is a number"),
        (r#"{"id":{"id":"1"},"message":"a","timestamp":1}"#, "field 'id' must be a string, but is an object"),
        (r#"{"id":null,"message":"a","timestamp":1}"#, "field 'id' must be a string, but is null"),
        (r#"{"id":"1","message":{},"timestamp":1}"#, "field 'message' must be a string, but is an object"),
        (r#"{"id":"1","message":[1],"timestamp":1}"#, "field 'message' must be a string, but is an array"),
        (
            r#"{"id":"1","message":"a","timestamp":"1"}"#,
            "field 'timestamp' must be a number, but is a string",
        ),
        (
            r#"{"id":"1","message":"a","timestamp":true}"#,
            "field 'timestamp' must be a number, but is a boolean",
        ),
        (r#"{"id":"","message":"a","timestamp":1}"#, "field 'id' must have 1 to 256 bytes, but has 0"),
        (
            r#"{"id":"1","message":"a\u0000","timestamp":1}"#,
            "field 'message' must not have the character U+0000",
        ),
        (r#"{"id":"1\u0000","message":"a","timestamp":1}"#, "field 'id' must not have the character U+0000"),
        (r#"{"id":"1","message":"a","timestamp":-1}"#, "field 'timestamp' must be from 0 to 2^53, but is -1"),
        (
            r#"{"id":"1","message":"a","timestamp":9007199254740994}"#,
            "field 'timestamp' must be from 0 to 2^53, but is 9007199254740994",
        ),
        ("[]", "the body must be a JSON object, but is an array"),
        ("null", "the body must be a JSON object, but is null"),
        ("\"x\"", "the body must be a JSON object, but is a string"),
    ] {
        assert_eq!(rejected(body), answer, "{body}");
    }
}

#[test]
fn what_is_no_json_is_told_with_the_place() {
    for body in [
        "",
        "hello",
        "{\"id\":",
        r#"{"id":"1","message":"a","timestamp":1}}"#,
        r#"{"id":"\ud800"}"#,
        r#"{"timestamp":1e999}"#,
        r#"{"timestamp":1e400}"#,
        "\u{feff}{\"id\":\"1\",\"message\":\"a\",\"timestamp\":1}",
        "{\"id\":\"1\0\"}",
    ] {
        let answer = rejected(body);
        assert!(
            answer.starts_with("the body is not JSON: ") && answer.contains("line 1 column"),
            "{body}: {answer}"
        );
    }
    assert!(Fields::from_json(b"{\"id\":\"\xff\"}", "the body").is_err(), "no UTF-8");
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(rejected(&deep), "field 'id' is missing", "no depth is too much");
}

#[test]
fn a_field_that_is_there_twice_is_ambiguous() {
    let answer = rejected(r#"{"id":"1","id":"2","message":"a","timestamp":1}"#);
    assert!(answer.starts_with("field 'id' appears twice"), "{answer}");
}

#[test]
fn limits_are_inclusive() {
    let body =
        |id: &str, timestamp: &str| format!(r#"{{"id":"{id}","message":"a","timestamp":{timestamp}}}"#);
    assert!(read(&body(&"é".repeat(128), "9007199254740992")).is_ok());
    assert_eq!(rejected(&body(&"é".repeat(129), "1")), "field 'id' must have 1 to 256 bytes, but has 258");
    // DynamoDB refuses smaller numbers.
    assert!(read(&body("1", "1e-130")).is_ok() && read(&body("1", "1e-131")).is_err());
    assert!(read(&body("1", "-0.0")).unwrap().2.is_sign_positive());
}

#[test]
fn times_on_the_way_are_whole_numbers() {
    let read =
        |json: &'static str| Fields::from_json(json.as_bytes(), "the body").unwrap().whole(Name::ArrivedUs);
    assert_eq!(read(r#"{"arrived_us":1732180000000001}"#).unwrap(), 1_732_180_000_000_001);
    assert_eq!(
        read(r#"{"arrived_us":1.5}"#).unwrap_err().to_string(),
        "field 'arrived_us' must be a whole number, but is 1.5"
    );
}
