//! Which entries travel together.

use std::collections::VecDeque;

use crate::layout::{Entry, header_bytes};

/// Entries joined one after the other; each takes two more requests' time than the one before.
const MAX_CHAIN: usize = 4;

/// Entries that stand side by side in the archive and are put together at once.
///
/// A *large* object can be a part by itself, a *small* one cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// A large object and a small one, put together in one temporary object.
    Pair {
        /// The large one, in front.
        large: usize,
        /// The small one.
        small: usize,
    },
    /// An object that is large enough with its header: one temporary object.
    Alone(usize),
    /// Two large objects: one temporary object has the first and the second's header, the second's content needs none.
    Twins(usize, usize),
    /// Small objects which are large enough together: each is put behind its header, and then behind the others.
    Chain(Vec<usize>),
    /// A small object behind the last bytes of the entry before it, which are sent with its header: together they are large
    /// enough.
    Borrower {
        /// The small object.
        entry: usize,
        /// The entry before it.
        lender: usize,
        /// Bytes of the lender that are sent with the borrower's header.
        borrowed: u64,
    },
    /// Objects that the function reads and sends, in one part.
    Pack(Vec<usize>),
}

/// How entries may be brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Smallest part, bytes.
    pub min_part: u64,
    /// Objects up to this size are sent, not copied, bytes.
    pub max_sent: u64,
    /// A pack with so many bytes is full; at least `min_part`.
    pub pack: u64,
    /// Bytes that small objects may borrow from the entries before them, all together.
    pub max_borrowed: u64,
    /// Whether large objects stand in rows, which takes fewer requests but one more step: see the crate.
    pub rows: bool,
}

/// The groups in the order of the archive, and the entries left over for its last part: together they are too small for
/// a part of their own.
#[must_use]
pub fn pack(entries: &[Entry], rules: &Rules) -> (Vec<Group>, Vec<usize>) {
    let mut sort = Sort::new(entries, rules);
    let mut groups = sort.pairs();
    let large_enough = sort.large_enough();
    let borrowers = sort.borrowers(groups.len());
    groups.extend(sort.chains());
    groups.extend(large_enough);
    groups.extend(sort.large_ones());
    let mut groups = sort.assign_lenders(groups, borrowers);
    let rest = sort.packs(&mut groups);
    (groups, rest)
}

struct Sort<'a> {
    entries: &'a [Entry],
    rules: &'a Rules,
    /// By bytes.
    large: VecDeque<usize>,
    /// By bytes, so that those which lack least are together whatever the lengths of their names.
    small: VecDeque<usize>,
    sent: Vec<usize>,
}

impl<'a> Sort<'a> {
    fn new(entries: &'a [Entry], rules: &'a Rules) -> Self {
        let mut by_bytes: Vec<usize> = (0..entries.len()).collect();
        by_bytes.sort_by_key(|&entry| bytes(&entries[entry]));
        let (sent, copied): (Vec<_>, Vec<_>) =
            by_bytes.into_iter().partition(|&entry| entries[entry].size <= rules.max_sent);
        let (small, large): (Vec<_>, Vec<_>) =
            copied.into_iter().partition(|&entry| entries[entry].size < rules.min_part);
        Self { entries, rules, large: large.into(), small: small.into(), sent }
    }

    fn bytes(&self, entry: usize) -> u64 {
        bytes(&self.entries[entry])
    }

    /// What an entry lacks to be a part, bytes.
    fn lacks(&self, entry: usize) -> u64 {
        self.rules.min_part.saturating_sub(self.bytes(entry))
    }

    /// The smallest objects, which lack most, go with large ones.
    fn pairs(&mut self) -> Vec<Group> {
        let count = self.large.len().min(self.small.len());
        let large = self.large.drain(..count);
        large.zip(self.small.drain(..count)).map(|(large, small)| Group::Pair { large, small }).collect()
    }

    /// Small objects that are large enough with their header.
    fn large_enough(&mut self) -> Vec<Group> {
        let from = self.small.partition_point(|&entry| self.lacks(entry) > 0);
        self.small.drain(from..).map(Group::Alone).collect()
    }

