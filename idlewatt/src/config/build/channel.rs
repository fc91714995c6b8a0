//! How people are told of alerts, and who hears of what.

use std::time::Duration;

use analyzer::{AlertPhase, Severity};
use deliver::channel::{
    AlertmanagerConfig, ChannelConfig, Header, Hours, HttpTarget, MailConfig, MailTls, NtfyConfig, Route,
    Transport, WebhookConfig,
};
use deliver::secret::Secret;
use deliver::sink::TlsFiles;
use jiff::civil::Weekday;

use super::device::DeviceConfig;
use super::sink::tls_files;
use crate::config::review::Review;
use crate::config::schema;
use crate::config::secret::{Whereabouts, read, resolve};
use crate::config::section::Entry;
use crate::config::shape::nearest;
use crate::config::value::{ChannelKind, Id, MailTlsWord, SeverityWord, StepWord, WeekdayWord, WhenWord};

/// Builds all channels; those with a fault are left out.
pub(crate) fn channels(review: &mut Review<'_>, file: &schema::File) -> Vec<ChannelConfig> {
    let mut built: Vec<ChannelConfig> = Vec::new();
    let names: Vec<&str> = file
        .channel
        .iter()
        .filter_map(|section| Some(section.name.as_ref()?.0.as_str()))
        .collect();
    for section in file.channel.iter() {
        let Some(channel) = channel(review, section) else {
            continue;
        };
        if built.iter().any(|other| other.name == channel.name) {
            let what = format!("the name \"{}\" is taken by another channel", channel.name);
            review.fault(section.name.span(), what, "give each channel a name of its own");
        }
        if let Some(fallback) = &channel.fallback {
            let others: Vec<&str> = names
                .iter()
                .copied()
                .filter(|name| *name != channel.name)
                .collect();
            known(review, &section.fallback, fallback, "other [[channel]]", &others);
        }
        if let Err(error) = channel.courier() {
            review.fault_key(section, error.key, error.what, error.mend);
        }
        built.push(channel);
    }
    built
}

/// Says so where a name is none of those that are known.
fn known<T>(review: &mut Review<'_>, entry: &Entry<T>, name: &str, what: &str, names: &[&str]) {
    if names.contains(&name) {
        return;
    }
    let mend = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if names.is_empty() => "there is none".to_owned(),
        None => format!("there are {}", names.join(", ")),
    };
    review.fault(entry.span(), format!("no {what} is \"{name}\""), mend);
}

fn channel(review: &mut Review<'_>, section: &Entry<schema::Channel>) -> Option<ChannelConfig> {
    let name = review.need(section, "name", &section.name);
    let kind = review.need(section, "kind", &section.kind)?;
    review_keys(review, section, kind);
    let transport = match kind {
        ChannelKind::Mail => Transport::Mail(mail(review, section)?),
        ChannelKind::Alertmanager => Transport::Alertmanager(AlertmanagerConfig {
            http: http(review, section)?,
            resolve_after: Duration::from_secs(section.resolve_after_s.get().into()),
        }),
        ChannelKind::Ntfy => {
            let topic = review.need(section, "topic", &section.topic);
            Transport::Ntfy(NtfyConfig {
                http: http(review, section)?,
                topic: topic?,
            })
        }
        ChannelKind::Webhook => Transport::Webhook(WebhookConfig {
            http: http(review, section)?,
            secret: secret(review, "secret", &section.secret_file, &section.secret_env),
            template: template(review, section),
        }),
    };
    let is_alertmanager = kind == ChannelKind::Alertmanager;
    Some(ChannelConfig {
        name: name?.0,
        transport,
        steps: if is_alertmanager {
            AlertPhase::ALL.to_vec()
        } else {
            section.steps.iter().map(|step| phase(*step)).collect()
        },
        pause: if is_alertmanager {
            Duration::ZERO
        } else {
            Duration::from_secs((*section.pause_s).into())
        },
        fallback: (*section.fallback).clone().map(|id| id.0),
        fallback_after: section.fallback_after_minutes.duration().unsigned_abs(),
    })
}

const fn phase(step: StepWord) -> AlertPhase {
    match step {
        StepWord::Raised => AlertPhase::Raised,
        StepWord::Reminded => AlertPhase::Reminded,
        StepWord::Acknowledged => AlertPhase::Acknowledged,
        StepWord::Snoozed => AlertPhase::Snoozed,
        StepWord::Cleared => AlertPhase::Cleared,
    }
}

