//! `idlewatt init`: a first configuration, from flags, from questions on a terminal, and from the meters on the broker.
//!
//! Nothing is written before all is known and the configuration has no faults; then each file is written whole or not at
//! all, never over another one without `--force`, readable by owner and group alone. Passwords are asked for without echo
//! and kept in files of their own. What nobody said is assumed and said at the end. Exit code 0: it was written; what does
//! not answer yet (a broker, a database) is shown, as `idlewatt check` would.

mod answers;
mod dialogue;
mod file;
mod gather;
mod meters;
mod place;
mod write;

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use ingest::session::{BrokerConfig, Secret};

use super::WrongArguments;
use super::check;
use super::discover::Candidates;
use crate::config::Config;
use crate::{arguments, progress};
use answers::{Answers, Kept};
use dialogue::Dialogue;
use gather::{gather, parse_sink};
use meters::{Devices, devices};
use place::FACTORS;
use write::{NewFile, ensure_free};

/// Listened so long where somebody agrees to it, seconds.
const LISTEN_S: u64 = 60;
/// Devices that are left out are named up to so many.
const DOUBTFUL_MAX: usize = 20;

/// Writes a first configuration, from questions on a terminal or from flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt init\n  \
                  idlewatt init --output /etc/idlewatt/idlewatt.toml\n  \
                  idlewatt init --output idlewatt.toml --broker mqtt://localhost:1883 --discover --seconds 120\n  \
                  idlewatt init --defaults --broker mqtts://broker:8883 --username idlewatt --password-file mqtt_password \
                  --site-name 'St. Anna' --zone Europe/Zurich --day-price 0.27 --sink influxdb1=http://localhost:8086\n\n\
                  Exit codes:\n  0  the file was written; who does not answer yet is said\n  \
                  1  nothing was written: a file is there already, no broker let us in, a fault, or it was broken off\n  \
                  2  wrong arguments")]
pub struct Arguments {
    /// The file to write
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    output: PathBuf,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// Ask nothing: what no flag says keeps its default; without a terminal it is so anyhow
    #[arg(long)]
    defaults: bool,
    /// What people call the hospital
    #[arg(long, value_name = "NAME")]
    site_name: Option<String>,
    /// Its time zone, by its IANA name; not said: this machine's
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Language of page and alerts
    #[arg(long, value_name = "LANGUAGE", value_parser = arguments::languages())]
    language: Option<String>,
    /// Currency of the prices, three letters of ISO 4217
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Price of a kilowatt-hour by day, in that currency
    #[arg(long, value_name = "PRICE")]
    day_price: Option<String>,
    /// Price of a kilowatt-hour from 22:00 to 6:00; not said: the same
    #[arg(long, value_name = "PRICE")]
    night_price: Option<String>,
    /// Where the prices come from: it stands on every report
    #[arg(long, value_name = "WORDS")]
    price_source: Option<String>,
    /// The year they hold for
    #[arg(long, value_name = "YEAR")]
    price_year: Option<String>,
    /// What a kilowatt-hour emits, by a documented factor; not said: the one nearest to the zone
    #[arg(long, value_name = "PLACE", value_parser = factors(), conflicts_with = "carbon_g")]
    carbon: Option<String>,
    /// Or a factor of your own, grams of CO2 equivalent a kilowatt-hour
    #[arg(long, value_name = "GRAMS", requires = "carbon_source")]
    carbon_g: Option<String>,
    /// Where it comes from, and by which method
    #[arg(long, value_name = "WORDS", requires = "carbon_g")]
    carbon_source: Option<String>,
    /// The year it holds for; not said: this one
    #[arg(long, value_name = "YEAR", requires = "carbon_g")]
    carbon_year: Option<String>,
    /// The broker: mqtt://host:1883 or mqtts://host:8883
    #[arg(long, value_name = "URL")]
    broker: Option<String>,
    /// The account at the broker
    #[arg(long, value_name = "NAME", requires = "broker")]
    username: Option<String>,
    /// A file that holds its password and nothing else
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,
    /// PEM of the authority that signed the broker's certificate
    #[arg(long, value_name = "FILE", requires = "broker")]
    ca_file: Option<PathBuf>,
    /// When devices are meant to be used, Monday to Friday, local time: 07:30-12:00,13:00-19:00; empty: closed
    #[arg(long, value_name = "WINDOWS")]
    opening_mon_fri: Option<String>,
    /// The same on Saturday
    #[arg(long, value_name = "WINDOWS")]
    opening_sat: Option<String>,
    /// The same on Sunday
    #[arg(long, value_name = "WINDOWS")]
    opening_sun: Option<String>,
    /// A database for the series: influxdb1=URL, influxdb2=URL, influxdb3=URL or victoriametrics=URL
    #[arg(long, value_name = "KIND=URL", value_parser = parse_sink)]
    sink: Option<(String, String)>,
    /// Its database, or bucket; not said: idlewatt
    #[arg(long, value_name = "NAME", requires = "sink")]
    sink_database: Option<String>,
    /// The organisation (influxdb2)
    #[arg(long, value_name = "NAME", requires = "sink")]
    sink_org: Option<String>,
    /// The account at the database (influxdb1, victoriametrics)
    #[arg(long, value_name = "NAME", requires = "sink")]
    sink_username: Option<String>,
    /// A file that holds its password and nothing else
    #[arg(long, value_name = "FILE", requires = "sink_username")]
    sink_password_file: Option<PathBuf>,
    /// A file that holds the database's token and nothing else
    #[arg(long, value_name = "FILE", requires = "sink")]
    sink_token_file: Option<PathBuf>,
    /// Where the page listens; not said: 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where journal, findings and history are kept; not said: beside the file, for /etc/idlewatt in /var/lib/idlewatt
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    state_dir: Option<PathBuf>,
    /// Listen to the broker, and make a device of each meter whose name or power says what it feeds
    #[arg(long)]
    discover: bool,
    /// Listen for so long, seconds; not said: 60
    #[arg(long, value_name = "SECONDS", requires = "discover", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: Option<u64>,
    #[command(flatten)]
    progress: progress::Asked,
}

