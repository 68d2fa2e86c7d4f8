//! Who has the page open: at the run's end, each of them is to get the final one.

use std::sync::Arc;

use tokio::sync::watch;

/// Pages that are open at once, at most.
pub const MOST: usize = 16;

/// The open pages.
#[derive(Debug, Clone, Default)]
pub struct Readers(Arc<watch::Sender<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    /// Those that are told what happens.
    open: usize,
    /// Those that were told of the end.
    told: usize,
    /// How often the final page was fetched.
    served: usize,
}

/// A page that is told what happens, until this is dropped.
#[derive(Debug)]
pub struct Reader(Readers);

impl Readers {
    /// One more; none if there are too many.
    pub fn open(&self) -> Option<Reader> {
        let has_room = self.0.send_if_modified(|counts| {
            let has_room = counts.open < MOST;
            counts.open += usize::from(has_room);
            has_room
        });
        has_room.then(|| Reader(self.clone()))
    }

    /// Somebody has got the final page.
    pub fn is_served(&self) {
        self.0.send_modify(|counts| counts.served += 1);
    }

    /// Ends once everybody who had the page open has the final one.
    pub async fn all_served(&self) {
        let is_over = |counts: &Counts| counts.open == 0 && counts.served >= counts.told;
        // The sender lives as long as this does.
        let _ = self.0.subscribe().wait_for(is_over).await;
    }
}

impl Reader {
    /// It knows that the run has ended.
    pub fn is_told(&self) {
        self.0.0.send_modify(|counts| counts.told += 1);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.0.send_modify(|counts| counts.open -= 1);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn is_over(readers: &Readers) -> bool {
        readers.all_served().now_or_never().is_some()
    }

    #[test]
    fn everybody_who_was_told_of_the_end_gets_the_final_page_and_nobody_else_is_waited_for() {
        let readers = Readers::default();
        assert!(is_over(&readers), "nobody looks");
        let (told, closed) = (readers.open().unwrap(), readers.open().unwrap());
        drop(closed);
        assert!(!is_over(&readers), "it is not told yet");
        told.is_told();
        drop(told);
        assert!(!is_over(&readers), "it has not loaded the final page yet");
        readers.is_served();
        assert!(is_over(&readers));
    }

    #[test]
    fn there_is_a_limit_and_whoever_leaves_makes_room() {
        let readers = Readers::default();
        let mut all: Vec<_> = (0..MOST).map(|_| readers.open().unwrap()).collect();
        assert!(readers.open().is_none());
        all.pop();
        assert!(readers.open().is_some());
    }
}
