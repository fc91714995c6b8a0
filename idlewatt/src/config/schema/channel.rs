//! `[[channel]]` and `[[route]]`: how people are told of alerts, and who hears of what.

use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::config::section::{Entry, section};
use crate::config::value::{
    ChannelKind, HttpUrl, Id, MailTlsWord, Minutes, ModalityWord, OpenWindow, RuleWord, SeverityWord,
    StepWord, WeekdayWord, WhenWord, seconds,
};

section! {
    /// A way to tell people of alerts.
    Channel {
        /// A name of its own, used in routes, metrics and messages. What was told hangs on it: it should never change.
        name: Option<Id> => required("\"oncall\""),
        /// "alertmanager", "mail", "ntfy" or "webhook". Retained MQTT topics are in [publish].
        kind: Option<ChannelKind> => required("\"webhook\""),
        /// http://… or https://… (alertmanager, ntfy, webhook).
        url: Option<HttpUrl> => optional("\"https://chat.hospital.example/hooks/radiology\""),
        /// Where the address itself is a secret: a file that holds it and nothing else (alertmanager, ntfy, webhook).
        url_file: Option<PathBuf> => optional("\"/run/secrets/oncall_url\""),
        /// Or the environment variable that holds it.
        url_env: Option<String> => optional("\"IDLEWATT_ONCALL_URL\""),
        /// The mail server and its port (mail).
        server: Option<String> => optional("\"mail.hospital.example:587\""),
        /// "starttls", "tls" or "none" (mail). A login is never sent without TLS, but to this machine.
        tls: MailTlsWord => preset(MailTlsWord::Starttls),
        /// Who writes (mail).
        from: Option<String> => optional("\"idlewatt <idlewatt@hospital.example>\""),
        /// Who is written to (mail).
        to: Vec<Entry<String>> => preset(Vec::new()),
        /// The topic (ntfy). Whoever knows it may listen.
        topic: Option<String> => optional("\"radiology-energy\""),
        /// A template of the JSON to be sent, in place of ours (webhook); docs/alerts.md has an example.
        template_file: Option<PathBuf> => optional("\"oncall.json.j2\""),
        /// A file that holds the key by which messages are signed, and nothing else (webhook).
        secret_file: Option<PathBuf> => optional("\"/run/secrets/oncall_key\""),
        /// Or the environment variable that holds it.
        secret_env: Option<String> => optional("\"IDLEWATT_ONCALL_KEY\""),
        /// Further headers of each request (alertmanager, ntfy, webhook).
        headers: Vec<Entry<ChannelHeader>> => inline(ChannelHeader, "[{ name = \"X-Team\", value = \"radiology\" }]", Comment),
        /// The user.
        username: Option<String> => optional("\"idlewatt\""),
        /// A file that holds the user's password and nothing else.
        password_file: Option<PathBuf> => optional("\"/run/secrets/oncall_password\""),
        /// Or the environment variable that holds it.
        password_env: Option<String> => optional("\"IDLEWATT_ONCALL_PASSWORD\""),
        /// A file that holds a token and nothing else, sent as 'Authorization: Bearer …' (alertmanager, ntfy, webhook).
        token_file: Option<PathBuf> => optional("\"/run/secrets/oncall_token\""),
        /// Or the environment variable that holds it.
        token_env: Option<String> => optional("\"IDLEWATT_ONCALL_TOKEN\""),
        /// PEM of the authority that signed the server's certificate. Not said: the usual public ones.
        ca_file: Option<PathBuf> => optional("\"/etc/idlewatt/ca.pem\""),
        /// PEM of our own certificate and its key in one file, where the server asks for one (alertmanager, ntfy, webhook).
        client_pem_file: Option<PathBuf> => optional("\"/etc/idlewatt/client.pem\""),
        /// A receiver that takes longer is given up and told again, seconds.
        timeout_s: NonZeroU32 => preset(seconds(TIMEOUT)),
        /// An open alert that is not told again in this time is taken for resolved, seconds; it is told three times as often
        /// (alertmanager).
        resolve_after_s: NonZeroU32 => preset(seconds(RESOLVE_AFTER)),
        /// Which steps of an alert are told: "raised", "reminded", "acknowledged", "snoozed", "cleared"; an Alertmanager
        /// is told all.
        steps: Vec<StepWord> => preset(vec![StepWord::Raised, StepWord::Reminded, StepWord::Cleared]),
        /// After a message the next one waits for so long, seconds, and what comes meanwhile is one message. Critical
        /// alerts do not wait.
        pause_s: u32 => preset(60),
        /// The channel on which it is said that this one cannot be reached.
        fallback: Option<Id> => optional("\"mail\""),
        /// It is said when this one has failed for so long, minutes.
        fallback_after_minutes: Minutes => preset(Minutes::of(10)),
    }

    /// A header of each request.
    ChannelHeader {
        /// Its name.
        name: Option<String> => required("\"X-Team\""),
        /// Its value.
        value: Option<String> => optional("\"radiology\""),
        /// Where the value is a secret: a file that holds it and nothing else.
        value_file: Option<PathBuf> => optional("\"/run/secrets/oncall_header\""),
        /// Or the environment variable that holds it.
        value_env: Option<String> => optional("\"IDLEWATT_ONCALL_HEADER\""),
    }

    /// Which alerts go to which channels. The first route that fits counts; without routes all goes everywhere.
    Route {
        /// The channels; of none, what fits is told to nobody.
        channels: Vec<Entry<Id>> => preset(Vec::new()),
        /// Only alerts of these rules.
        rules: Vec<RuleWord> => preset(Vec::new()),
        /// Only of these devices, by id.
        devices: Vec<Entry<Id>> => preset(Vec::new()),
        /// Only of these rooms.
        rooms: Vec<Entry<String>> => preset(Vec::new()),
        /// Only of these modalities.
        modalities: Vec<ModalityWord> => preset(Vec::new()),
        /// Only alerts so urgent or more: "info", "warning" or "critical".
        severity: Option<SeverityWord> => optional("\"warning\""),
        /// Only while the device is "open" or "closed", by its opening hours.
        when: Option<WhenWord> => optional("\"closed\""),
        /// Only in these local hours.
        hours: Option<OpenWindow> => optional("\"20:00-07:00\""),
        /// Only on these days: "mon", "tue", "wed", "thu", "fri", "sat", "sun"; of hours past midnight, the day on which
        /// they begin.
        weekdays: Vec<WeekdayWord> => preset(Vec::new()),
        /// Whether the routes after it are looked at as well.
        continues: bool => preset(false),
        /// Alerts of so long are gathered into one message, milliseconds.
        digest_after_ms: u32 => preset(10_000),
    }
}

/// A receiver that takes longer is given up.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(15);
/// Alertmanager's own preset.
const RESOLVE_AFTER: std::time::Duration = std::time::Duration::from_secs(300);
