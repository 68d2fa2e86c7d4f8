//! Objects are never held: a batch of large ones needs no more memory than one of small ones. It measures its own process, in
//! which nothing else may run.

#[path = "all/support/mod.rs"]
mod support;

use protocol::s3_read::HashAlgorithm;
use support::server::Answer;
use support::{VARIANTS, World};

/// Each of ten objects that are read at once: 260 MB together.
const SIZE: usize = 26_000_000;
/// What a reader may take, kB; here the server is in the same process.
const MOST_KB: u64 = 40 * 1024;

#[tokio::test]
async fn the_largest_objects_fit_in_the_smallest_function() {
    for variant in VARIANTS {
        let world = World::with(variant, HashAlgorithm::Crc32, 10).await;
        let keys: Vec<_> = (0..10).map(|number| format!("big-{number}")).collect();
        for key in &keys {
            world.server.put(key, &[Answer::Generated(SIZE)]);
        }
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        assert!(world.read(&keys).await.is_empty(), "{:?}", world.aws.reasons());
        let size = world.aws.item(&format!("run-1#{variant}"), "big-9")["Filesize"]["N"].clone();
        assert_eq!(size, SIZE.to_string());
        let peak = peak_kb();
        println!("{variant}: peak {peak} kB");
        assert!(peak <= MOST_KB, "{variant}: {peak} kB");
    }
}

/// The most memory that this process has had, kB.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
