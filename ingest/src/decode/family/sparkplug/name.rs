//! What a metric is of: the configuration's word first, then its unit and the words of its name.
//!
//! A stated unit (`engUnit`) decides between power and energy; a unit that is neither makes the metric none of ours.
//! For V and A the name must say so too, since any analogue input is in volts. Without any unit power is taken for W
//! and a register for kWh, which is said.
//!
//! The words of a name that speak neither of a quantity nor of a phase name the load: `Meter1/Power` is of the load
//! `Meter1`. What all loads of a birth begin with is left out, so that a device of one load has the channel `total`,
//! and one of several has `Meter1`, `Meter1/l1`, `Meter2`.

use super::super::super::collect::Quantity;
use super::super::super::naming::{Namings, Place, word};

/// Longer names are nobody's.
const BYTES_MAX: usize = 200;
/// Folders of what an edge node says of itself and of its templates.
const FOREIGN: [&str; 7] = [
    "Node Control/",
    "Device Control/",
    "Node Info/",
    "Device Info/",
    "Node Properties/",
    "Properties/",
    "_types_/",
];
/// Units whose capitals tell milli from mega; the word is one that decides the quantity in a name.
const EXACT: [(&str, &str, &str); 7] = [
    ("MW", "MW", "kw"),
    ("mW", "mW", "kw"),
    ("MWh", "MWh", "kwh"),
    ("MWH", "MWh", "kwh"),
    ("mWh", "mWh", "kwh"),
    ("mV", "mV", "v"),
    ("kV", "kV", "v"),
];
/// Units however their letters are written.
const LENIENT: [(&str, &str, &str); 27] = [
    ("w", "W", "w"),
    ("watt", "W", "w"),
    ("watts", "W", "w"),
    ("kw", "kW", "w"),
    ("kilowatt", "kW", "w"),
    ("kilowatts", "kW", "w"),
    ("megawatt", "MW", "w"),
    ("megawatts", "MW", "w"),
    ("wh", "Wh", "wh"),
    ("watthours", "Wh", "wh"),
    ("watt hours", "Wh", "wh"),
    ("kwh", "kWh", "wh"),
    ("kwhr", "kWh", "wh"),
    ("kw-h", "kWh", "wh"),
    ("kw.h", "kWh", "wh"),
    ("kw·h", "kWh", "wh"),
    ("kilowatt hours", "kWh", "wh"),
    ("kilowatt-hours", "kWh", "wh"),
    ("v", "V", "v"),
    ("volt", "V", "v"),
    ("volts", "V", "v"),
    ("vac", "V", "v"),
    ("a", "A", "ma"),
    ("amp", "A", "ma"),
    ("amps", "A", "ma"),
    ("ampere", "A", "ma"),
    ("ma", "mA", "ma"),
];
/// Words that name no load. Those of phases and outlets are [`word::channel`]'s.
const PLAIN: &str = "a ac accumulated active all amp ampere amperes amps average avg channel consumed consumption counter \
    cumulative current delivered e electrical electricity energy exp export exported forward from grid i \
    import imported input inst instantaneous k kw kwh kwhr l line live ll ln load m ma mains measurement \
    measurements mv mw mwh n neutral now of outlet p ph phase plug port positive power reading real \
    register returned reverse rms socket sum supply to total u v value volt voltage volts w watt watts \
    wh";

/// What a metric is of.
#[derive(Debug, PartialEq)]
pub(super) struct Meaning {
    pub(super) quantity: Quantity,
    /// To W, Wh, V or A.
    pub(super) factor: f64,
    pub(super) of: Of,
    /// Nobody said the unit.
    pub(super) is_assumed: bool,
}

/// Whose value it is.
#[derive(Debug, PartialEq)]
pub(super) enum Of {
    /// As the configuration says.
    Configured(Option<String>),
    /// A load by its name, empty where the name speaks of none, and a part of it.
    Load(String, Option<&'static str>),
}

impl Of {
    /// The channel, where the first `common` levels of the load's name say nothing.
    pub(super) fn channel(&self, common: usize) -> Option<String> {
        let (load, part) = match self {
            Self::Configured(channel) => return channel.clone(),
            Self::Load(load, part) => (load, part.filter(|part| *part != "total")),
        };
        let load: Vec<&str> = load.split('/').skip(common).collect();
        Some(match (load.join("/"), part) {
            (load, part) if load.is_empty() => part.unwrap_or("total").to_owned(),
            (load, None) => load,
            (load, Some(part)) => format!("{load}/{part}"),
        })
    }
}

/// How many levels all loads begin with alike.
pub(super) fn common<'m>(meanings: impl Iterator<Item = &'m Meaning>) -> usize {
    let mut first: Option<Vec<&str>> = None;
    for meaning in meanings {
        let Of::Load(load, _) = &meaning.of else { continue };
        let levels = load.split('/').filter(|level| !level.is_empty());
        match &mut first {
            None => first = Some(levels.collect()),
            Some(first) => {
                let alike = first.iter().zip(levels).take_while(|(a, b)| **a == *b).count();
                first.truncate(alike);
            }
        }
    }
    first.map_or(0, |levels| levels.len())
}

