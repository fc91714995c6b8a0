//! The brokers to listen to.

use ingest::session::{BrokerConfig, Secret, Version};

use crate::config::review::Review;
use crate::config::schema;
use crate::config::secret::{Whereabouts, read, resolve};
use crate::config::section::Entry;
use crate::config::value::{MqttUrl, MqttVersion};

/// Builds all brokers; those with a fault are left out.
pub(crate) fn brokers(review: &mut Review<'_>, file: &Entry<schema::File>) -> Vec<BrokerConfig> {
    if file.broker.is_empty() {
        review.missing(file, "broker");
    }
    let mut built: Vec<BrokerConfig> = Vec::new();
    for section in file.broker.iter() {
        let Some(broker) = broker(review, section) else {
            continue;
        };
        if built.iter().any(|other| other.name == broker.name) {
            let what = format!("the name \"{}\" is taken by another broker", broker.name);
            review.fault(section.name.span(), what, "give each broker a name of its own");
        }
        let is_rival = |other: &BrokerConfig| other.url == broker.url && other.client_id == broker.client_id;
        if built.iter().any(is_rival) {
            review.fault_key(
                section,
                "client_id",
                "two sessions at one broker under one client_id throw each other out",
                "join their topics in one [[broker]], or give each a client_id",
            );
        }
        built.push(broker);
    }
    built
}

fn broker(review: &mut Review<'_>, section: &Entry<schema::Broker>) -> Option<BrokerConfig> {
    let name = review.need(section, "name", &section.name);
    let url = review.need(section, "url", &section.url);
    let password = read(
        review,
        Whereabouts {
            name: "password",
            file: &section.password_file,
            env: &section.password_env,
        },
    );
    if let Some(url) = &url {
        review_transport(review, section, url);
    }
    review_topics(review, section);
    let [ca_file, client_cert_file, client_key_file] = [
        ("ca_file", &section.ca_file),
        ("client_cert_file", &section.client_cert_file),
        ("client_key_file", &section.client_key_file),
    ]
    .map(|(key, entry)| {
        let path = resolve(review, (**entry).as_ref()?);
        review.readable(section, key, &path);
        Some(path)
    });
    if client_cert_file.is_some() && ca_file.is_none() {
        let mend = "add 'ca_file': the authority that signed the broker's certificate";
        review.fault_key(
            section,
            "client_cert_file",
            "a certificate of ours needs 'ca_file' beside it",
            mend,
        );
    }
    let name = name?.0;
    let built = BrokerConfig {
        client_id: (*section.client_id)
            .clone()
            .unwrap_or_else(|| format!("idlewatt-{name}")),
        name,
        url: url?.to_string(),
        version: match *section.version {
            MqttVersion::V5 => Version::V5,
            MqttVersion::V311 => Version::V311,
        },
        username: (*section.username).clone().unwrap_or_default(),
        password: password.map(Secret::new),
        password_file: None,
        ca_file,
        client_cert_file,
        client_key_file,
        topics: section.topics.iter().map(|topic| topic.to_string()).collect(),
        session_expiry_s: *section.session_expiry_s,
        receive_maximum: *section.receive_maximum,
        packet_bytes_max: *section.packet_bytes_max,
        keep_alive_s: *section.keep_alive_s,
        clock_topic: (*section.clock_topic).clone(),
    };
    for (key, what, mend) in built.check() {
        review.fault_key(section, key, what, mend);
    }
    Some(built)
}

fn review_transport(review: &mut Review<'_>, section: &Entry<schema::Broker>, url: &MqttUrl) {
    if url.is_tls() {
        return;
    }
    for key in [&section.ca_file, &section.client_cert_file] {
        if key.is_given() {
            review.warn(
                key.span(),
                "a certificate is named, but the connection is not encrypted",
                "write mqtts:// in 'url', or take the certificate out",
            );
        }
    }
    let has_password = section.password_file.is_given() || section.password_env.is_given();
    let (host, _) = url.host_port();
    if has_password && !is_this_machine(host) {
        review.warn(
            section.url.span(),
            "the password travels in the clear",
            "write mqtts:// if the broker speaks TLS",
        );
    }
}

fn is_this_machine(host: &str) -> bool {
    let address: Option<std::net::IpAddr> = host.parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

fn review_topics(review: &mut Review<'_>, section: &Entry<schema::Broker>) {
    if section.username.is_none() && (section.password_file.is_given() || section.password_env.is_given()) {
        review.fault(
            section.span(),
            "a password is said, but no 'username'",
            "add for example: username = \"idlewatt\"",
        );
    }
    for (index, topic) in section.topics.iter().enumerate() {
        let others = section
            .topics
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index);
        let covering = others
            .filter(|(other, filter)| {
                filter.covers(topic.as_str()) && (filter.as_str() != topic.as_str() || *other < index)
            })
            .map(|(_, filter)| filter.to_string())
            .next();
        if let Some(covering) = covering {
            review.warn(
                topic.span(),
                format!("\"{}\" is part of \"{covering}\" already", **topic),
                "take it out: some brokers deliver a message once for each",
            );
        }
    }
}
