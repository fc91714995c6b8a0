//! What must be known for a first configuration: of the flags, else of a person, else a default, which is said afterwards.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;

use super::Arguments;
use super::answers::{Answers, Broker, Carbon, Kept, Sink, Site, Tariff};
use super::dialogue::{Dialogue, Question, anything, something};
use super::place::{self, FACTORS};
use super::write::folder;
use crate::config::{HttpUrl, MqttUrl, OpenWindow, SinkKind, Zone};

/// The folder of an installed machine's configuration, and where its service keeps things.
const INSTALLED: (&str, &str) = ("/etc/idlewatt", "/var/lib/idlewatt");
/// An assumption stands on every report, so it says that it is one.
const ASSUMED_PRICE: (&str, &str) = (
    "0.23",
    "assumed by idlewatt init, to be replaced by the contract's",
);
const OPENING: [(&str, &str, &str); 3] = [
    ("mon_fri", "Open Monday to Friday", "07:30-19:00"),
    ("sat", "Open on Saturday (empty: closed)", ""),
    ("sun", "Open on Sunday (empty: closed)", ""),
];
const NO_DATABASE: &str = "none: the page and the local history are enough for now";
const DATABASES: [&str; 4] = ["influxdb1", "influxdb2", "influxdb3", "victoriametrics"];

/// Asks for what the flags do not say.
pub(super) fn gather(arguments: &Arguments, dialogue: Dialogue, now: Timestamp) -> anyhow::Result<Answers> {
    let mut gathering = Gathering {
        arguments,
        dialogue,
        year: now.strftime("%Y").to_string(),
        assumed: Vec::new(),
    };
    let broker = gathering.broker()?;
    let site = gathering.site()?;
    let tariff = gathering.tariff(&site.zone)?;
    let carbon = gathering.carbon(&site.zone)?;
    let opening = gathering.opening()?;
    let sink = gathering.sink()?;
    let is_installed = || {
        let folder = std::path::absolute(folder(&arguments.output)).ok();
        folder.is_some_and(|folder| folder == Path::new(INSTALLED.0))
    };
    let state_dir = arguments.state_dir.clone();
    Ok(Answers {
        site,
        tariff,
        carbon,
        state_dir: state_dir.or_else(|| is_installed().then(|| INSTALLED.1.into())),
        listen: arguments.listen,
        broker,
        opening,
        sink,
        assumed: gathering.assumed,
    })
}

struct Gathering<'a> {
    arguments: &'a Arguments,
    dialogue: Dialogue,
    year: String,
    assumed: Vec<String>,
}