/// What a metric of a meter is of, by its name and its stated unit; none where it is no reading.
pub(super) fn meaning(namings: &Namings, meter: &str, name: &str, unit: Option<&str>) -> Option<Meaning> {
    let place = Place {
        family: "sparkplug",
        meter,
        profile: None,
    };
    if let Some(meaning) = namings.meaning(place, name) {
        return Some(Meaning {
            quantity: meaning.quantity,
            factor: meaning.factor,
            of: Of::Configured(meaning.channel.map(str::to_owned)),
            is_assumed: false,
        });
    }
    if name.len() > BYTES_MAX || is_foreign(name) {
        return None;
    }
    let (quantity, factor) = match unit {
        Some(unit) => by_unit(name, unit)?,
        None => by_name(name)?,
    };
    // A net register falls; what was received is import to one vendor and export to another.
    let is_unclear = || words(name).any(|(_, word)| matches!(word.as_str(), "net" | "received"));
    let is_register = matches!(quantity, Quantity::Energy | Quantity::EnergyExport);
    if is_register && is_unclear() {
        return None;
    }
    let part = word::channel(name);
    Some(Meaning {
        quantity,
        factor: factor.unwrap_or(if is_register { 1000.0 } else { 1.0 }),
        of: Of::Load(load(name, part), part),
        is_assumed: factor.is_none() && (is_register || quantity == Quantity::Power),
    })
}

/// Whether a metric is of the edge node and the session, not of the plant.
pub(super) fn is_foreign(name: &str) -> bool {
    name == "bdSeq" || FOREIGN.iter().any(|folder| name.starts_with(folder))
}

fn by_unit(name: &str, unit: &str) -> Option<(Quantity, Option<f64>)> {
    let unit = unit.trim();
    let exact = EXACT.iter().find(|(spelled, ..)| *spelled == unit);
    let lenient = || {
        LENIENT
            .iter()
            .find(|(spelled, ..)| spelled.eq_ignore_ascii_case(unit))
    };
    let (_, unit, word) = exact.or_else(lenient)?;
    let quantity = word::said(&format!("{name} {word}"))?.quantity;
    let is_said = || word::said(name).is_some_and(|said| said.quantity == quantity);
    let needs_name = matches!(quantity, Quantity::Voltage | Quantity::Current);
    let factor = word::factor(unit, quantity)?;
    (!needs_name || is_said()).then_some((quantity, Some(factor)))
}

fn by_name(name: &str) -> Option<(Quantity, Option<f64>)> {
    let said = word::said(name)?;
    let unit = || {
        let mut words = name.split(|letter: char| !letter.is_alphanumeric());
        words.find_map(|word| EXACT.iter().find(|(spelled, ..)| *spelled == word))
    };
    let factor = match unit() {
        Some((_, unit, _)) => Some(word::factor(unit, said.quantity)?),
        None => said.factor,
    };
    Some((said.quantity, factor))
}

/// The load's name: of every level what stands from the first to the last word that is not plain.
fn load(name: &str, part: Option<&str>) -> String {
    let mut load = String::new();
    for level in name.split('/') {
        let (mut begin, mut end, mut before) = (None, 0, String::new());
        for (at, word) in words(level) {
            let length = word.len();
            // Where the whole name speaks of no part, none of its words does.
            let is_nothing = is_plain(&word) || (part.is_some() && is_of_part(&before, &word));
            if !is_nothing {
                begin.get_or_insert(at);
                end = at + length;
            }
            before = word;
        }
        if let Some(own) = begin.and_then(|begin| level.get(begin..end)) {
            if !load.is_empty() {
                load.push('/');
            }
            load.push_str(own);
        }
    }
    load
}

fn is_plain(word: &str) -> bool {
    PLAIN.split(' ').any(|plain| plain == word)
}

