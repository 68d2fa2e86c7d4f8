//! From packed groups to the requests that put them together.

use crate::estimate::Estimate;
use crate::layout::{Entry, Layout};
use crate::packing::{Group, Rules, pack};
use crate::padded_headers::{PaddedHeaders, Slot};
use crate::plan::{CopySource, Object, Part, Piece, Plan};
use crate::rows::{Member, Place, rows};
use crate::{Limits, PlanError};

/// The plan that brings entries together by these rules.
///
/// # Errors
/// [`PlanError`] if S3 has no room for the archive.
pub fn plan(entries: Vec<Entry>, rules: &Rules, limits: &Limits) -> Result<Plan, PlanError> {
    let (groups, rest) = pack(&entries, rules);
    let order = groups.iter().flat_map(entries_of).chain(rest.iter().copied()).collect();
    let layout = Layout::new(entries, order, limits)?;
    let mut assembly = Assembly {
        layout,
        limits,
        padded_headers: PaddedHeaders::new(limits.min_part),
        temporaries: Vec::new(),
        parts: Vec::new(),
    };
    for (group, place) in groups.iter().zip(assembly.places(&groups, rules)) {
        match place {
            Some(place) => assembly.copy_from_row(group, place),
            None => assembly.group(group),
        }
    }
    assembly.padded_headers.close(&mut assembly.temporaries);
    let last: Vec<_> = rest.into_iter().flat_map(|entry| assembly.sent(entry)).chain([Piece::End]).collect();
    let archive = if assembly.parts.is_empty() {
        Object::Put(last)
    } else {
        assembly.fold();
        assembly.parts.push(Part::Upload(last));
        Object::Parts(assembly.parts)
    };
    if let Object::Parts(parts) = &archive
        && parts.len() > limits.max_parts
    {
        return Err(PlanError::TooManyParts { parts: parts.len(), max: limits.max_parts });
    }
    let Assembly { layout, temporaries, .. } = assembly;
    Ok(Plan { layout, temporaries, archive, estimate: Estimate::default() })
}

fn entries_of(group: &Group) -> Vec<usize> {
    match group {
        Group::Pair { large, small } => vec![*large, *small],
        Group::Twins(first, second) => vec![*first, *second],
        Group::Alone(entry) | Group::Borrower { entry, .. } => vec![*entry],
        Group::Chain(entries) | Group::Pack(entries) => entries.clone(),
    }
}

struct Assembly<'a> {
    layout: Layout,
    limits: &'a Limits,
    padded_headers: PaddedHeaders,
    temporaries: Vec<Object>,
    /// The archive's, so far.
    parts: Vec<Part>,
}

