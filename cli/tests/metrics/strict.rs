//! A parser of OpenMetrics 1.0 text that takes nothing but what the specification allows:
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use std::collections::BTreeSet;

/// A line with a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The family's name and perhaps a suffix.
    pub name: String,
    /// With their values unescaped.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: f64,
    /// Seconds since 1970.
    pub at: f64,
}

/// What its metadata say of a family, and what is below them.
#[derive(Debug, Default)]
pub struct Family {
    pub name: String,
    pub kind: String,
    pub unit: Option<String>,
    pub help: Option<String>,
    pub samples: Vec<Sample>,
}

impl Sample {
    /// A label's value.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// What tells a series from others of its family.
    fn metric(&self) -> Vec<(String, String)> {
        self.labels.iter().filter(|(name, _)| name != "quantile").cloned().collect()
    }
}

/// All families; what is wrong with the text otherwise.
pub fn parse(text: &str) -> Result<Vec<Family>, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("it doesn't end with EOF")?;
    if body.contains('\r') || !(body.is_empty() || body.ends_with('\n')) {
        return Err("a line ends with something else".to_owned());
    }
    let mut families: Vec<Family> = Vec::new();
    for line in body.lines() {
        if let Some(metadata) = line.strip_prefix("# ") {
            describe(&mut families, metadata)?;
        } else {
            let family = families.last_mut().ok_or(format!("{line}: it has no family"))?;
            family.samples.push(sample(line).ok_or(format!("{line}: it doesn't follow the grammar"))?);
        }
    }
    families.iter().try_for_each(check)?;
    let names: BTreeSet<_> = families.iter().map(|family| &family.name).collect();
    if names.len() < families.len() {
        return Err("a family is there twice".to_owned());
    }
    Ok(families)
}

/// TYPE begins a family; UNIT and HELP come behind it, in this order.
fn describe(families: &mut Vec<Family>, metadata: &str) -> Result<(), String> {
    let mut words = metadata.splitn(3, ' ');
    let (what, name, says) =
        (words.next(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if !is_name(name, true) {
        return Err(format!("{name:?} is no name"));
    }
    if what == Some("TYPE") {
        families.push(Family { name: name.to_owned(), kind: says.to_owned(), ..Family::default() });
        return Ok(());
    }
    let family = families.last_mut().filter(|family| family.name == name && family.samples.is_empty());
    let family = family.ok_or(format!("{metadata}: it isn't where its family begins"))?;
    let place = match what {
        Some("UNIT") if family.help.is_none() => &mut family.unit,
        Some("HELP") => &mut family.help,
        _ => return Err(format!("{metadata}: it is no metadata, or too late")),
    };
    unescaped(says).ok_or(format!("{metadata}: it isn't escaped"))?;
    if place.replace(says.to_owned()).is_some() {
        return Err(format!("{metadata}: it is there twice"));
    }
    Ok(())
}

fn check(family: &Family) -> Result<(), String> {
    let Family { name, kind, unit, samples, .. } = family;
    let wrong = |what: &str| Err(format!("{name}: {what}"));
    if !["gauge", "info", "summary"].contains(&kind.as_str()) {
        return wrong("it is of another type than lambench has");
    }
    if unit.as_ref().is_some_and(|unit| !name.ends_with(&format!("_{unit}"))) {
        return wrong("its unit is no suffix of its name");
    }
    let suffix = if kind == "info" { "_info" } else { "" };
    let (mut seen, mut last): (BTreeSet<String>, Option<&Sample>) = (BTreeSet::new(), None);
    for sample in samples {
        let quantile = sample.label("quantile");
        if sample.name != format!("{name}{suffix}") || quantile.is_some() != (kind == "summary") {
            return wrong("a value has the name or the labels of another type");
        }
        let is_quantile = |text: &str| {
            text.contains('.') && text.parse().is_ok_and(|share: f64| (0.0..=1.0).contains(&share))
        };
        if quantile.is_some_and(|quantile| !is_quantile(quantile) || sample.value < 0.0) {
            return wrong("a quantile is none");
        }
        if kind == "info" && sample.value.total_cmp(&1.0).is_ne() {
            return wrong("an info isn't 1");
        }
        let names: BTreeSet<_> = sample.labels.iter().map(|(name, _)| name).collect();
        if names.len() < sample.labels.len() {
            return wrong("a label is there twice");
        }
        if !seen.insert(format!("{:?} {}", sample.labels, sample.at)) {
            return wrong("a value is there twice");
        }
        if let Some(last) = last {
            let is_same = last.metric() == sample.metric();
            if is_same && last.at > sample.at {
                return wrong("its times go back");
            }
            let metric = format!("metric {:?}", last.metric());
            if !is_same && (!seen.insert(metric) || seen.contains(&format!("metric {:?}", sample.metric()))) {
                return wrong("its series are interleaved");
            }
        }
        last = Some(sample);
    }
    Ok(())
}

/// `name{label="value"} number time`; the time is not left out.
fn sample(line: &str) -> Option<Sample> {
    let (name, rest) = line.split_once('{')?;
    let (labels, rest) = labels(rest)?;
    let (value, at) = rest.strip_prefix(' ')?.split_once(' ')?;
    let is_all = is_name(name, true) && is_real(value) && is_real(at);
    is_all.then(|| {
        Some(Sample { name: name.to_owned(), labels, value: value.parse().ok()?, at: at.parse().ok()? })
    })?
}

/// The labels up to their closing brace, and what follows.
fn labels(mut rest: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        let (name, behind) = rest.split_once("=\"")?;
        let end = closing_quote(behind)?;
        let is_allowed = is_name(name, false) && !name.starts_with('_');
        labels.push((name.to_owned(), unescaped(&behind[..end])?));
        rest = &behind[end + 1..];
        match (is_allowed, rest.as_bytes().first()?) {
            (true, b',') => rest = &rest[1..],
            (true, b'}') => return Some((labels, &rest[1..])),
            _ => return None,
        }
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(place, letter)| {
        let ends = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        ends.then_some(place)
    })
}

/// A text without its escapes; none if something is escaped that isn't to be, or isn't that is.
fn unescaped(text: &str) -> Option<String> {
    let mut letters = text.chars();
    let mut plain = String::new();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next()? {
                'n' => '\n',
                escaped @ ('"' | '\\') => escaped,
                _ => return None,
            },
            '"' => return None,
            other => other,
        });
    }
    Some(plain)
}

