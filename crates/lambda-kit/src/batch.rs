//! Lists split into parts that fit a request.

/// Parts of at most this many items and, unless one item alone is larger, of at most this size.
pub fn split<T>(items: &[T], max_items: usize, max_size: usize, size_of: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut parts = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (index, item) in items.iter().enumerate() {
        let own = size_of(item);
        if index > start && (index - start == max_items || size + own > max_size) {
            parts.push(&items[start..index]);
            (start, size) = (index, 0);
        }
        size += own;
    }
    if start < items.len() {
        parts.push(&items[start..]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_all_of_a_batch_and_none_is_too_large(
            lengths in proptest::collection::vec(0_usize..300, 0..60), most in 1_usize..10, bytes in 1_usize..500,
        ) {
            let parts = split(&lengths, most, bytes, |length| 1 + length);
            prop_assert_eq!(parts.concat(), lengths.clone());
            for part in parts {
                let size: usize = part.iter().map(|length| 1 + length).sum();
                prop_assert!((1..=most).contains(&part.len()) && (part.len() == 1 || size <= bytes));
            }
        }
    }
}
