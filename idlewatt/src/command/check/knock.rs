//! Who answers: brokers, databases and channels, each within a time limit, all at once.
//!
//! A broker is spoken to in MQTT 5 under a client id of its own and without a session, so that a running service is
//! not thrown out; one of MQTT 3.1.1 is only connected to, and a database asked for no more than an answer over TLS.

use std::time::Duration;

use ingest::session::{BrokerConfig, Handshake, Version, explain_handshake};
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, Incoming, MqttOptions, TlsConfiguration,
    Transport,
};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::{Config, SinkConfig};

/// Who was knocked at, and what came of it.
#[derive(Debug, Serialize)]
pub(super) struct Knock {
    /// `broker 'main'`.
    pub(super) who: String,
    pub(super) is_ok: bool,
    /// What happened.
    pub(super) says: String,
    /// How to mend it.
    pub(super) mend: Option<String>,
}

/// A fault: what, and how to mend it.
type Fault = (String, String);

/// Knocks at every broker, database and channel.
pub(super) async fn knock_at_all(config: &Config, limit: Duration) -> Vec<Knock> {
    let mut tasks = Vec::new();
    for broker in &config.brokers {
        let (who, broker) = (format!("broker '{}'", broker.name), broker.clone());
        tasks.push((
            who,
            tokio::spawn(async move { knock_at_broker(&broker, limit).await }),
        ));
    }
    for sink in &config.sinks {
        let (who, sink) = (format!("sink '{}'", sink.name), sink.clone());
        tasks.push((
            who,
            tokio::spawn(async move { knock_at_sink(&sink, limit).await }),
        ));
    }
    for channel in &config.channels {
        let (who, address) = (format!("channel '{}'", channel.name), channel.address());
        tasks.push((
            who,
            tokio::spawn(async move { knock_at_channel(address, limit).await }),
        ));
    }
    let mut knocks = Vec::new();
    for (who, task) in tasks {
        let answer = task.await.unwrap_or_else(|error| {
            Err((
                format!("the attempt broke off ({error})"),
                "please report this".to_owned(),
            ))
        });
        let is_ok = answer.is_ok();
        let (says, mend) = match answer {
            Ok(says) => (says, None),
            Err((what, mend)) => (what, Some(mend)),
        };
        knocks.push(Knock {
            who,
            is_ok,
            says,
            mend,
        });
    }
    knocks
}

async fn connect(host: &str, port: u16, limit: Duration) -> Result<(), Fault> {
    let host = host.trim_matches(['[', ']']);
    let mend = |start: &str| format!("{start}, or correct 'url'");
    match timeout(limit, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            let what = format!("{host}:{port} refuses connections ({error})");
            Err((what, mend("start it there")))
        }
        Ok(Err(error)) => {
            let what = format!("{host}:{port} cannot be connected to ({error})");
            Err((what, mend("check name and network")))
        }
        Err(_) => {
            let what = format!("{host}:{port} does not answer within {} s", limit.as_secs());
            Err((what, mend("check network and firewall")))
        }
    }
}

async fn knock_at_sink(sink: &SinkConfig, limit: Duration) -> Result<String, Fault> {
    // it must also be possible to make it: certificates, header
    let server = sink
        .sink(&[])
        .map_err(|error| (format!("{}: {}", error.key, error.what), error.mend))?;
    let (host, port) = sink.address();
    connect(&host, port, limit).await?;
    if sink.http().url.starts_with("https://") {
        let silent = || {
            let what = format!("{host}:{port} does not speak within {} s", limit.as_secs());
            (
                what,
                "check that it speaks TLS at this port, or write http:// in 'url'".to_owned(),
            )
        };
        timeout(limit, server.greet()).await.map_err(|_| silent())??;
    }
    Ok(format!(
        "{host}:{port} accepts connections; names and rights show at the first write"
    ))
}

/// No more than a connection: a message would reach people. `idlewatt alert test` sends one.
async fn knock_at_channel(address: Option<(String, u16)>, limit: Duration) -> Result<String, Fault> {
    let (host, port) = address.ok_or_else(|| ("it has no address".to_owned(), "correct 'url'".to_owned()))?;
    connect(&host, port, limit).await?;
    Ok(format!(
        "{host}:{port} accepts connections; `idlewatt alert test` sends a message"
    ))
}

