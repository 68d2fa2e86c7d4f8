//! Times of a worker.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// The part of a wait that is left to the thread: the runtime's timer counts whole milliseconds.
const FINE: Duration = Duration::from_millis(2);

/// CPU time that this thread has used: all of a worker's load happens on it.
#[must_use]
pub fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Now, ms since 1970.
#[must_use]
pub fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or_default()
}

/// The moment of a time, ms since 1970.
#[must_use]
pub fn instant_of(ms: u64) -> Instant {
    let (now, now_ms) = (Instant::now(), now_ms());
    let ago = now.checked_sub(Duration::from_millis(now_ms.saturating_sub(ms)));
    ago.unwrap_or(now) + Duration::from_millis(ms.saturating_sub(now_ms))
}

/// Waits until `moment`, to some ten microseconds: nothing else happens on a worker's thread meanwhile.
pub async fn wait_until(moment: Instant) {
    if let Some(early) = moment.checked_sub(FINE)
        && early > Instant::now()
    {
        tokio::time::sleep_until(early.into()).await;
    }
    std::thread::sleep(moment.saturating_duration_since(Instant::now()));
}
