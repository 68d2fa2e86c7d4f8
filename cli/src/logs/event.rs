//! One log event, as it is printed.

use jiff::Timestamp;
use serde_json::json;

use super::functions::Function;

/// What a function has written at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, ms since 1970.
    pub at_ms: i64,
    /// The log stream: one for each execution environment.
    pub stream: String,
    /// One line, or several.
    pub message: String,
}

/// How events are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Time and message.
    Plain,
    /// With the function's name in a scenario, in a column of this width.
    Named(usize),
    /// With the scenario and the function's name, in a column of this width.
    Full(usize),
    /// An object per line.
    Json,
}

impl Format {
    /// What tells the events of these functions apart.
    pub fn of(functions: &[Function], json: bool) -> Self {
        let longest = |name: fn(&Function) -> usize| functions.iter().map(name).max().unwrap_or_default();
        match functions {
            _ if json => Self::Json,
            [_] => Self::Plain,
            [first, rest @ ..] if rest.iter().all(|one| one.scenario == first.scenario) => {
                Self::Named(longest(|one| one.name.len()))
            }
            _ => Self::Full(longest(|one| one.to_string().len())),
        }
    }

    /// An event of a function, without a line break at its end.
    pub fn line(self, function: &Function, event: &Event) -> String {
        let time = time(event.at_ms);
        let message = event.message.trim_end();
        match self {
            Self::Plain => format!("{time} {message}"),
            Self::Named(width) => format!("{:width$} {time} {message}", function.name),
            Self::Full(width) => format!("{:width$} {time} {message}", function.to_string()),
            Self::Json => json!({
                "time": time,
                "scenario": function.scenario,
                "function": function.name,
                "log_stream": event.stream,
                "message": message,
            })
            .to_string(),
        }
    }
}

/// A time in UTC, to the millisecond.
pub fn time(at_ms: i64) -> String {
    let time = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(scenario: &str, name: &str) -> Function {
        Function { scenario: scenario.to_owned(), name: name.to_owned(), log_group: String::new() }
    }

    #[test]
    fn a_line_says_as_much_of_its_function_as_tells_it_from_the_others() {
        let event = Event {
            at_ms: 1_764_498_403_120,
            stream: "2026/[$LATEST]1".to_owned(),
            message: "END\n".to_owned(),
        };
        let [one, other, third] = [("pipeline", "tally"), ("pipeline", "upstream"), ("aurora", "tally")]
            .map(|(a, b)| function(a, b));
        let line = |functions: &[Function], json| Format::of(functions, json).line(&one, &event);
        let functions = [one.clone(), other, third];
        assert_eq!(line(&functions[..1], false), "2025-11-30T10:26:43.120Z END");
        assert_eq!(line(&functions[..2], false), "tally    2025-11-30T10:26:43.120Z END");
        assert_eq!(line(&functions, false), "pipeline/tally    2025-11-30T10:26:43.120Z END");
        let object: serde_json::Value = serde_json::from_str(&line(&functions, true)).unwrap();
        let expected = json!({
            "time": "2025-11-30T10:26:43.120Z", "scenario": "pipeline", "function": "tally",
            "log_stream": "2026/[$LATEST]1", "message": "END",
        });
        assert_eq!(object, expected);
    }
}
