//! The bars, printed: `cargo run --release -p tests --bin week`. Needs mosquitto and influxd.
//!
//! The simulated week of the demo hospital goes as fast as possible through a real mosquitto at QoS 1 into a real
//! `idlewatt serve`, which writes to a real InfluxDB; what is then read back from there is compared with what the
//! simulator knows. Exit code 0: every bar is met.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use simulator::Scenario;
use tests::bar::build_idlewatt;
use tests::week;

fn main() -> anyhow::Result<ExitCode> {
    build_idlewatt()?;
    let mut scenario = Scenario::builtin("week")?;
    if let Some(days) = std::env::args().nth(1) {
        scenario.days = days.parse().context("the only argument is a number of days")?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let total_s = scenario.end().duration_since(scenario.start).as_secs_f64();
    let mut screen = std::io::stderr();
    let mut told = 0.0;
    let outcome = runtime.block_on(week::run(&scenario, |simulated_s, messages| {
        let percent = (simulated_s / total_s * 100.0).min(100.0);
        // on a terminal one line that changes, elsewhere a line every tenth
        if screen.is_terminal() {
            let _ = write!(screen, "\r{percent:5.1} %  {messages} messages ");
        } else if percent >= told {
            told += 10.0;
            let _ = writeln!(screen, "{percent:5.1} %  {messages} messages");
        }
    }))?;
    writeln!(std::io::stdout(), "\n{outcome}")?;
    let is_met = outcome.bars().iter().all(|bar| bar.is_met);
    Ok(if is_met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
