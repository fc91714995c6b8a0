//! What a person or a metric wants to know of a session.

use jiff::Timestamp;
use serde::Serialize;

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Not connected, being tried.
    #[default]
    Connecting,
    /// Connected; messages flow.
    Connected,
    /// Ended on request.
    Stopped,
}

/// What is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What happened.
    pub what: String,
    /// Where: the broker's address, the topic filter.
    pub place: String,
    /// What a person can do.
    pub mend: String,
    /// When, by the wall clock.
    pub at: Timestamp,
}

/// A session, as seen from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SessionStatus {
    /// The broker's name.
    pub broker: String,
    /// Its address.
    pub url: String,
    /// Where the session is in its life.
    pub phase: Phase,
    /// In this phase since, by the wall clock.
    pub since: Option<Timestamp>,
    /// Connections of this process so far; raised at every loss too.
    pub epoch: u64,
    /// Whether the broker still had our session at the last connection.
    pub is_session_present: bool,
    /// Messages received and not yet acknowledged; brought up to date every second.
    pub in_flight: usize,
    /// When the last message came, by the wall clock; brought up to date every second.
    pub last_message: Option<Timestamp>,
    /// Subscriptions that the broker refused, or granted at a lower quality of service.
    pub refused: Vec<Fault>,
    /// Filters that the broker granted at the last subscription or connection.
    pub subscribed: Vec<String>,
    /// What went wrong last; none while all is well.
    pub fault: Option<Fault>,
    /// Whether another client seems to use our client id.
    pub is_taken_over: bool,
}
