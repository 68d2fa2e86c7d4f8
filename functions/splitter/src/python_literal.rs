//! Python literals of what JSON can say: `{'key': 'a', 'on': True, 'none': None}`, as `str(event)` puts them into a message.
//!
//! By hand: `py_literal` brings a parser generator and numbers of any size, and makes values of its own, where this only
//! rewrites words, strings and escapes for JSON's parser.

use std::borrow::Cow;
use std::fmt::Write;
use std::iter::Peekable;
use std::str::CharIndices;

use serde::de::IgnoredAny;

type Chars<'a> = Peekable<CharIndices<'a>>;

/// A body as JSON: it is JSON already, or Python's, or neither and stays as it is.
pub fn as_json(body: &str) -> Cow<'_, str> {
    if serde_json::from_str::<IgnoredAny>(body).is_ok() {
        return Cow::Borrowed(body);
    }
    to_json(body).map_or(Cow::Borrowed(body), Cow::Owned)
}

/// Word for word: whether the words make sense together is for JSON's parser to say.
fn to_json(text: &str) -> Option<String> {
    let mut json = String::with_capacity(text.len() + text.len() / 8);
    let mut chars = text.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        match first {
            '{' | '}' | '[' | ']' | ':' | ',' | ' ' | '\t' | '\n' | '\r' => json.push(first),
            '\'' | '"' => string(first, &mut chars, &mut json)?,
            '-' | '0'..='9' => json.push_str(word(text, start, &mut chars, is_of_number)),
            _ => json.push_str(match word(text, start, &mut chars, char::is_alphanumeric) {
                "True" => "true",
                "False" => "false",
                "None" => "null",
                _ => return None,
            }),
        }
    }
    Some(json)
}

fn is_of_number(one: char) -> bool {
    matches!(one, '0'..='9' | '+' | '-' | '.' | 'e')
}

/// The word that starts at `start`, whose first character is read.
fn word<'a>(text: &'a str, start: usize, chars: &mut Chars<'_>, is_part: fn(char) -> bool) -> &'a str {
    while chars.next_if(|(_, one)| is_part(*one)).is_some() {}
    let end = chars.peek().map_or(text.len(), |(index, _)| *index);
    &text[start..end]
}

/// The string whose opening quote is read.
fn string(quote: char, chars: &mut Chars<'_>, json: &mut String) -> Option<()> {
    json.push('"');
    loop {
        let (_, one) = chars.next()?;
        let one = match one {
            _ if one == quote => break,
            '\\' => escaped(chars)?,
            _ => one,
        };
        match one {
            '"' | '\\' => json.extend(['\\', one]),
            '\0'..'\x20' => write!(json, "\\u{:04x}", u32::from(one)).ok()?,
            _ => json.push(one),
        }
    }
    json.push('"');
    Some(())
}

/// What stands behind a backslash. Half of a surrogate pair is no character, and no JSON either.
fn escaped(chars: &mut Chars<'_>) -> Option<char> {
    match chars.next()?.1 {
        one @ ('\\' | '\'' | '"') => Some(one),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'x' => code_point(2, chars),
        'u' => code_point(4, chars),
        'U' => code_point(8, chars),
        _ => None,
    }
}

fn code_point(digits: usize, chars: &mut Chars<'_>) -> Option<char> {
    let mut code = 0_u32;
    for _ in 0..digits {
        code = code.checked_mul(16)?.checked_add(chars.next()?.1.to_digit(16)?)?;
    }
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &str) -> Result<Value, serde_json::Error> {
        serde_json::from_str(&as_json(body))
    }

    #[test]
    fn what_python_writes_is_read() {
        let body = r#"{'a': "it's", 'b': '"', 'c': [True, False, None, -1, 1.5, 1e+16], 'd': 'é\n\\\x7f\u200b\U0001f3f4\'', 'e': {}}"#;
        let expected = json!({
            "a": "it's", "b": "\"", "c": [true, false, null, -1, 1.5, 1e16], "d": "é\n\\\u{7f}\u{200b}\u{1f3f4}'", "e": {},
        });
        assert_eq!(read(body).unwrap(), expected);
    }

    #[test]
    fn json_stays_as_it_is() {
        let body = r#"{"a": "it's 'True'", "b": [null, true]}"#;
        assert!(matches!(as_json(body), Cow::Borrowed(same) if same == body));
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        for body in [
            "{'a': nan}",
            "{'a': -inf}",
            "{'a': (1, 2)}",
            "{'a': b'x'}",
            "{1: 'a'}",
            "{'a': 'x}",
            "{'a': 'x\\'}",
            "{'a': '\\q'}",
            "{'a': '\\x1'}",
            "{'a': '\\ud800'}",
            "{'a': '\\Uffffffff'}",
            "{'a': 1_000}",
            "{'a': true}",
            "{'a' 'b'}",
            "{'a': 'b'",
            "{'a'}",
            "é",
        ] {
            assert!(read(body).is_err(), "{body}");
        }
    }

    /// As Python's `repr` does it: quotes of the kind that needs least escapes, and escapes for what isn't printable.
    fn python(value: &Value) -> String {
        match value {
            Value::Null => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => python_string(text),
            Value::Array(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
            Value::Object(fields) => {
                let field = |(key, value): (&String, _)| format!("{}: {}", python_string(key), python(value));
                format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn python_string(text: &str) -> String {
        let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
        let mut written = String::from(quote);
        for one in text.chars() {
            match (one, u32::from(one)) {
                ('\n', _) => written.push_str("\\n"),
                ('\r', _) => written.push_str("\\r"),
                ('\t', _) => written.push_str("\\t"),
                ('\\', _) => written.push_str("\\\\"),
                _ if one == quote => written.extend(['\\', one]),
                (_, code @ (0..0x20 | 0x7f..=0xa0 | 0xad)) => write!(written, "\\x{code:02x}").unwrap(),
                (_, code @ (0x2028..=0x202f | 0xe000..=0xf8ff | 0xfff0..=0xffff)) => {
                    write!(written, "\\u{code:04x}").unwrap();
                }
                (_, code @ 0xe0000..) => write!(written, "\\U{code:08x}").unwrap(),
                _ => written.push(one),
            }
        }
        written.push(quote);
        written
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|number| json!(number)),
            (-1_000_000..1_000_000_i32).prop_map(|number| json!(f64::from(number) / 64.0)),
            any::<String>().prop_map(Value::String),
            "[ -~\u{80}-\u{a0}\n\t'\"\\\\]{0,12}".prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_event_that_python_writes_is_the_event_it_had(value in value()) {
            prop_assert_eq!(read(&python(&value)).unwrap(), value);
        }

        #[test]
        fn no_text_is_misread_or_ends_the_function(text in any::<String>()) {
            let _ = read(&text);
        }
    }
}
