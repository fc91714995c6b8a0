//! What idlewatt may be trusted with: secrets, connections, hostile input, its page.

mod broker;
mod hostile;
mod page;
mod secret;
mod tls;

/// One CT room; brokers and further sections are added. The meter `plug` speaks as Tasmota does.
const ROOM: &str = r#"
[site]
name = "Saint-Luc"
zone = "Europe/Paris"
[site.tariff]
day_price_per_kwh = 0.23
source = "contract"
year = 2026
[site.carbon]
g_per_kwh = 56.6
source = "ADEME"
year = 2023
[defaults]
opening = { mon_fri = ["07:30-19:00"] }
[[device]]
id = "ct-1"
room = "CT 1"
modality = "ct"
meter = "plug"
"#;

/// What the meter says of a power.
fn reading(power_w: u32) -> tests::publisher::Outgoing {
    let payload = format!(r#"{{"ENERGY":{{"Power":{power_w},"Total":{power_w}}}}}"#);
    tests::publisher::Outgoing::new("tele/plug/SENSOR", payload)
}
