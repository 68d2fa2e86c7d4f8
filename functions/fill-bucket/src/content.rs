//! The source objects' content: random, and the same for the same seed on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// Uniform values summed for one normal one.
const UNIFORMS: u32 = 12;

/// One source object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The SHA-256 of `bytes`, as 64 lowercase hexadecimal digits.
    pub name: String,
    /// What the object holds.
    pub bytes: Vec<u8>,
}

/// Makes object `index` of the bucket that `seed` stands for; how many objects there are does not matter to
/// it.
#[must_use]
pub fn generate(seed: u64, index: u64, mean_bytes: u64) -> Content {
    let mut random = generator(seed, index);
    let bytes = size(&mut random, mean_bytes);
    filled(random, bytes)
}

/// The size of the object that [`generate`] makes.
#[must_use]
pub fn bytes(seed: u64, index: u64, mean_bytes: u64) -> u64 {
    size(&mut generator(seed, index), mean_bytes) as u64
}

/// Makes an object of so many bytes, other ones for each `seed` and `index`.
#[must_use]
pub fn exact(seed: u64, index: u64, bytes: usize) -> Content {
    filled(generator(seed, index), bytes)
}

fn filled(mut random: ChaCha8Rng, bytes: usize) -> Content {
    let mut bytes = vec![0; bytes];
    random.fill_bytes(&mut bytes);
    Content { name: sha256_hex(&bytes), bytes }
}

/// The SHA-256 of bytes, as 64 lowercase hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The largest object that `mean_bytes` allows, bytes.
#[must_use]
pub fn max_bytes(mean_bytes: u64) -> u64 {
    mean_bytes * 8 / 5
}

fn generator(seed: u64, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&index.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// A size from N(mean, mean/5), clamped to [0.4, 1.6] × mean.
///
/// The sum of twelve uniform values is normal enough (σ = 1, cut at six σ), and needs integers only:
/// logarithms differ between machines in the last bit, and one byte more or less would be another object.
fn size(random: &mut ChaCha8Rng, mean_bytes: u64) -> usize {
    let unit = i128::from(u32::MAX);
    let sum: i128 = (0..UNIFORMS).map(|_| i128::from(random.next_u32())).sum();
    let mean = i128::from(mean_bytes);
    let size = mean + mean * (sum - unit * i128::from(UNIFORMS / 2)) / (5 * unit);
    let clamped = size.clamp(mean * 2 / 5, mean * 8 / 5);
    usize::try_from(clamped).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use protocol::stats::Spread;

    use super::*;

    const MEAN: u64 = 5_000_000;

    fn sizes(mean: u64) -> Vec<f64> {
        #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
        (0..20_000).map(|index| size(&mut generator(7, index), mean) as f64).collect()
    }

    #[test]
    fn sizes_follow_the_normal_distribution_that_was_asked_for() {
        let sizes = sizes(MEAN);
        let Spread { mean, stddev, .. } = Spread::of(&sizes).unwrap();
        assert!((mean / 5e6 - 1.0).abs() < 0.01, "the mean is {mean}");
        assert!((stddev / 1e6 - 1.0).abs() < 0.03, "the standard deviation is {stddev}");
        let within = sizes.iter().filter(|size| (*size - 5e6).abs() < 1e6).count();
        assert!((13_300..14_000).contains(&within), "{within} of 20000 are within one σ, not 68.3 %");
    }

    #[test]
    fn no_size_leaves_the_limits_and_some_meet_them() {
        let sizes = sizes(MEAN);
        let Spread { min, max, .. } = Spread::of(&sizes).unwrap();
        assert_eq!((min, max), (2e6, 8e6));
        assert_eq!(max_bytes(MEAN), 8_000_000);
    }

    #[test]
    fn the_same_seed_gives_the_same_object_and_others_give_others() {
        let content = generate(1, 2, 1000);
        assert_eq!(content, generate(1, 2, 1000));
        assert_ne!(content.name, generate(1, 3, 1000).name);
        assert_ne!(content.name, generate(2, 2, 1000).name);
    }

    #[test]
    fn a_bucket_filled_by_an_earlier_release_stays_as_it_is() {
        let content = generate(42, 0, 1000);
        assert_eq!((content.bytes.len(), &content.name[..16]), (646, "82237fe9cd5a72be"));
    }

    #[test]
    fn a_size_is_known_without_the_content() {
        for index in 0..3 {
            assert_eq!(bytes(7, index, 10_000), generate(7, index, 10_000).bytes.len() as u64);
        }
    }

    #[test]
    fn the_name_is_the_sha_256_of_the_content() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