fn secret(
    review: &mut Review<'_>,
    name: &str,
    file: &Entry<Option<std::path::PathBuf>>,
    env: &Entry<Option<String>>,
) -> Secret {
    read(review, Whereabouts { name, file, env }).map_or_else(Secret::default, |text| Secret::new(&text))
}

fn tls(review: &mut Review<'_>, section: &Entry<schema::Channel>) -> TlsFiles {
    tls_files(review, section, (&section.ca_file, &section.client_pem_file))
}

fn http(review: &mut Review<'_>, section: &Entry<schema::Channel>) -> Option<HttpTarget> {
    let hidden = secret(review, "url", &section.url_file, &section.url_env);
    let is_secret = !hidden.is_empty();
    let url = match (section.url.as_ref(), is_secret) {
        (Some(_), true) => {
            review.fault(
                section.url.span(),
                "the address is said twice",
                "keep 'url' or its file",
            );
            return None;
        }
        (Some(url), false) => url.to_string(),
        (None, true) => hidden.expose().to_owned(),
        (None, false) => {
            if !section.url_file.is_given() && !section.url_env.is_given() {
                review.missing(section, "url");
            }
            return None;
        }
    };
    let timeout = Duration::from_secs(section.timeout_s.get().into());
    Some(HttpTarget {
        url,
        is_secret,
        user: (*section.username).clone().unwrap_or_default(),
        password: secret(review, "password", &section.password_file, &section.password_env),
        token: secret(review, "token", &section.token_file, &section.token_env),
        headers: section
            .headers
            .iter()
            .filter_map(|entry| header(review, entry))
            .collect(),
        tls: tls(review, section),
        connect_timeout: timeout,
        request_timeout: timeout,
    })
}

fn header(review: &mut Review<'_>, entry: &Entry<schema::ChannelHeader>) -> Option<Header> {
    let name = review.need(entry, "name", &entry.name)?;
    let hidden = secret(review, "value", &entry.value_file, &entry.value_env);
    let value = match (*entry.value).as_ref() {
        Some(value) => Secret::new(value),
        None => hidden,
    };
    Some(Header { name, value })
}

fn template(review: &mut Review<'_>, section: &Entry<schema::Channel>) -> Option<String> {
    let path = resolve(review, (*section.template_file).as_ref()?);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            let what = format!("the file {} cannot be read ({error})", path.display());
            review.fault(
                section.template_file.span(),
                what,
                "name a text file that idlewatt may read",
            );
            None
        }
    }
}

fn mail(review: &mut Review<'_>, section: &Entry<schema::Channel>) -> Option<MailConfig> {
    let server = review.need(section, "server", &section.server);
    let from = review.need(section, "from", &section.from);
    if section.to.is_empty() {
        review.fault_key(
            section,
            "to",
            "nobody is written to",
            "write for example to = [\"oncall@hospital.example\"]",
        );
    }
    let password = secret(review, "password", &section.password_file, &section.password_env);
    let ca = tls(review, section).ca;
    let server = server?;
    let parts = server
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    let Some((host, port)) = parts.filter(|(host, _)| !host.is_empty()) else {
        let what = format!("{server:?} is no server with its port");
        review.fault(
            section.server.span(),
            what,
            "write for example \"mail.hospital.example:587\"",
        );
        return None;
    };
    let host = host.trim_matches(['[', ']']).to_owned();
    let user = (*section.username).clone().unwrap_or_default();
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if *section.tls == MailTlsWord::None && !user.is_empty() && !is_here {
        review.fault_key(
            section,
            "tls",
            "the login would be sent in the clear",
            "write tls = \"starttls\" or \"tls\"",
        );
    }
    Some(MailConfig {
        host,
        port,
        tls: match *section.tls {
            MailTlsWord::Starttls => MailTls::Starttls,
            MailTlsWord::Tls => MailTls::Tls,
            MailTlsWord::None => MailTls::None,
        },
        ca,
        user,
        password,
        from: from?,
        to: section.to.iter().map(|to| (**to).clone()).collect(),
        timeout: Duration::from_secs(section.timeout_s.get().into()),
    })
}

