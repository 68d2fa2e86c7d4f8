//! Processes and threads, from `/proc`.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// A process id and a thread id.
pub type Thread = (i32, i32);

/// The process and all its living descendants; nothing if it has ended.
pub fn tree(pid: i32) -> Vec<i32> {
    let mut found = vec![pid];
    let mut visited = 0;
    while let Some(parent) = found.get(visited).copied() {
        let children = ids(&format!("/proc/{parent}/task")).into_iter().flat_map(|thread| {
            let children = fs::read_to_string(format!("/proc/{parent}/task/{thread}/children"));
            children
                .unwrap_or_default()
                .split_whitespace()
                .filter_map(|id| id.parse::<i32>().ok())
                .collect::<Vec<_>>()
        });
        found.extend(children);
        visited += 1;
    }
    if is_alive(pid) { found } else { Vec::new() }
}

/// The CPU time of each thread, ns: the first value of schedstat, <https://docs.kernel.org/scheduler/sched-stats.html>.
pub fn threads(tree: &[i32]) -> impl Iterator<Item = (Thread, u64)> {
    tree.iter().flat_map(|pid| {
        ids(&format!("/proc/{pid}/task")).into_iter().filter_map(move |thread| {
            let schedstat = fs::read_to_string(format!("/proc/{pid}/task/{thread}/schedstat")).ok()?;
            Some(((*pid, thread), schedstat.split_whitespace().next()?.parse().ok()?))
        })
    })
}

/// Sends a signal to each; those that have ended need none.
pub fn signal(tree: &[i32], signal: Signal) {
    for pid in tree.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        let _ = kill_process(pid, signal);
    }
}

/// Whether it has not ended; one that its parent has not collected has.
fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// The entries of a folder that are numbers.
fn ids(folder: &str) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}