/// A metric's name may have colons, a label's none.
fn is_name(text: &str, has_colons: bool) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || (has_colons && c == ':');
    text.starts_with(is_first) && text.chars().all(|c| is_first(c) || c.is_ascii_digit())
}

/// Digits with a point in between, perhaps a sign before and an exponent behind.
fn is_real(text: &str) -> bool {
    let unsigned = |text: &str| text.strip_prefix(['-', '+']).unwrap_or(text).to_owned();
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = unsigned(text);
    let (mantissa, exponent) = number.split_once('e').unwrap_or((&number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    is_digits(whole) && is_digits(fraction) && is_digits(&unsigned(exponent))
}

#[test]
fn what_the_specification_forbids_is_refused() {
    let labeled = |label: &str, rest: &str| format!("# TYPE x gauge\nx{{{label}}} {rest}\n# EOF\n");
    assert!(parse(&labeled("a=\"b\"", "1.5e-7 10.000")).is_ok());
    for (label, rest) in [
        ("a=\"b", "1.0 10.000"),
        ("a=\"b\\c\"", "1.0 10.000"),
        ("a=\"b\",a=\"c\"", "1.0 10.000"),
        ("__a=\"b\"", "1.0 10.000"),
        ("a-b=\"b\"", "1.0 10.000"),
        ("a=\"b\"", "NaN 10.000"),
        ("a=\"b\"", "1.0"),
        ("a=\"b\"", "1,000.0 10.000"),
        ("a=\"b\",quantile=\"0.5\"", "1.0 10.000"),
    ] {
        assert!(parse(&labeled(label, rest)).is_err(), "{label} {rest}");
    }
    for text in [
        "# TYPE x gauge\n",
        "# TYPE x gauge\n# UNIT x seconds\n# EOF\n",
        "# TYPE x gauge\n# TYPE x gauge\n# EOF\n",
        "# TYPE x counter\n# EOF\n",
        "# TYPE x gauge\n# HELP x a\n# HELP x a\n# EOF\n",
        "# TYPE x gauge\nx{a=\"b\"} 1 1\nx{a=\"c\"} 1 1\nx{a=\"b\"} 1 2\n# EOF\n",
        "# TYPE x gauge\nx{a=\"b\"} 1 2\nx{a=\"b\"} 1 1\n# EOF\n",
        "# TYPE x info\nx_info{a=\"b\"} 2 1\n# EOF\n",
        "# TYPE x summary\nx{quantile=\"2.0\"} 2 1\n# EOF\n",
        "# comment\n# EOF\n",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}