/// Says which keys mean nothing to a kind.
fn review_keys(review: &mut Review<'_>, section: &Entry<schema::Channel>, kind: ChannelKind) {
    use ChannelKind::{Alertmanager, Mail, Ntfy, Webhook};
    const HTTP: &[ChannelKind] = &[Alertmanager, Ntfy, Webhook];
    let url = section.url.is_given() || section.url_file.is_given() || section.url_env.is_given();
    let known: [(&str, bool, &[ChannelKind]); 14] = [
        ("url", url, HTTP),
        ("headers", section.headers.is_given(), HTTP),
        (
            "token_file",
            section.token_file.is_given() || section.token_env.is_given(),
            HTTP,
        ),
        ("client_pem_file", section.client_pem_file.is_given(), HTTP),
        ("server", section.server.is_given(), &[Mail]),
        ("tls", section.tls.is_given(), &[Mail]),
        ("from", section.from.is_given(), &[Mail]),
        ("to", section.to.is_given(), &[Mail]),
        ("topic", section.topic.is_given(), &[Ntfy]),
        ("template_file", section.template_file.is_given(), &[Webhook]),
        (
            "secret_file",
            section.secret_file.is_given() || section.secret_env.is_given(),
            &[Webhook],
        ),
        (
            "resolve_after_s",
            section.resolve_after_s.is_given(),
            &[Alertmanager],
        ),
        ("steps", section.steps.is_given(), &[Mail, Ntfy, Webhook]),
        ("pause_s", section.pause_s.is_given(), &[Mail, Ntfy, Webhook]),
    ];
    for (key, _, kinds) in known
        .iter()
        .filter(|(_, is_given, kinds)| *is_given && !kinds.contains(&kind))
    {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        let mend = format!("take it out; it is for {}", kinds.join(", "));
        review.fault_key(section, key, format!("'{key}' means nothing to {kind}"), mend);
    }
}

/// Builds all routes.
pub(crate) fn routes(
    review: &mut Review<'_>,
    file: &schema::File,
    channels: &[ChannelConfig],
    devices: &[DeviceConfig],
) -> Vec<Route> {
    let names: Vec<&str> = file
        .channel
        .iter()
        .filter_map(|section| Some(section.name.as_ref()?.0.as_str()))
        .collect();
    let ids: Vec<&str> = devices.iter().map(|device| &*device.device.id).collect();
    let rooms: Vec<&str> = devices.iter().map(|device| device.device.room.as_str()).collect();
    for section in file.route.iter() {
        let of_ids = |review: &mut Review<'_>, entries: &[Entry<Id>], what, names: &[&str]| {
            for entry in entries {
                known(review, entry, &entry.0, what, names);
            }
        };
        of_ids(review, &section.channels, "[[channel]]", &names);
        of_ids(review, &section.devices, "[[device]]", &ids);
        for entry in section.rooms.iter() {
            known(review, entry, entry, "room of a device", &rooms);
        }
    }
    let routes: Vec<Route> = file.route.iter().map(|section| route(section)).collect();
    let is_named = |name: &String| {
        routes.iter().any(|route| route.channels.contains(name))
            || channels
                .iter()
                .any(|channel| channel.fallback.as_ref() == Some(name))
    };
    let sections = file.channel.iter().filter(|_| !routes.is_empty());
    for section in sections.filter(|section| section.name.as_ref().is_some_and(|id| !is_named(&id.0))) {
        review.warn(
            section.span(),
            "no route leads to this channel",
            "name it in a [[route]], or take it out",
        );
    }
    routes
}

fn route(section: &schema::Route) -> Route {
    let ids = |entries: &[Entry<Id>]| entries.iter().map(|id| id.0.clone()).collect();
    Route {
        rules: section.rules.iter().map(|rule| rule.0.name.to_owned()).collect(),
        devices: ids(&section.devices),
        rooms: section.rooms.iter().map(|room| (**room).clone()).collect(),
        modalities: section
            .modalities
            .iter()
            .map(|word| word.0.name.to_owned())
            .collect(),
        severity_min: section.severity.map(|word| match word {
            SeverityWord::Info => Severity::Info,
            SeverityWord::Warning => Severity::Warning,
            SeverityWord::Critical => Severity::Critical,
        }),
        hours: Hours {
            is_open: section.when.map(|word| word == WhenWord::Open),
            window: section
                .hours
                .map(|hours| (hours.window().from, hours.window().until)),
            weekdays: section.weekdays.iter().map(|day| weekday(*day)).collect(),
        },
        channels: ids(&section.channels),
        continues: *section.continues,
        digest_after: Duration::from_millis((*section.digest_after_ms).into()),
    }
}

const fn weekday(day: WeekdayWord) -> Weekday {
    match day {
        WeekdayWord::Mon => Weekday::Monday,
        WeekdayWord::Tue => Weekday::Tuesday,
        WeekdayWord::Wed => Weekday::Wednesday,
        WeekdayWord::Thu => Weekday::Thursday,
        WeekdayWord::Fri => Weekday::Friday,
        WeekdayWord::Sat => Weekday::Saturday,
        WeekdayWord::Sun => Weekday::Sunday,
    }
}