impl Gathering<'_> {
    fn ask(
        &self,
        given: Option<&str>,
        flag: &str,
        words: &str,
        preset: Option<&str>,
        check: fn(&str) -> Result<(), String>,
    ) -> anyhow::Result<String> {
        let question = Question {
            flag,
            words,
            preset: preset.map(str::to_owned),
            check,
        };
        self.dialogue.text(given, &question)
    }

    /// Notes what nobody has said.
    fn assume(&mut self, given: Option<&str>, what: String) {
        if given.is_none() && !self.dialogue.is_asking {
            self.assumed.push(what);
        }
    }

    fn broker(&self) -> anyhow::Result<Broker> {
        let arguments = self.arguments;
        let preset = self.dialogue.is_asking.then_some("mqtt://localhost:1883");
        let url = self.ask(
            arguments.broker.as_deref(),
            "--broker",
            "The broker, mqtt://host:port or mqtts://host:port",
            preset,
            |text| text.parse::<MqttUrl>().map(drop),
        )?;
        let user = self.ask(
            arguments.username.as_deref(),
            "--username",
            "The account at the broker (empty: none)",
            Some(""),
            anything,
        )?;
        let username = (!user.is_empty()).then_some(user);
        let mut password = there(arguments.password_file.as_deref())?;
        if password.is_none() && username.is_some() {
            let secret = self
                .dialogue
                .secret("Its password (not shown; kept in mqtt_password beside the configuration)")?;
            password = secret.map(|secret| Kept::New {
                name: "mqtt_password",
                secret,
            });
        }
        let mut ca_file = arguments.ca_file.clone();
        if ca_file.is_none() && url.starts_with("mqtts:") {
            let words =
                "PEM file of the authority that signed the broker's certificate (empty: a public one)";
            let file = self.ask(None, "--ca-file", words, Some(""), anything)?;
            ca_file = (!file.is_empty()).then(|| file.into());
        }
        let ca_file = ca_file.as_deref().map(absolute).transpose()?;
        Ok(Broker {
            url,
            username,
            password,
            ca_file,
        })
    }

    fn site(&mut self) -> anyhow::Result<Site> {
        let arguments = self.arguments;
        let given = arguments.site_name.as_deref();
        let name = self.ask(
            given,
            "--site-name",
            "What people call the hospital",
            Some("Imaging"),
            something,
        )?;
        self.assume(given, format!("the name \"{name}\" (--site-name)"));
        let machine = ingest::clock::zone();
        let given = arguments.zone.as_deref();
        let zone = self.ask(
            given,
            "--zone",
            "Its time zone",
            Some(machine.as_deref().unwrap_or("UTC")),
            |text| text.parse::<Zone>().map(drop),
        )?;
        self.assume(given, format!("this machine's time zone {zone} (--zone)"));
        let language = self.ask(
            arguments.language.as_deref(),
            "--language",
            "Language of page and alerts, en or fr",
            Some(preferred_language()),
            |text| match text {
                "en" | "fr" => Ok(()),
                _ => Err("write en or fr".to_owned()),
            },
        )?;
        Ok(Site { name, zone, language })
    }

    fn tariff(&mut self, zone: &str) -> anyhow::Result<Tariff> {
        let arguments = self.arguments;
        let currency = self.ask(
            arguments.currency.as_deref(),
            "--currency",
            "Currency, three letters",
            Some(place::currency(zone)),
            |text| match text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
                true => Ok(()),
                false => Err("write three capital letters, as in EUR".to_owned()),
            },
        )?;
        let given = arguments.day_price.as_deref();
        let words = "Price of a kilowatt-hour by day";
        let day = self.ask(given, "--day-price", words, Some(ASSUMED_PRICE.0), number)?;
        self.assume(given, format!("a price of {day} {currency}/kWh (--day-price)"));
        let night = self.ask(
            arguments.night_price.as_deref(),
            "--night-price",
            "Price by night, 22:00 to 6:00 (empty: the same)",
            Some(""),
            |text| if text.is_empty() { Ok(()) } else { number(text) },
        )?;
        let is_known = given.is_some() || self.dialogue.is_asking;
        let source = self.ask(
            arguments.price_source.as_deref(),
            "--price-source",
            "Where the prices come from: it stands on every report",
            Some(if is_known {
                "the hospital's contract"
            } else {
                ASSUMED_PRICE.1
            }),
            something,
        )?;
        let words = "The year they hold for";
        let given = arguments.price_year.as_deref();
        let year = self.ask(given, "--price-year", words, Some(&self.year), year)?;
        Ok(Tariff {
            currency,
            day,
            night: (!night.is_empty()).then_some(night),
            source,
            year,
        })
    }

    fn carbon(&mut self, zone: &str) -> anyhow::Result<Carbon> {
        let arguments = self.arguments;
        let is_own = arguments.carbon_g.is_some();
        let mut place = place::factor(zone);
        if let Some(name) = &arguments.carbon {
            place = FACTORS
                .iter()
                .position(|factor| factor.name == name)
                .unwrap_or(place);
        } else if !is_own {
            let mut items: Vec<String> = FACTORS
                .iter()
                .map(|factor| format!("{} g/kWh: {}, {}", factor.g_per_kwh, factor.source, factor.year))
                .collect();
            items.push("another one".to_owned());
            place = self
                .dialogue
                .choice("What a kilowatt-hour emits, CO2 equivalent", &items, place)?;
        }
        if let Some(factor) = FACTORS.get(place).filter(|_| !is_own) {
            let (g_per_kwh, source) = (factor.g_per_kwh, factor.source);
            self.assume(
                arguments.carbon.as_deref(),
                format!("{g_per_kwh} g/kWh, {source} (--carbon)"),
            );
            return Ok(Carbon {
                g_per_kwh: format!("{g_per_kwh:?}"),
                source: source.to_owned(),
                year: factor.year.to_string(),
            });
        }
        let given = arguments.carbon_g.as_deref();
        let g_per_kwh = self.ask(
            given,
            "--carbon-g",
            "Grams of CO2 equivalent a kilowatt-hour",
            None,
            number,
        )?;
        let given = arguments.carbon_source.as_deref();
        let words = "Where the factor comes from, and by which method";
        let source = self.ask(given, "--carbon-source", words, None, something)?;
        let (given, words) = (arguments.carbon_year.as_deref(), "The year it holds for");
        let year = self.ask(given, "--carbon-year", words, Some(&self.year), year)?;
        Ok(Carbon {
            g_per_kwh,
            source,
            year,
        })
    }

    fn opening(&mut self) -> anyhow::Result<Vec<(&'static str, Vec<String>)>> {
        let given = [
            &self.arguments.opening_mon_fri,
            &self.arguments.opening_sat,
            &self.arguments.opening_sun,
        ];
        let is_said = given.iter().any(|given| given.is_some());
        let mut opening = Vec::new();
        for ((key, words, preset), given) in OPENING.into_iter().zip(given) {
            let flag = format!("--opening-{}", key.replace('_', "-"));
            // who says one of them says them all
            let given = given.as_deref().or(is_said.then_some(""));
            let said = self.ask(given, &flag, words, Some(preset), windows)?;
            if !said.is_empty() {
                let windows = said.split(',').map(|window| window.trim().to_owned());
                opening.push((key, windows.collect()));
            }
        }
        let preset = OPENING[0].2;
        self.assume(
            is_said.then_some(""),
            format!("open Monday to Friday {preset} (--opening-mon-fri, --opening-sat, --opening-sun)"),
        );
        Ok(opening)
    }

    fn sink(&self) -> anyhow::Result<Option<Sink>> {
        let arguments = self.arguments;
        let (kind, url) = if let Some((kind, url)) = &arguments.sink {
            (kind.clone(), url.clone())
        } else {
            let mut items = vec![NO_DATABASE.to_owned()];
            items.extend(DATABASES.map(str::to_owned));
            let place = self.dialogue.choice("A database for the series", &items, 0)?;
            let Some(kind) = place.checked_sub(1).and_then(|place| DATABASES.get(place)) else {
                return Ok(None);
            };
            let (words, preset) = ("Its address", "http://localhost:8086");
            let url = self.ask(None, "--sink", words, Some(preset), |text| {
                text.parse::<HttpUrl>().map(drop)
            })?;
            ((*kind).to_owned(), url)
        };
        let has_database = kind != "victoriametrics";
        let words = if kind == "influxdb2" {
            "The bucket"
        } else {
            "The database"
        };
        let given = arguments.sink_database.as_deref();
        let database = match has_database {
            true => Some(self.ask(given, "--sink-database", words, Some("idlewatt"), something)?),
            false => given.map(str::to_owned),
        };
        let mut org = arguments.sink_org.clone();
        if kind == "influxdb2" && org.is_none() {
            org = Some(self.ask(None, "--sink-org", "The organisation", None, something)?);
        }
        let mut token = there(arguments.sink_token_file.as_deref())?;
        let mut password = there(arguments.sink_password_file.as_deref())?;
        let mut username = arguments.sink_username.clone();
        if matches!(kind.as_str(), "influxdb2" | "influxdb3") {
            if token.is_none() {
                token = self.secret("Its token", "influx_token")?;
            }
        } else if username.is_none() {
            let words = "The account at the database (empty: none)";
            let user = self.ask(None, "--sink-username", words, Some(""), anything)?;
            username = (!user.is_empty()).then_some(user);
        }
        if username.is_some() && password.is_none() {
            password = self.secret("Its password", "influx_password")?;
        }
        Ok(Some(Sink {
            kind,
            url,
            database,
            org,
            username,
            password,
            token,
        }))
    }

    fn secret(&self, words: &str, name: &'static str) -> anyhow::Result<Option<Kept>> {
        let words = format!("{words} (not shown; kept in {name} beside the configuration)");
        let secret = self.dialogue.secret(&words)?;
        Ok(secret.map(|secret| Kept::New { name, secret }))
    }
}

