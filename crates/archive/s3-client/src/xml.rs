//! The few fields of S3's answers that are needed. S3 writes them without attributes and without nesting of equal names.

use std::borrow::Cow;

/// The text of the first element of this name.
pub fn text<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    all(xml, name).next()
}

/// The contents of all elements of this name.
pub fn all<'a>(xml: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (_, behind) = rest.split_once(&open)?;
        let (inner, after) = behind.split_once(&close)?;
        rest = after;
        Some(inner)
    })
}

/// Text with its entities resolved.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        resolved.push_str(before);
        let entity = behind.split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        if let Some((character, after)) = entity {
            resolved.push(character);
            rest = after;
        } else {
            resolved.push('&');
            rest = behind;
        }
    }
    resolved.push_str(rest);
    Cow::Owned(resolved)
}

fn character(entity: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match entity.strip_prefix("#x") {
            Some(digits) => number(digits, 16),
            None => number(entity.strip_prefix('#')?, 10),
        },
    }
}

/// Text as it stands in an element. Line breaks are references: a reader of XML would make one LF of each CR.
pub fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    text.replace('\r', "&#13;").replace('\n', "&#10;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_resolved() {
        let xml = "<R><Key>a &amp;&#xe9;&#10;&lt;</Key><ETag>&quot;1&quot;</ETag><Key>b</Key></R>";
        assert_eq!(all(xml, "Key").map(unescape).collect::<Vec<_>>(), ["a &é\n<", "b"]);
        assert_eq!(unescape(text(xml, "ETag").unwrap()), "\"1\"");
        assert_eq!(text(xml, "Size"), None);
    }

    #[test]
    fn what_is_no_entity_stays() {
        assert_eq!(unescape("a & b &nope; &#xfffffff;"), "a & b &nope; &#xfffffff;");
        assert_eq!(unescape(&escape("<\"&'>\r\n")), "<\"&'>\r\n");
        assert_eq!(escape("a\r\n"), "a&#13;&#10;");
    }
}
