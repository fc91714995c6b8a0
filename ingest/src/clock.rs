//! The one module that reads clocks.
//!
//! Live, time is the system's. In playback it is told by messages on a configured topic (unix milliseconds, ASCII):
//! then nothing that is journalled depends on how fast the traffic is played, and playing it again gives the same.
//! Told time never goes backwards. Waiting (back-off, commit intervals) always goes by the real clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use jiff::Timestamp;

/// Where the time of records and batches comes from. Clones share their time.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// Told by messages; holds unix milliseconds.
    Playback(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::System
    }

    /// Time told by messages, resumed at `from`: the journal's last committed time, or the epoch for a new journal.
    pub fn playback(from: Timestamp) -> Self {
        Self::Playback(Arc::new(AtomicI64::new(from.as_millisecond())))
    }

    /// Whether time is told by messages.
    pub fn is_playback(&self) -> bool {
        matches!(self, Self::Playback(_))
    }

    /// The time to stamp what is happening with.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => wall(),
            Self::Playback(told) => millisecond(told.load(Ordering::Acquire)),
        }
    }

    /// Hears a told time; says what the time is now. The system's clock is not told anything.
    pub(crate) fn tell(&self, unix_ms: i64) -> Timestamp {
        if let Self::Playback(told) = self {
            told.fetch_max(unix_ms, Ordering::AcqRel);
        }
        self.now()
    }
}

/// The IANA name of this machine's time zone; none where it has none.
pub fn zone() -> Option<String> {
    jiff::tz::TimeZone::try_system()
        .ok()?
        .iana_name()
        .map(str::to_owned)
}

fn millisecond(unix_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The system's wall clock, in microseconds: for people, and for stamping live data.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one module that reads clocks"
)]
pub fn wall() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// The system's monotonic clock: for durations, never stored.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one module that reads clocks"
)]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// The same clock as the system counts it, in microseconds: for the service manager, which compares it with its own.
pub fn monotonic_us() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}

/// The instant that a message on the clock topic tells: unix milliseconds, ASCII digits; from 1970 to 2200.
pub(crate) fn told(payload: &[u8]) -> Option<i64> {
    const UNIX_MS_MAX: i64 = 7_258_118_400_000;
    let text = std::str::from_utf8(payload).ok()?.trim();
    let unix_ms = text.parse::<i64>().ok()?;
    (0..UNIX_MS_MAX).contains(&unix_ms).then_some(unix_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_time_never_goes_backwards() {
        let clock = Clock::playback(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.tell(5_000).as_millisecond(), 5_000);
        assert_eq!(clock.tell(4_000).as_millisecond(), 5_000);
        assert_eq!(clock.clone().now().as_millisecond(), 5_000);
    }

    #[test]
    fn only_unix_milliseconds_tell_a_time() {
        assert_eq!(told(b"1764000000000"), Some(1_764_000_000_000));
        assert_eq!(told(b" 12\n"), Some(12));
        for wrong in [
            &b""[..],
            b"-1",
            b"1e3",
            b"soon",
            b"\xff",
            b"99999999999999999999",
            b"9999999999999",
        ] {
            assert_eq!(told(wrong), None, "{wrong:?}");
        }
    }
}