fn factors() -> PossibleValuesParser {
    PossibleValuesParser::new(FACTORS.iter().map(|factor| factor.name))
}

/// Asks, listens, writes, and says what comes next.
///
/// # Errors
/// There is such a file already, an answer cannot be used, the broker does not let us in, or the disk refuses.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let dialogue = Dialogue {
        is_asking: is_terminal && !arguments.defaults,
    };
    ensure_free(&arguments.output, arguments.force)?;
    let answers = gather(arguments, dialogue, ingest::clock::wall())?;
    for secret in answers
        .secrets()
        .filter_map(|secret| secret.file(&arguments.output))
    {
        ensure_free(&secret.path, arguments.force)?;
    }
    let question = format!("Listen to the broker for {LISTEN_S} s and take the meters that are there");
    let found = if arguments.discover || dialogue.agrees(&question)? {
        let seconds = arguments.seconds.unwrap_or(LISTEN_S);
        let heard = Candidates::listen(broker(&answers)?, seconds, arguments.progress)?;
        devices(heard, dialogue)?
    } else {
        Devices::default()
    };
    let files = write_all(arguments, &answers, &found)?;
    say(arguments, &answers, &found, &files, out)?;
    Ok(ExitCode::SUCCESS)
}

/// The broker as it will be configured.
fn broker(answers: &Answers) -> anyhow::Result<BrokerConfig> {
    let broker = &answers.broker;
    let (mut password, mut password_file) = (None, None);
    match &broker.password {
        Some(Kept::There(path)) => password_file = Some(path.clone()),
        Some(Kept::New { secret, .. }) => password = Some(Secret::new(secret.clone())),
        None => {}
    }
    let config = BrokerConfig {
        name: "init".to_owned(),
        url: broker.url.clone(),
        username: broker.username.clone().unwrap_or_default(),
        password,
        password_file,
        ca_file: broker.ca_file.clone(),
        ..BrokerConfig::default()
    };
    if let Some((key, what, mend)) = config.check().into_iter().next() {
        return Err(WrongArguments(format!("broker {}: {key} {what}; {mend}", config.url)).into());
    }
    Ok(config)
}

/// Writes secrets and configuration; where the configuration has faults nothing stays.
fn write_all(arguments: &Arguments, answers: &Answers, found: &Devices) -> anyhow::Result<Vec<PathBuf>> {
    let secrets = answers
        .secrets()
        .filter_map(|secret| secret.file(&arguments.output));
    let configuration = NewFile {
        path: arguments.output.clone(),
        text: file::text(answers, &found.stanzas),
    };
    let mut written = Vec::new();
    let outcome = (|| {
        for secret in secrets {
            write::write(&secret, arguments.force)?;
            written.push(secret.path);
        }
        // its secrets are read, so they must be there
        Config::parse(&configuration.path, &configuration.text)?;
        write::write(&configuration, arguments.force)?;
        written.push(configuration.path.clone());
        Ok(())
    })();
    if let Err(error) = outcome {
        for path in written {
            // the first failure is the one to be told
            let _ = std::fs::remove_file(path);
        }
        return Err(error);
    }
    Ok(written)
}

/// What was written, what was assumed, what `check` says of it, and what comes next.
fn say(
    arguments: &Arguments,
    answers: &Answers,
    found: &Devices,
    files: &[PathBuf],
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let shown: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    writeln!(out, "written: {}", shown.join(", "))?;
    if found.taken + found.doubtful.len() > 0 {
        writeln!(out, "devices: {}; their rooms are to be named", found.taken)?;
    }
    for doubtful in found.doubtful.iter().take(DOUBTFUL_MAX) {
        writeln!(out, "left out, as a comment: {doubtful}")?;
    }
    if found.doubtful.len() > DOUBTFUL_MAX {
        writeln!(
            out,
            "left out, as comments: {} more",
            found.doubtful.len() - DOUBTFUL_MAX
        )?;
    }
    if found.unread > 0 {
        writeln!(
            out,
            "{} kinds of topics were not read; `idlewatt discover -c {}` shows them",
            found.unread,
            arguments.output.display()
        )?;
    }
    for assumed in &answers.assumed {
        writeln!(out, "assumed: {assumed}")?;
    }
    writeln!(out)?;
    let config = check::brief(&arguments.output, out)?;
    let file = arguments.output.display();
    let start = if arguments.output == Path::new("/etc/idlewatt/idlewatt.toml") {
        "systemctl enable --now idlewatt".to_owned()
    } else {
        format!("idlewatt serve -c {file}")
    };
    writeln!(
        out,
        "\nNext\n  idlewatt check -c {file}\n  {start}\n  {}://{}/ is the page then",
        config.page_scheme(),
        config.page
    )?;
    Ok(out.flush()?)
}
