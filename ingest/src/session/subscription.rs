//! Which filters the broker's session has, and which it should have.

use super::link::Granted;
use super::status::Fault;
use crate::clock;

/// The filters of one session.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    wanted: Vec<String>,
    /// What the broker's session is known to have.
    held: Vec<String>,
    /// Asked for over this connection, in this order, and not answered yet.
    asked: Vec<String>,
}

/// What to ask of the broker.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) subscribe: Vec<String>,
    pub(crate) unsubscribe: Vec<String>,
}

/// What the broker said.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// What its session has now.
    pub(crate) held: Vec<String>,
    /// What it refused or granted at a lower quality of service.
    pub(crate) refused: Vec<Fault>,
}

impl Subscriptions {
    pub(crate) fn new(wanted: Vec<String>, held: Vec<String>) -> Self {
        Self {
            wanted,
            held,
            asked: Vec::new(),
        }
    }

    /// The broker accepted us: what is to be changed in its session.
    pub(crate) fn connected(&mut self, is_session_present: bool) -> Change {
        if !is_session_present {
            self.held.clear();
        }
        let missing = |these: &[String], those: &[String]| -> Vec<String> {
            these
                .iter()
                .filter(|filter| !those.contains(filter))
                .cloned()
                .collect()
        };
        let change = Change {
            subscribe: missing(&self.wanted, &self.held),
            unsubscribe: missing(&self.held, &self.wanted),
        };
        self.held.retain(|filter| self.wanted.contains(filter));
        self.asked.clone_from(&change.subscribe);
        change
    }

    /// The broker answered.
    pub(crate) fn answered(&mut self, granted: Vec<Granted>) -> Answer {
        let mut refused = Vec::new();
        let mut fault = |filter: &str, what: String, mend: &str| {
            let mend = mend.to_owned();
            refused.push(Fault {
                what,
                place: filter.to_owned(),
                mend,
                at: clock::wall(),
            });
        };
        for (filter, granted) in std::mem::take(&mut self.asked).into_iter().zip(granted) {
            match granted {
                Granted::Refused(code) => {
                    let what = format!("the broker refused the subscription: {code}");
                    fault(
                        &filter,
                        what,
                        "give our user permission to read these topics, or take the filter out",
                    );
                }
                Granted::Qos(qos) => {
                    if qos == 0 {
                        let what =
                            "the broker grants QoS 0 only: what comes while we are away is lost".to_owned();
                        fault(&filter, what, "allow QoS 1 for our user");
                    }
                    self.held.push(filter);
                }
            }
        }
        Answer {
            held: self.held.clone(),
            refused,
        }
    }

    /// What the broker's session is known to have.
    pub(crate) fn held(&self) -> &[String] {
        &self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_kept_session_gets_only_what_changed() {
        let mut filters = Subscriptions::new(strings(&["a", "b"]), strings(&["b", "c"]));
        let change = filters.connected(true);
        assert_eq!(
            change,
            Change {
                subscribe: strings(&["a"]),
                unsubscribe: strings(&["c"])
            }
        );
        assert_eq!(filters.answered(vec![Granted::Qos(1)]).held, strings(&["b", "a"]));
        assert_eq!(filters.connected(true), Change::default());
    }

    #[test]
    fn a_lost_session_gets_everything() {
        let mut filters = Subscriptions::new(strings(&["a", "b"]), strings(&["a", "b"]));
        assert_eq!(filters.connected(false).subscribe, strings(&["a", "b"]));
    }

    #[test]
    fn a_refused_filter_is_said_and_asked_again_next_time() {
        let mut filters = Subscriptions::new(strings(&["a", "b", "c"]), Vec::new());
        filters.connected(false);
        let codes = vec![
            Granted::Qos(1),
            Granted::Refused("NotAuthorized".to_owned()),
            Granted::Qos(0),
        ];
        let answer = filters.answered(codes);
        assert_eq!(answer.held, strings(&["a", "c"]));
        let places: Vec<_> = answer.refused.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places, ["b", "c"]);
        assert_eq!(filters.connected(true).subscribe, strings(&["b"]));
    }
}