async fn knock_at_broker(broker: &BrokerConfig, limit: Duration) -> Result<String, Fault> {
    let address = broker
        .address()
        .map_err(|what| (format!("the url {what}"), "correct 'url'".to_owned()))?;
    connect(&address.host, address.port, limit).await?;
    if broker.version == Version::V311 {
        return Ok("it accepts connections; MQTT 3.1.1 is not tried out".to_owned());
    }
    let options = client_options(broker, &format!("{}-check", broker.client_id))?;
    let (_client, mut events) = AsyncClient::builder(options).capacity(1).build();
    let connected = async {
        loop {
            if let Event::Incoming(Incoming::ConnAck(_)) = events.poll().await? {
                return Ok(());
            }
        }
    };
    match timeout(limit, connected).await {
        Ok(Ok(())) => Ok("it lets us in".to_owned()),
        Ok(Err(error)) => Err(refusal(&error)),
        Err(_) => Err((
            format!("no MQTT answer within {} s", limit.as_secs()),
            "check that an MQTT broker listens there, and whether it wants TLS (mqtts://)".to_owned(),
        )),
    }
}

/// How a broker is connected to under another client id than that which reads the meters, without a session.
pub(crate) fn client_options(broker: &BrokerConfig, client_id: &str) -> Result<MqttOptions, Fault> {
    let address = broker
        .address()
        .map_err(|what| (format!("the url {what}"), "correct 'url'".to_owned()))?;
    let mut options = MqttOptions::new(client_id, (address.host, address.port));
    options.set_clean_start(true);
    if !broker.username.is_empty() {
        match &broker.password {
            Some(password) => options.set_credentials(broker.username.clone(), password.reveal().to_owned()),
            None => options.set_username(broker.username.clone()),
        };
    }
    if address.is_tls {
        options.set_transport(Transport::tls_with_config(tls(broker)?));
    }
    Ok(options)
}

fn tls(broker: &BrokerConfig) -> Result<TlsConfiguration, Fault> {
    let read = |path: &std::path::PathBuf| {
        std::fs::read(path).map_err(|error| {
            let what = format!("the file {} cannot be read ({error})", path.display());
            (what, "name a PEM file that idlewatt may read".to_owned())
        })
    };
    let Some(ca) = &broker.ca_file else {
        return TlsConfiguration::try_default_rustls().map_err(|error| {
            let what = format!("the system's certificate authorities cannot be used ({error})");
            (
                what,
                "install the package ca-certificates, or say 'ca_file'".to_owned(),
            )
        });
    };
    let client_auth = match (&broker.client_cert_file, &broker.client_key_file) {
        (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
        _ => None,
    };
    Ok(TlsConfiguration::Simple {
        ca: read(ca)?,
        alpn: None,
        client_auth,
    })
}

fn refusal(error: &ConnectionError) -> Fault {
    let words = error.to_string();
    if let Some(Handshake { what, mend }) = explain_handshake(&words) {
        return (format!("no secure connection: {what} ({words})"), mend.to_owned());
    }
    match error {
        ConnectionError::ConnectionRefused(
            code @ (ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized),
        ) => (
            format!("it does not let us in ({code:?})"),
            "check 'username' and the password, or the broker's access list".to_owned(),
        ),
        ConnectionError::ConnectionRefused(code) => (
            format!("it refuses us ({code:?})"),
            "see the broker's log; version = \"3.1.1\" is for brokers without MQTT 5".to_owned(),
        ),
        ConnectionError::Tls(error) => (
            format!("TLS fails ({error})"),
            "check that the broker speaks TLS at this port, 'ca_file', and that its certificate is for the host of 'url'"
                .to_owned(),
        ),
        other => (
            format!("the connection ends before it begins ({other})"),
            "check that an MQTT broker listens there, and whether it wants TLS (mqtts://)".to_owned(),
        ),
    }
}
