//! A small hospital for tests: a site with one broker, one CT, and messages of its meter.

use std::path::Path;

use ingest::record::{Batch, Record};
use jiff::Timestamp;

use crate::config::Config;

/// A site with prices and a broker, without devices.
pub(crate) const SITE: &str = r#"
[site]
name = "wing"
zone = "Europe/Paris"
[site.tariff]
day_price_per_kwh = 0.2
night_price_per_kwh = 0.2
source = "a test"
year = 2026
[site.carbon]
g_per_kwh = 50
source = "a test"
year = 2026
[[broker]]
name = "main"
url = "mqtt://localhost:1883"
"#;

/// Its CT.
const CT: &str = r#"
[[device]]
id = "ct-1"
name = "CT 1"
room = "one"
modality = "ct"
meter = "panel-7"
opening = { mon_fri = ["07:00-19:00"] }
"#;

/// The site with its CT; its state stands in `folder`.
pub(crate) fn config(folder: &Path) -> Config {
    let text = format!("{SITE}{CT}[service]\nstate_dir = \"{}\"\n", folder.display());
    let loaded = Config::parse(Path::new("idlewatt.toml"), &text);
    loaded.unwrap_or_else(|faults| panic!("{faults}\n{text}")).config
}

/// A message that came at a second of the example.
pub(crate) fn record(second: i64, topic: &str, payload: &str) -> Record {
    Record {
        received: Timestamp::from_second(1_790_000_000 + second).expect("in range"),
        topic: topic.to_owned(),
        payload: payload.into(),
        qos: 1,
        is_retained: false,
        is_after_outage: false,
        packet_id: 1,
        broker: 0,
    }
}

/// Messages that were committed with the last of them.
pub(crate) fn batch(seq: u64, records: Vec<Record>) -> Batch {
    let committed = records.last().map_or(Timestamp::UNIX_EPOCH, |last| last.received);
    Batch {
        seq,
        committed,
        records,
    }
}