/// Kind and address of a database, as `--sink` takes them.
pub(super) fn parse_sink(text: &str) -> Result<(String, String), String> {
    let (kind, url) = text
        .split_once('=')
        .ok_or("write KIND=URL, as in influxdb1=http://localhost:8086")?;
    kind.parse::<SinkKind>()?;
    url.parse::<HttpUrl>()?;
    Ok((kind.to_owned(), url.to_owned()))
}

fn there(path: Option<&Path>) -> anyhow::Result<Option<Kept>> {
    path.map(|path| absolute(path).map(Kept::There)).transpose()
}

/// Paths of the configuration start from its folder, paths of flags from where we are.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))
}

fn preferred_language() -> &'static str {
    let language = std::env::var("LANG").unwrap_or_default();
    if language.starts_with("fr") { "fr" } else { "en" }
}

fn number(text: &str) -> Result<(), String> {
    let number = text.parse::<f64>().ok();
    let number = number.filter(|number| number.is_finite() && *number >= 0.0);
    number
        .map(drop)
        .ok_or_else(|| "write a number, as in 0.23".to_owned())
}

fn year(text: &str) -> Result<(), String> {
    let year = text
        .parse::<i16>()
        .ok()
        .filter(|year| (2000..2100).contains(year));
    year.map(drop)
        .ok_or_else(|| "write a year, as in 2026".to_owned())
}

fn windows(text: &str) -> Result<(), String> {
    let mut windows = text.split(',').map(str::trim).filter(|window| !window.is_empty());
    windows.try_for_each(|window| window.parse::<OpenWindow>().map(drop))
}