fn is_of_part(before: &str, word: &str) -> bool {
    const COUNTED: [&str; 9] = [
        "phase", "ph", "l", "outlet", "port", "socket", "channel", "plug", "load",
    ];
    let counts = || COUNTED.contains(&before) && word::channel(&format!("{before} {word}")).is_some();
    word::channel(word).is_some() || counts()
}

/// The words of a name with their places, in small ASCII letters so that their length is kept. They are split at what
/// is neither letter nor digit, and where small letters turn to capitals.
fn words(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        while rest.next_if(|(_, letter)| !letter.is_alphanumeric()).is_some() {}
        let (at, first) = rest.next()?;
        let (mut end, mut last) = (at + first.len_utf8(), first);
        while let Some((place, letter)) = rest.next_if(|(place, letter)| {
            let is_unit = matches!(&text[at..*place], "k" | "m");
            letter.is_alphanumeric() && (is_unit || !(last.is_lowercase() && letter.is_uppercase()))
        }) {
            (end, last) = (place + letter.len_utf8(), letter);
        }
        Some((at, text[at..end].to_ascii_lowercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, unit: Option<&str>, expected: Option<(Quantity, f64, &str)>) {
        let meaning = meaning(&Namings::default(), "m", name, unit);
        let channel = meaning.as_ref().and_then(|meaning| meaning.of.channel(0));
        let said = meaning.map(|meaning| (meaning.quantity, meaning.factor, channel.unwrap_or_default()));
        let expected = expected.map(|(quantity, factor, channel)| (quantity, factor, channel.to_owned()));
        assert_eq!(said, expected, "{name} {unit:?}");
    }

    #[test]
    fn units_and_names_say_what_a_metric_is() {
        use Quantity::{Current, Energy, EnergyExport, Power, Voltage};
        for (name, unit, quantity, factor, channel) in [
            ("Power/Active/Total", None, Power, 1.0, "total"),
            ("Energy/Import", None, Energy, 1000.0, "total"),
            ("Energy/Export", Some("Wh"), EnergyExport, 1.0, "total"),
            ("Power Consumption", Some("kW"), Power, 1000.0, "total"),
            ("P", Some("MW"), Power, 1e6, "total"),
            ("Feeder 3/P", Some("mW"), Power, 0.001, "Feeder 3"),
            ("Energy_MWh", None, Energy, 1e6, "total"),
            ("activePowerL2", Some("KW"), Power, 1000.0, "l2"),
            ("Meter1/kW", None, Power, 1000.0, "Meter1"),
            ("Main_Incomer_kWh", None, Energy, 1000.0, "Main_Incomer"),
            ("Site/MR 1/Voltage/L1", Some("V"), Voltage, 1.0, "Site/MR 1/l1"),
            ("chillerCurrent", Some("Amps"), Current, 1.0, "chiller"),
            ("Power/MR1", Some("Watts"), Power, 1.0, "MR1"),
            ("outlet 3 power", None, Power, 1.0, "3"),
        ] {
            check(name, unit, Some((quantity, factor, channel)));
        }
        for (name, unit) in [
            ("Power/Active/Total", Some("kVA")),
            ("Power/Active/Total", Some("%")),
            ("Power/Active/Max", Some("kW")),
            ("Energy/Net", None),
            ("Energy/Received", Some("kWh")),
            ("Analog In 1", Some("V")),
            ("Properties/Power", None),
            ("Node Control/Power", None),
            ("Temperature", Some("°C")),
            ("bdSeq", None),
        ] {
            check(name, unit, None);
        }
    }

    #[test]
    fn what_all_loads_begin_with_is_left_out() {
        let check = |names: &[&str], expected: &[&str]| {
            let meanings: Vec<_> = names
                .iter()
                .map(|name| meaning(&Namings::default(), "m", name, None).unwrap())
                .collect();
            let common = common(meanings.iter());
            let channels: Vec<_> = meanings
                .iter()
                .map(|meaning| meaning.of.channel(common).unwrap())
                .collect();
            assert_eq!(channels, expected);
        };
        check(&["M1/kW", "M1/kWh", "M1/Voltage/L1"], &["total", "total", "l1"]);
        check(&["A/M1/kW", "A/M2/kW", "A/M2/Power/L3"], &["M1", "M2", "M2/l3"]);
        check(&["Power", "M2/Power"], &["total", "M2"]);
        check(&["A/kW", "A/B/kW"], &["total", "B"]);
    }
}