impl Assembly<'_> {
    fn size(&self, entry: usize) -> u64 {
        self.layout.entries()[entry].size
    }

    fn group(&mut self, group: &Group) {
        match group {
            Group::Pair { large, small } => self.pair(*large, *small),
            Group::Alone(entry) => {
                let body = self.content(*entry);
                self.behind_header(*entry, body);
            }
            Group::Twins(first, second) => {
                let mut body = self.content(*first);
                body.push(Part::Upload(vec![Piece::Header(*second)]));
                self.behind_header(*first, body);
                let content = self.content(*second);
                self.parts.extend(content);
            }
            Group::Chain(entries) => self.chain(entries),
            Group::Borrower { entry, lender, borrowed } => self.borrower(*entry, *lender, *borrowed),
            Group::Pack(entries) => {
                let pieces = entries.iter().flat_map(|&entry| self.sent(entry)).collect();
                self.parts.push(Part::Upload(pieces));
            }
        }
    }

    /// Puts the large objects of groups into rows, if the rules want it; none of a group that needs no row.
    fn places(&mut self, groups: &[Group], rules: &Rules) -> Vec<Option<Place>> {
        let member = |group: &Group| match *group {
            Group::Pair { large, small } => Some(Member { entry: large, follower: Some(small) }),
            Group::Twins(first, second) => Some(Member { entry: first, follower: Some(second) }),
            // One that its header makes large enough is no part by itself.
            Group::Alone(entry) if self.size(entry) >= self.limits.min_part => {
                Some(Member { entry, follower: None })
            }
            _ => None,
        };
        let members: Vec<_> = groups.iter().map(|group| member(group).filter(|_| rules.rows)).collect();
        let in_rows: Vec<_> = members.iter().flatten().copied().collect();
        let mut places = rows(&self.layout, self.limits, &in_rows, &mut self.temporaries).into_iter();
        members.into_iter().map(|member| member.and_then(|_| places.next())).collect()
    }

    /// A group whose first entry stands in a row, between its header and that of the second entry.
    fn copy_from_row(&mut self, group: &Group, Place { source, range }: Place) {
        let mut parts = self.limits.copies(source, range);
        match *group {
            Group::Pair { small, .. } => {
                parts.extend(self.content(small));
                let bytes = parts.iter().map(|part| self.bytes(part)).sum();
                let joined = self.temporary(Object::Parts(parts));
                parts = self.limits.copies(joined, 0..bytes);
            }
            Group::Twins(_, second) => parts.extend(self.content(second)),
            _ => {}
        }
        self.parts.extend(parts);
    }

    /// The small object's header is put behind the large object, both behind the large one's header, the small object
    /// last. So the small one's header needs no slot of a padded object, and what that waits for, the small one doesn't wait for.
    fn pair(&mut self, large: usize, small: usize) {
        let mut with_header = self.content(large);
        with_header.push(Part::Upload(vec![Piece::Header(small)]));
        let with_header = self.temporary(Object::Parts(with_header));
        let bytes = self.size(large) + self.layout.header_bytes(small);
        let mut body = self.limits.copies(with_header, 0..bytes);
        body.extend(self.content(small));
        self.behind_header(large, body);
    }

    /// Puts `body` behind its first entry's header, and both into the archive.
    fn behind_header(&mut self, entry: usize, body: Vec<Part>) {
        let header = self.layout.header_bytes(entry);
        let slot = self.padded_headers.add(vec![Piece::Header(entry)], header, &mut self.temporaries);
        self.behind(&slot, body, header);
    }

    /// Puts `body` behind a slot; the last `used` bytes of the slot and the body go into the archive.
    fn behind(&mut self, slot: &Slot, body: Vec<Part>, used: u64) {
        let (source, end) = self.behind_slot(slot, body);
        let parts = self.limits.copies(source, self.limits.min_part - used..end);
        self.parts.extend(parts);
    }

    /// A temporary object of a slot and a body, and its size.
    fn behind_slot(&mut self, slot: &Slot, body: Vec<Part>) -> (CopySource, u64) {
        let end = self.limits.min_part + body.iter().map(|part| self.bytes(part)).sum::<u64>();
        let header = Part::Copy { source: CopySource::Temporary(slot.object), range: slot.range.clone() };
        (self.temporary(Object::Parts(std::iter::once(header).chain(body).collect())), end)
    }

    fn chain(&mut self, entries: &[usize]) {
        let link = |&entry: &usize| {
            let header = self.layout.header_bytes(entry);
            let slot = self.padded_headers.add(vec![Piece::Header(entry)], header, &mut self.temporaries);
            let content = self.content(entry);
            let (source, end) = self.behind_slot(&slot, content);
            (source, self.limits.min_part - header, end)
        };
        let links: Vec<_> = entries.iter().map(link).collect();
        let Some((&(mut joined, start, mut end), others)) = links.split_first() else { return };
        for (next, next_start, next_end) in others {
            let mut parts = self.limits.copies(joined, 0..end);
            parts.extend(self.limits.copies(*next, *next_start..*next_end));
            joined = self.temporary(Object::Parts(parts));
            end += next_end - next_start;
        }
        let parts = self.limits.copies(joined, start..end);
        self.parts.extend(parts);
    }

    fn borrower(&mut self, entry: usize, lender: usize, borrowed: u64) {
        // The lender's last bytes come from here instead.
        if let Some(Part::Copy { range, .. }) = self.parts.last_mut() {
            range.end -= borrowed;
        }
        let size = self.size(lender);
        let tail = Piece::Body { entry: lender, range: size - borrowed..size };
        let bytes = borrowed + self.layout.header_bytes(entry);
        let slot = self.padded_headers.add(vec![tail, Piece::Header(entry)], bytes, &mut self.temporaries);
        let content = self.content(entry);
        self.behind(&slot, content, bytes);
    }

    fn temporary(&mut self, object: Object) -> CopySource {
        self.temporaries.push(object);
        CopySource::Temporary(self.temporaries.len() - 1)
    }

    fn sent(&self, entry: usize) -> [Piece; 2] {
        [Piece::Header(entry), Piece::Body { entry, range: 0..self.size(entry) }]
    }

    /// An entry's content, copied from its source.
    fn content(&self, entry: usize) -> Vec<Part> {
        self.limits.copies(CopySource::Entry(entry), 0..self.size(entry))
    }

    /// Joins neighbouring parts in temporary objects if the archive would have more parts than S3 takes.
    fn fold(&mut self) {
        let room = self.limits.max_parts - 1;
        if self.parts.len() <= room {
            return;
        }
        let joined = self.parts.len().div_ceil(room);
        let parts = std::mem::take(&mut self.parts);
        for group in parts.chunks(joined) {
            let bytes = group.iter().map(|part| self.bytes(part)).sum();
            let source = self.temporary(Object::Parts(group.to_vec()));
            let copies = self.limits.copies(source, 0..bytes);
            self.parts.extend(copies);
        }
    }

    fn bytes(&self, part: &Part) -> u64 {
        self.layout.part_bytes(part)
    }
}
