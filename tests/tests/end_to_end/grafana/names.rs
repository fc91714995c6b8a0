//! Names with signs that mean something in a regular expression, in InfluxQL or in a URL: what is chosen is found, and
//! nothing else.

use anyhow::ensure;
use jiff::Timestamp;
use tests::influxd::Influxd;

use super::ask::{Asked, ask, show};
use super::{board, model::VariableKind};

/// Rooms as hospitals may call them, as tags of line protocol.
const ROOMS: [(&str, &str); 5] = [
    (
        "IRM 3T / bâtiment \"B\" (1.5)",
        r#"IRM\ 3T\ /\ bâtiment\ "B"\ (1.5)"#,
    ),
    ("it's [room] no. 1|2 + {x}", r"it's\ [room]\ no.\ 1|2\ +\ {x}"),
    ("a.*", "a.*"),
    ("abc", "abc"),
    ("50 % $x ^y", r"50\ %\ $x\ ^y"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_room_with_odd_signs_is_chosen_and_no_other() -> anyhow::Result<()> {
    let influx = Influxd::start(false).await?;
    influx.query("", "CREATE DATABASE idlewatt").await?;
    let now: Timestamp = "2026-11-23T05:30:00Z".parse()?;
    let line = |(index, (_, tag)): (usize, &(&str, &str))| {
        format!(
            "energy,device=d-{index},modality=ct,open=false,room={tag},site=S,state=idle,tariff=night \
             energy_wh={},estimated_wh=0,duration_s=3600,cost=1,co2e_g=1 {}\n",
            1000 * (index + 1),
            now.as_millisecond() - 1_800_000
        )
    };
    let lines: String = ROOMS.iter().enumerate().map(line).collect();
    let (status, said) = influx.write("idlewatt", &lines).await?;
    ensure!(status == 204, "{status} {said}");

    let fleet = board("fleet")?;
    let (energy, device) = (&fleet.panels[1], &fleet.templating.list[2]);
    ensure!(energy.title == "Energy today" && device.name == "device" && device.kind == VariableKind::Query);
    for (index, (room, _)) in ROOMS.iter().enumerate() {
        let asked = Asked::of(&fleet, energy, now)?.choose("room", &[room]);
        let shown = show(&influx, "idlewatt", energy, &asked).await?;
        let kwh = shown.first().and_then(|frame| frame.rows[0][1].as_f64());
        ensure!(
            kwh == Some(f64::from(u32::try_from(index + 1)?)),
            "{room}: {kwh:?}"
        );
        let offered = ask(&influx, "idlewatt", &asked.put_in(&device.query)?).await?;
        let offered: Vec<_> = offered
            .iter()
            .flat_map(|frame| &frame.rows)
            .map(|row| row[1].clone())
            .collect();
        ensure!(offered == [format!("d-{index}")], "{room}: {offered:?}");
    }
    let rooms: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    let asked = Asked::of(&fleet, energy, now)?.choose("room", &rooms[..2]);
    let shown = show(&influx, "idlewatt", energy, &asked).await?;
    ensure!(shown[0].rows[0][1].as_f64() == Some(3.0), "{shown:?}");
    Ok(())
}
