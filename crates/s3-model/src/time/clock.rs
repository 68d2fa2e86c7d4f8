//! Alarms that go off within a tenth of a millisecond.
//!
//! tokio's timers are a millisecond or two late: over 200 requests of 30 ms that alone would be 5 %. A thread that sleeps
//! until the next alarm wakes within the kernel's timer slack (50 µs).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use tokio::time::Instant;

/// Where alarms come from; clones are the same clock.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    Thread(Arc<Owner>),
    /// tokio's timers, which tests can pause.
    #[cfg(test)]
    Tokio,
}

/// Its end is the thread's end.
struct Owner(Arc<Queue>);

#[derive(Default)]
struct Queue {
    alarms: Mutex<Alarms>,
    changed: Condvar,
}

#[derive(Default)]
struct Alarms {
    set: BinaryHeap<Reverse<Set>>,
    over: bool,
}

struct Set {
    at: Instant,
    waker: Waker,
}

impl Clock {
    /// Starts a clock's thread.
    ///
    /// # Errors
    /// When the operating system has no thread left.
    pub fn start() -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let owner = Owner(Arc::clone(&queue));
        thread::Builder::new().name("clock".to_owned()).spawn(move || queue.run())?;
        Ok(Self(Source::Thread(Arc::new(owner))))
    }

    /// A clock that goes by tokio's time.
    #[cfg(test)]
    pub(crate) fn of_tokio() -> Self {
        Self(Source::Tokio)
    }

    /// An alarm at a time.
    #[must_use]
    pub fn at(&self, time: Instant) -> Alarm {
        Alarm(match &self.0 {
            Source::Thread(owner) => Kind::Thread { queue: Arc::clone(&owner.0), time, waker: None },
            #[cfg(test)]
            Source::Tokio => Kind::Tokio(Box::pin(tokio::time::sleep_until(time))),
        })
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().over = true;
        self.0.changed.notify_one();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Alarms> {
        // No code that holds it panics half way.
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut alarms = self.lock();
        while !alarms.over {
            let now = Instant::now();
            let mut due = Vec::new();
            while alarms.set.peek().is_some_and(|Reverse(next)| next.at <= now) {
                due.extend(alarms.set.pop().map(|Reverse(next)| next.waker));
            }
            if !due.is_empty() {
                drop(alarms);
                due.into_iter().for_each(Waker::wake);
                alarms = self.lock();
                continue;
            }
            alarms = match alarms.set.peek() {
                Some(Reverse(next)) => {
                    let left = next.at - now;
                    self.changed.wait_timeout(alarms, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(alarms).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn set(&self, at: Instant, waker: Waker) {
        let mut alarms = self.lock();
        let is_next = alarms.set.peek().is_none_or(|Reverse(next)| at < next.at);
        alarms.set.push(Reverse(Set { at, waker }));
        drop(alarms);
        if is_next {
            self.changed.notify_one();
        }
    }
}

impl PartialEq for Set {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Set {}

impl PartialOrd for Set {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Set {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

/// Done at its time, or immediately if that has passed.
pub struct Alarm(Kind);

enum Kind {
    Thread {
        queue: Arc<Queue>,
        time: Instant,
        /// Who is to be woken already.
        waker: Option<Waker>,
    },
    #[cfg(test)]
    Tokio(Pin<Box<tokio::time::Sleep>>),
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Kind::Thread { time, .. } if *time <= Instant::now() => Poll::Ready(()),
            Kind::Thread { queue, time, waker } => {
                if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                    *waker = Some(context.waker().clone());
                    queue.set(*time, context.waker().clone());
                }
                Poll::Pending
            }
            #[cfg(test)]
            Kind::Tokio(sleep) => sleep.as_mut().poll(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn alarms_go_off_in_their_order_and_none_early() {
        let clock = Clock::start().unwrap();
        let start = Instant::now();
        let order = Mutex::new(Vec::new());
        let wait = async |ms| {
            let time = start + Duration::from_millis(ms);
            clock.at(time).await;
            assert!(Instant::now() >= time);
            order.lock().unwrap().push(ms);
        };
        tokio::join!(wait(9), wait(3), wait(6), wait(0));
        assert_eq!(*order.lock().unwrap(), [0, 3, 6, 9]);
    }

    #[test]
    fn the_thread_ends_with_the_last_clock() {
        let clock = Clock::start().unwrap();
        let Source::Thread(owner) = &clock.0 else { panic!("a started clock has a thread") };
        let queue = Arc::downgrade(&owner.0);
        drop(clock);
        let deadline = Instant::now() + Duration::from_secs(10);
        while queue.upgrade().is_some() {
            assert!(Instant::now() < deadline, "the thread still runs");
            thread::yield_now();
        }
    }
}
