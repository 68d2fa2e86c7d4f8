//! The link between a client and S3: transfers wait until their bytes have come through.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::time::Instant;

use crate::profile;
use crate::time::clock::{Alarm, Clock};
use crate::time::fluid::{Fluid, Id};

/// Both directions of one client's link.
pub struct Link {
    /// From the client to S3.
    pub up: Arc<Direction>,
    /// From S3 to the client.
    pub down: Arc<Direction>,
}

impl Link {
    /// A link without transfers.
    #[must_use]
    pub fn new(profile: &profile::Link, clock: &Clock) -> Self {
        let direction = || {
            Arc::new(Direction {
                clock: clock.clone(),
                window: profile.window_bytes,
                state: Mutex::new(State {
                    fluid: Fluid::new(profile.bytes_per_second, Instant::now()),
                    waiting: HashMap::new(),
                }),
            })
        };
        Self { up: direction(), down: direction() }
    }
}

/// One direction of a link.
pub struct Direction {
    clock: Clock,
    window: u64,
    state: Mutex<State>,
}

struct State {
    fluid: Fluid,
    waiting: HashMap<Id, Waker>,
}

impl Direction {
    /// A transfer of `total` bytes, if that is known, that has just started: its first bytes are on their way.
    #[must_use]
    pub fn transfer(self: &Arc<Self>, total: Option<u64>, started: Instant) -> Transfer {
        let mut state = self.lock();
        let id = state.fluid.open(started);
        state.fluid.allow(id, total.unwrap_or_default().min(self.window), started);
        drop(state);
        Transfer { direction: Arc::clone(self), id, total, passed: 0, alarm: None }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds it panics half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes on their way; dropped, it leaves its share to the others.
pub struct Transfer {
    direction: Arc<Direction>,
    id: Id,
    total: Option<u64>,
    passed: u64,
    alarm: Option<(Instant, Alarm)>,
}

impl Transfer {
    /// Ready when the next `bytes` have come through.
    ///
    /// The link carries a window's bytes ahead of the receiver, as a socket's buffers do: a receiver that is late by a
    /// timer's resolution loses nothing.
    pub fn poll_pass(&mut self, context: &mut Context<'_>, bytes: u64) -> Poll<()> {
        let target = self.passed + bytes;
        let direction = Arc::clone(&self.direction);
        loop {
            let now = Instant::now();
            let mut state = direction.lock();
            let ahead = (target + direction.window).min(self.total.unwrap_or(u64::MAX)).max(target);
            state.fluid.allow(self.id, ahead, now);
            if state.fluid.has(self.id, target, now) {
                state.waiting.remove(&self.id);
                drop(state);
                (self.passed, self.alarm) = (target, None);
                return Poll::Ready(());
            }
            let time = state.fluid.when(self.id, target);
            state.waiting.insert(self.id, context.waker().clone());
            drop(state);
            if self.alarm.as_ref().is_none_or(|(set, _)| *set != time) {
                self.alarm = Some((time, direction.clock.at(time)));
            }
            let Some((_, alarm)) = &mut self.alarm else { return Poll::Pending };
            if std::pin::Pin::new(alarm).poll(context).is_pending() {
                return Poll::Pending;
            }
            self.alarm = None;
        }
    }

    /// When the last byte came through, if all of `total` have; otherwise now.
    #[must_use]
    pub fn arrived(&self) -> Instant {
        self.direction.lock().fluid.rests_since(self.id).unwrap_or_else(Instant::now)
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        let mut state = self.direction.lock();
        state.waiting.remove(&self.id);
        if state.fluid.close(self.id, Instant::now()) {
            // The others' alarms are too late now.
            state.waiting.drain().for_each(|(_, waker)| waker.wake());
        }
    }
}
