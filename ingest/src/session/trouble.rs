//! Trouble with a connection, in words for a person: what, where, and what to do about it.

use super::config::BrokerConfig;
use super::handshake::{Handshake, explain};
use super::link::Trouble;
use super::status::Fault;
use crate::clock;

/// The words for a trouble; none for an end that we asked for.
pub(super) fn fault(trouble: &Trouble, config: &BrokerConfig) -> Option<Fault> {
    let (what, mend) = match trouble {
        Trouble::Tls(words) | Trouble::Network(words) if explain(words).is_some() => {
            let Handshake { what, mend } = explain(words)?;
            (format!("no secure connection: {what} ({words})"), mend.to_owned())
        }
        Trouble::NotAuthorised(code) => (
            format!("the broker refuses us: {code}"),
            format!(
                "check username, password and the broker's list of users (client id {})",
                config.client_id
            ),
        ),
        Trouble::Refused(code) => (
            format!("the broker refuses the connection: {code}"),
            "check the broker's log; an old broker may need version = \"3.1.1\"".to_owned(),
        ),
        Trouble::TakenOver { is_certain } => (
            if *is_certain {
                format!("another client connected as {}", config.client_id)
            } else {
                let id = &config.client_id;
                format!("connections end right after they begin: perhaps another client connects as {id}")
            },
            "stop the other instance, or give each a client_id of its own".to_owned(),
        ),
        Trouble::TooLong { bytes } => (
            format!("poison message: a packet of {bytes} bytes"),
            "find the device that sends it; the session takes it, cut, at the next connection".to_owned(),
        ),
        Trouble::Undecodable(what) => (
            format!("poison message: a packet that is no MQTT: {what}"),
            "check that the port speaks MQTT; a broker's log names the packet".to_owned(),
        ),
        Trouble::Tls(what) => (
            format!("no secure connection: {what}"),
            "check ca_file, the host name in the certificate, and that the port speaks TLS".to_owned(),
        ),
        Trouble::File(what) => (
            what.clone(),
            "check the path and that we may read the file".to_owned(),
        ),
        Trouble::Network(what) => (
            format!("no connection: {what}"),
            "check that the broker runs and that host and port are right; it is tried again".to_owned(),
        ),
        Trouble::Finished => return None,
    };
    Some(Fault {
        what,
        place: config.url.clone(),
        mend,
        at: clock::wall(),
    })
}
