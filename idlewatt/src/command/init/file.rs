//! The configuration as text, with a comment where a person should look again.

use std::fmt::Write;

use super::answers::{Answers, Kept, Sink};
use crate::command::discover::quoted;

/// What stands at the top.
const HEAD: &str = "# Written by `idlewatt init`. `idlewatt check -c <this file>` says what would happen with it;\n\
                    # `idlewatt check --print-config` prints every key there is, with its comment.\n";
/// What stands for devices where none was found.
const NO_DEVICE: &str = "\n# No device yet. `idlewatt discover` lists the meters on a broker, with stanzas to paste, such as this one.\n\
                         #[[device]]\n#id = \"ct-1\"\n#name = \"CT 1\"\n#room = \"CT room 1\"\n#modality = \"ct\"\n\
                         #meter = \"shellypro3em-ct1\"\n";

/// The whole file.
pub(super) fn text(answers: &Answers, devices: &[String]) -> String {
    let mut text = HEAD.to_owned();
    site(answers, &mut text);
    if let Some(folder) = &answers.state_dir {
        let folder = quoted(&folder.display().to_string());
        let _ = writeln!(text, "\n[service]\nstate_dir = {folder}");
    }
    if let Some(listen) = answers.listen {
        let _ = writeln!(text, "\n[page]\nlisten = \"{listen}\"");
    }
    broker(answers, &mut text);
    opening(answers, &mut text);
    for device in devices {
        text += "\n";
        text += device;
    }
    if devices.is_empty() {
        text += NO_DEVICE;
    }
    if let Some(sink) = &answers.sink {
        self::sink(sink, &mut text);
    }
    text
}

fn site(answers: &Answers, text: &mut String) {
    let site = &answers.site;
    let _ = writeln!(
        text,
        "\n[site]\nname = {}\nzone = {}\nlanguage = {}",
        quoted(&site.name),
        quoted(&site.zone),
        quoted(&site.language)
    );
    let tariff = &answers.tariff;
    let _ = writeln!(
        text,
        "\n[site.tariff]\ncurrency = {}\nday_price_per_kwh = {}",
        quoted(&tariff.currency),
        tariff.day
    );
    if let Some(night) = &tariff.night {
        let _ = writeln!(text, "night_price_per_kwh = {night}");
    }
    let _ = writeln!(
        text,
        "source = {}\nyear = {}",
        quoted(&tariff.source),
        tariff.year
    );
    let carbon = &answers.carbon;
    let _ = writeln!(
        text,
        "\n[site.carbon]\ng_per_kwh = {}\nsource = {}\nyear = {}",
        carbon.g_per_kwh,
        quoted(&carbon.source),
        carbon.year
    );
}

fn broker(answers: &Answers, text: &mut String) {
    let broker = &answers.broker;
    let _ = writeln!(
        text,
        "\n[[broker]]\nname = \"main\"\nurl = {}",
        quoted(&broker.url)
    );
    if let Some(user) = &broker.username {
        let _ = writeln!(text, "username = {}", quoted(user));
    }
    secret("password_file", broker.password.as_ref(), text);
    if let Some(file) = &broker.ca_file {
        let _ = writeln!(text, "ca_file = {}", quoted(&file.display().to_string()));
    }
}

fn secret(key: &str, secret: Option<&Kept>, text: &mut String) {
    if let Some(secret) = secret {
        let _ = writeln!(text, "{key} = {}", quoted(&secret.named()));
    }
}

fn opening(answers: &Answers, text: &mut String) {
    let days = answers.opening.iter().map(|(days, windows)| {
        let windows: Vec<String> = windows.iter().map(|window| quoted(window)).collect();
        format!("{days} = [{}]", windows.join(", "))
    });
    let days: Vec<String> = days.collect();
    if !days.is_empty() {
        let _ = writeln!(text, "\n[defaults]\nopening = {{ {} }}", days.join(", "));
    }
}

fn sink(sink: &Sink, text: &mut String) {
    let _ = writeln!(
        text,
        "\n[[sink]]\nname = \"database\"\nkind = {}\nurl = {}",
        quoted(&sink.kind),
        quoted(&sink.url)
    );
    if let Some(database) = &sink.database {
        let key = if sink.kind == "influxdb2" {
            "bucket"
        } else {
            "database"
        };
        let _ = writeln!(text, "{key} = {}", quoted(database));
    }
    if let Some(org) = &sink.org {
        let _ = writeln!(text, "org = {}", quoted(org));
    }
    if let Some(user) = &sink.username {
        let _ = writeln!(text, "username = {}", quoted(user));
    }
    secret("password_file", sink.password.as_ref(), text);
    secret("token_file", sink.token.as_ref(), text);
}
