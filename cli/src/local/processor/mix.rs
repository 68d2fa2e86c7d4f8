//! A fixed mix of what functions spend CPU time on: TLS records, hashing, copying, small requests.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use rustix::time::{ClockId, clock_gettime};

/// What is measured changes with each version: times of different ones do not compare.
pub const VERSION: u32 = 1;

/// A TLS record's most, bytes.
const RECORD: usize = 16 << 10;
/// Records sealed, and as many opened: 96 MiB each.
const RECORDS: usize = 6 << 10;
/// Hashed, bytes.
const HASHED: usize = 64 << 20;
/// More than caches hold, bytes.
const COPIED: usize = 64 << 20;
const COPIES: usize = 4;
/// Requests over the loopback, and their size and that of their responses, bytes.
const REQUESTS: usize = 10_000;
const REQUEST: usize = 1 << 10;

/// How often each part is measured: a second or two in all.
const ROUNDS: u32 = 6;
const PARTS: [fn() -> Result<()>; 3] = [records, requests, || {
    hash();
    copy();
    Ok(())
}];

/// CPU time of the mix, all threads' and the kernel's included: the sum of each part's shortest, since what else runs on this
/// machine can only make it longer.
///
/// # Errors
/// If the loopback cannot be used.
pub fn cpu_time() -> Result<Duration> {
    let mut shortest = PARTS.map(|_| Duration::MAX);
    for _ in 0..ROUNDS {
        for (part, shortest) in PARTS.iter().zip(&mut shortest) {
            let start = used();
            part()?;
            *shortest = (*shortest).min(used().saturating_sub(start));
        }
    }
    Ok(shortest.iter().sum())
}

/// CPU time of this process so far.
fn used() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), u32::try_from(used.tv_nsec).unwrap_or_default())
}

fn records() -> Result<()> {
    encrypt().map_err(|_| anyhow!("cannot encrypt"))
}

fn encrypt() -> Result<(), Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &[7; 16])?);
    let nonce = || Nonce::assume_unique_for_key([3; 12]);
    let mut record = vec![0; RECORD];
    for _ in 0..RECORDS {
        record.truncate(RECORD);
        key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut record)?;
        black_box(key.open_in_place(nonce(), Aad::empty(), &mut record)?);
    }
    Ok(())
}

fn hash() {
    black_box(digest(&SHA256, &vec![1; HASHED]));
}

fn copy() {
    let (from, mut to) = (vec![1_u8; COPIED], vec![0; COPIED]);
    for _ in 0..COPIES {
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
    }
}

fn requests() -> Result<()> {
    exchange().context("cannot measure requests over the loopback")
}

/// One after the other on one connection, as a client with keep-alive sends them. Both ends are this thread's: two threads'
/// time would depend on the processors that they run on, by a factor of two.
fn exchange() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let (mut server, _) = listener.accept()?;
    [&client, &server].into_iter().try_for_each(|stream| stream.set_nodelay(true))?;
    let (mut request, mut response) = ([1; REQUEST], [0; REQUEST]);
    for _ in 0..REQUESTS {
        client.write_all(&request)?;
        server.read_exact(&mut response)?;
        server.write_all(&response)?;
        client.read_exact(&mut request)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_takes_cpu_time() {
        let took = cpu_time().unwrap();
        assert!(Duration::from_millis(10) < took && took < Duration::from_mins(1), "{took:?}");
    }
}
