//! Gates as `JUnit` XML, which CI systems show: <https://github.com/testmoapp/junitxml> collects what they read.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, Event};

use super::Report;

/// Writes a report to a file.
///
/// # Errors
/// If it cannot be written.
pub fn write(file: &Path, report: &Report) -> Result<()> {
    fs::write(file, xml(report)?).with_context(|| format!("cannot write {}", file.display()))
}

/// A test and what is wrong with it.
type Case<'a> = (&'a str, Option<String>);

fn xml(report: &Report) -> io::Result<Vec<u8>> {
    let cases = cases(report);
    let tests = cases.len().to_string();
    let failures = cases.iter().filter(|(_, failure)| failure.is_some()).count().to_string();
    let counts = [("tests", tests.as_str()), ("failures", failures.as_str())];
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites =
        writer.create_element("testsuites").with_attribute(("name", "lambench")).with_attributes(counts);
    suites.write_inner_content(|writer| {
        let suite = writer.create_element("testsuite").with_attribute(("name", report.suite.as_str()));
        suite.with_attributes(counts).write_inner_content(|writer| {
            cases.iter().try_for_each(|case| write_case(writer, &report.suite, case))
        })?;
        Ok(())
    })?;
    let mut xml = writer.into_inner();
    xml.push(b'\n');
    Ok(xml)
}

/// The checks, and each gate.
fn cases(report: &Report) -> Vec<Case<'_>> {
    let checks = match report.failed_checks.as_slice() {
        [] => None,
        failed => Some(failed.join("; ")),
    };
    let gates = report.gates.iter().map(|gate| {
        let failure = gate.missed.as_ref().map(|why| format!("{}, limit {}: {why}", gate.value, gate.limit));
        (gate.name.as_str(), failure)
    });
    std::iter::once(("checks", checks)).chain(gates).collect()
}

fn write_case(writer: &mut Writer<Vec<u8>>, suite: &str, (name, failure): &Case<'_>) -> io::Result<()> {
    let case = writer.create_element("testcase").with_attributes([("classname", suite), ("name", *name)]);
    match failure {
        None => case.write_empty()?,
        Some(message) => case.write_inner_content(|writer| {
            writer.create_element("failure").with_attribute(("message", message.as_str())).write_empty()?;
            Ok(())
        })?,
    };
    Ok(())
}