    /// The largest small objects, which lack least. Each needs a lender of its own: a pair, or a chain of
    /// those that do not borrow.
    fn borrowers(&mut self, pairs: usize) -> Vec<usize> {
        let mut borrowers = Vec::new();
        let mut borrowed = 0;
        while let Some(&entry) = self.small.back() {
            let chains = (self.small.len() - 1) / 2;
            borrowed += self.lacks(entry);
            if borrowed > self.rules.max_borrowed || borrowers.len() + 1 > pairs + chains {
                break;
            }
            borrowers.push(entry);
            self.small.pop_back();
        }
        borrowers
    }

    /// The largest with the smallest, until they are large enough; those that never are get sent.
    fn chains(&mut self) -> Vec<Group> {
        let mut chains = Vec::new();
        while let Some(first) = self.small.pop_back() {
            let (mut chain, mut bytes) = (vec![first], self.bytes(first));
            while bytes < self.rules.min_part && chain.len() < MAX_CHAIN {
                let Some(next) = self.small.pop_front() else { break };
                chain.push(next);
                bytes += self.bytes(next);
            }
            if bytes < self.rules.min_part {
                self.sent.extend(chain);
            } else {
                chains.push(Group::Chain(chain));
            }
        }
        chains
    }

    fn large_ones(&mut self) -> Vec<Group> {
        let large: Vec<_> = self.large.drain(..).collect();
        let group = |pair: &[usize]| match *pair {
            [first, second] => Group::Twins(first, second),
            _ => Group::Alone(pair[0]),
        };
        large.chunks(2).map(group).collect()
    }

    /// Puts each borrower behind a group that has bytes to lend: those with the longest last entry first.
    fn assign_lenders(&mut self, groups: Vec<Group>, borrowers: Vec<usize>) -> Vec<Group> {
        let lender = |(place, group): (usize, &Group)| {
            let (last, bytes) = match group {
                Group::Pair { large, small } => (*small, self.bytes(*large) + self.bytes(*small)),
                Group::Chain(chain) => {
                    (chain[chain.len() - 1], chain.iter().map(|&entry| self.bytes(entry)).sum())
                }
                _ => return None,
            };
            // Never all of it: an object that is sent as a whole is read for its CRC, and this one is copied too.
            let lends = (self.entries[last].size - 1).min(bytes - self.rules.min_part);
            (lends > 0).then_some((lends, place, last))
        };
        let mut lenders: Vec<_> = groups.iter().enumerate().filter_map(lender).collect();
        lenders.sort_unstable();
        let mut borrower_behind = vec![None; groups.len()];
        // The borrowers that lack most meet the lenders that lend most.
        for entry in borrowers.into_iter().rev() {
            let borrowed = self.lacks(entry);
            match lenders.pop() {
                Some((lends, place, lender)) if lends >= borrowed => {
                    borrower_behind[place] = Some(Group::Borrower { entry, lender, borrowed });
                }
                _ => self.sent.push(entry),
            }
        }
        groups
            .into_iter()
            .zip(borrower_behind)
            .flat_map(|(group, borrower)| std::iter::once(group).chain(borrower))
            .collect()
    }

    /// Fills packs with what is sent, the largest first, so that what is left over is little.
    fn packs(&mut self, groups: &mut Vec<Group>) -> Vec<usize> {
        self.sent.sort_by_key(|&entry| std::cmp::Reverse(self.entries[entry].size));
        let (mut pack, mut bytes) = (Vec::new(), 0);
        for &entry in &self.sent {
            pack.push(entry);
            bytes += self.bytes(entry);
            if bytes >= self.rules.pack {
                groups.push(Group::Pack(std::mem::take(&mut pack)));
                bytes = 0;
            }
        }
        pack
    }
}

/// An entry's header and content, bytes.
fn bytes(entry: &Entry) -> u64 {
    header_bytes(entry) + entry.size
}

#[cfg(test)]
mod tests;
