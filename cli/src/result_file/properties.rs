//! Files that no `lambench run` wrote: each is refused or shown, whatever stands in it. `PROPTEST_CASES` tries more.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use super::*;
use crate::scenario::archive::rank_by::RankBy;
use crate::scenario::{headline, metrics, out};
use crate::{csv, html, layout, show};

const FILES: [&str; 6] = [
    "tests/aurora-result.json",
    "tests/v1/archive.json",
    "tests/v1/aurora.json",
    "tests/v1/pipeline.json",
    "tests/v1/s3-read.json",
    "tests/v1/splitter.json",
];

/// What takes the place of a value.
#[derive(Debug, Clone)]
enum Change {
    With(Value),
    Removed,
    /// A list's values so often, one after the other; of a number, its multiple.
    Times(u32),
    /// The value that stands somewhere else.
    As(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let values = vec![
        json!(0),
        json!(-1),
        json!(-0.0),
        json!(1),
        json!(u64::MAX),
        json!(9_007_199_254_740_991_u64),
        json!(i64::MIN),
        json!(f64::MAX),
        json!(9e15),
        json!(f64::MIN_POSITIVE),
        Value::Null,
        json!(true),
        json!(""),
        json!("<script>alert(1)</script>\u{1b}[31m\u{202e}|\n"),
        json!([]),
        json!({}),
    ];
    prop_oneof![
        6 => select(values).prop_map(Change::With),
        2 => Just(Change::Removed),
        2 => (0..200_u32).prop_map(Change::Times),
        2 => any::<Index>().prop_map(Change::As),
    ]
}

/// The places of all values, as JSON pointers.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(index, value)| pointers(value, &format!("{at}/{index}"), found));
        }
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(value, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

impl Change {
    fn make(&self, whole: &mut Value, at: Index) {
        let mut places = Vec::new();
        pointers(whole, "", &mut places);
        let place: &String = at.get(&places);
        let value = match self {
            Self::With(value) => value.clone(),
            Self::As(other) => {
                let other: &String = other.get(&places);
                whole.pointer(other).cloned().unwrap()
            }
            Self::Times(times) => match whole.pointer(place).unwrap() {
                Value::Array(values) => {
                    Value::Array((0..*times).flat_map(|_| values.iter().cloned()).take(5_000).collect())
                }
                Value::Number(number) => json!(number.as_f64().unwrap() * f64::from(*times)),
                other => other.clone(),
            },
            Self::Removed => {
                let (parent, name) = place.rsplit_once('/').unwrap_or_default();
                if let Some(Value::Object(members)) = whole.pointer_mut(parent) {
                    members.remove(&name.replace("~1", "/").replace("~0", "~"));
                }
                return;
            }
        };
        *whole.pointer_mut(place).unwrap() = value;
    }
}

/// Everything that commands show of one result.
fn show_all(result: &RunResult) {
    for rank_by in [RankBy::LambdaPrice, RankBy::TotalPrice, RankBy::Time] {
        let text = show::render_ranked(result, rank_by);
        layout::lay_out(&text);
    }
    csv::render(result).unwrap();
    let folder = tempfile::tempdir().unwrap();
    html::write(&folder.path().join("page.html"), std::slice::from_ref(result)).unwrap();
    let _ = (headline(result), metrics(result), out(result));
}

proptest! {
    #![proptest_config(test_kit::cases(200))]

    #[test]
    fn a_file_is_refused_or_shown(
        file in select(&FILES[..]),
        changes in vec((any::<Index>(), change()), 1..6),
    ) {
        let mut value = serde_json::to_value(read(Path::new(file)).unwrap()).unwrap();
        for (at, change) in &changes {
            change.make(&mut value, *at);
        }
        if let Ok(result) = of(value) {
            show_all(&result);
        }
    }

    #[test]
    fn a_file_of_the_first_schema_is_refused_or_upgraded(
        file in select(&FILES[1..]),
        changes in vec((any::<Index>(), change()), 1..6),
    ) {
        let mut value: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        for (at, change) in &changes {
            change.make(&mut value, *at);
        }
        if let Ok(result) = of(upgrade(value)) {
            show_all(&result);
        }
    }

    #[test]
    fn any_json_with_a_version_is_refused(version in 0..3_u32, name in ".*", number in any::<f64>()) {
        let members = Map::from_iter([("schema_version".to_owned(), json!(version)), (name, json!(number))]);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("result.json");
        fs::write(&file, Value::Object(members).to_string()).unwrap();
        prop_assert!(read(&file).is_err());
    }
}
