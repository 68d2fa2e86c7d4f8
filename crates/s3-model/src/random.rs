//! Reproducible randomness: the n-th draw of a stream is a function of the seed, whoever asks and when.

/// The `n`-th draw of a stream: `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014)
/// at that place.
#[must_use]
pub fn draw(seed: u64, stream: u64, n: u64) -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let start = mix(mix(seed.wrapping_add(STEP)) ^ stream);
    mix(start.wrapping_add(n.wrapping_mul(STEP)))
}

/// The `n`-th draw of a stream, from 0 to below 1.
#[must_use]
pub fn uniform(seed: u64, stream: u64, n: u64) -> f64 {
    real(draw(seed, stream, n) >> 11) / real(1 << 53)
}

/// A stream's number from its name (FNV-1a): the order in which streams are made decides nothing.
#[must_use]
pub fn stream(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// As a real number.
#[expect(clippy::cast_precision_loss, reason = "bytes and draws are at most 2^53")]
#[must_use]
pub fn real(n: u64) -> f64 {
    n as f64
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_draws_and_another_gives_others() {
        let draws = |seed, stream| (0..100).map(|n| draw(seed, stream, n)).collect::<Vec<_>>();
        assert_eq!(draws(1, 2), draws(1, 2));
        assert_ne!(draws(1, 2), draws(2, 2));
        assert_ne!(draws(1, 2), draws(1, 3));
        assert_ne!(draws(1, 2), draws(2, 1));
    }

    #[test]
    fn draws_are_spread_evenly() {
        let mut tenths = [0_u32; 10];
        for n in 0..100_000 {
            let tenth = (0..10_u32).rfind(|tenth| uniform(7, 7, n) * 10.0 >= f64::from(*tenth)).unwrap();
            tenths[usize::try_from(tenth).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|count| (9_500..10_500).contains(count)), "{tenths:?}");
    }
}
