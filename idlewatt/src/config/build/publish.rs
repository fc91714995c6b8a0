//! Our own topics: at which broker, as whom, under which prefix.

use std::time::Duration;

use deliver::secret::Secret;
use deliver::sink::{HomeAssistant, MqttPublishConfig, MqttVersion, TlsFiles};
use ingest::session::{BrokerConfig, Version};

use super::site::SiteConfig;
use crate::config::review::Review;
use crate::config::schema;
use crate::config::secret::resolve;
use crate::config::shape::nearest;
use crate::config::value::{Language, TopicFilter};

/// Builds where to publish; none where it is not wanted, or where a fault was said.
pub(crate) fn publish(
    review: &mut Review<'_>,
    file: &schema::File,
    brokers: &[BrokerConfig],
    site: Option<&SiteConfig>,
) -> Option<MqttPublishConfig> {
    let section = &file.publish;
    if !*section.enabled {
        return None;
    }
    let broker = match section.broker.as_ref() {
        None => brokers.first()?,
        Some(name) => match brokers.iter().find(|broker| broker.name == *name) {
            Some(broker) => broker,
            None => {
                let names = || brokers.iter().map(|broker| broker.name.as_str());
                let mend = match nearest(name, names()) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("the brokers are {}", names().collect::<Vec<_>>().join(", ")),
                };
                review.fault(
                    section.broker.span(),
                    format!("no [[broker]] is named \"{name}\""),
                    mend,
                );
                return None;
            }
        },
    };
    let client_id = (*section.client_id).clone();
    let client_id = client_id.unwrap_or_else(|| format!("{}-publish", broker.client_id));
    if brokers.iter().any(|other| other.client_id == client_id) {
        review.fault_key(
            section,
            "client_id",
            format!("\"{client_id}\" is the name under which meters are read"),
            "give publishing a name of its own, or leave 'client_id' out",
        );
    }
    let client = section.client_pem_file.as_ref().map(|path| resolve(review, path));
    if let Some(path) = &client {
        review.readable(section, "client_pem_file", path);
    }
    let address = broker.address().ok()?;
    Some(MqttPublishConfig {
        host: address.host,
        port: address.port,
        version: match broker.version {
            Version::V5 => MqttVersion::V5,
            Version::V311 => MqttVersion::V311,
        },
        is_tls: address.is_tls,
        tls: TlsFiles {
            ca: broker.ca_file.clone(),
            client,
        },
        client_id,
        user: broker.username.clone(),
        password: broker
            .password
            .as_ref()
            .map_or_else(Secret::default, |secret| Secret::new(secret.reveal())),
        prefix: section.prefix.to_string(),
        keep_alive_s: broker.keep_alive_s,
        connect_timeout: Duration::from_secs(5),
        zone: site?.site.zone.clone(),
        currency: site?.site.tariff.currency.clone(),
        home_assistant: section.home_assistant.then(|| home_assistant(file, site)),
        ..MqttPublishConfig::default()
    })
}

fn home_assistant(file: &schema::File, site: Option<&SiteConfig>) -> HomeAssistant {
    HomeAssistant {
        prefix: file.publish.home_assistant_prefix.to_string(),
        language: match site.map(|site| site.language) {
            Some(Language::French) => deliver::page::Language::French,
            Some(Language::English) | None => deliver::page::Language::English,
        },
        public_url: file.page.public_url.as_ref().map(ToString::to_string),
    }
}

/// The topic on which people speak of alerts, and the place of the broker at which it is heard. It is subscribed there
/// where the broker's topics do not bring it anyway.
pub(crate) fn act(file: &schema::File, brokers: &mut [BrokerConfig]) -> (String, Option<usize>) {
    let topic = format!("{}/act", *file.publish.prefix);
    let named = |broker: &BrokerConfig| {
        file.publish
            .broker
            .as_ref()
            .is_none_or(|name| *name == broker.name)
    };
    let place = brokers.iter().position(named);
    if let Some(broker) = place.and_then(|place| brokers.get_mut(place)) {
        let covers = |filter: &String| {
            filter
                .parse::<TopicFilter>()
                .is_ok_and(|filter| filter.covers(&topic))
        };
        if !broker.topics.iter().any(covers) {
            broker.topics.push(topic.clone());
        }
    }
    (topic, place)
}
