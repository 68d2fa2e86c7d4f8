//! `logs`: what a service has written.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::service::Service;
use crate::output;
use crate::project::Project;

const POLL: Duration = Duration::from_millis(200);

/// Prints the last lines of a service's log, and what is added if `follow` says so.
///
/// # Errors
///
/// When there is no log yet.
pub fn logs(project: &Project, service: Service, lines: usize, follow: bool) -> Result<ExitCode> {
    let path = service.log(project);
    let open = || File::open(&path);
    let mut file = open().with_context(|| {
        format!("no log of the {service} at '{}': has `lambench local start` run?", path.display())
    })?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    if !output::write(last_lines(&text, lines).as_bytes())? {
        return Ok(ExitCode::SUCCESS);
    }
    if !follow {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        thread::sleep(POLL);
        // A restarted emulator starts a new log.
        if fs::metadata(&path)?.len() < file.stream_position()? {
            file = open()?;
            file.seek(SeekFrom::Start(0))?;
        }
        bytes.clear();
        file.read_to_end(&mut bytes)?;
        if !output::write(&bytes)? {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// The last `count` lines of a text.
pub fn last_lines(text: &str, count: usize) -> &str {
    let newlines = text.trim_end_matches('\n').rmatch_indices('\n');
    match count.checked_sub(1) {
        Some(skipped) => newlines.map(|(index, _)| &text[index + 1..]).nth(skipped).unwrap_or(text),
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn the_last_lines_of_a_log() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(last_lines("a\nb\nc", 1), "c");
        assert_eq!(last_lines("a\nb\n", 9), "a\nb\n");
        assert_eq!(last_lines("a\n", 0), "");
        assert_eq!(last_lines("", 3), "");
    }
}
