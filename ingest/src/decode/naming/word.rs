//! What a freely given name says by its own words: quantity, unit, channel.
//!
//! `Power/Active/L1`, `active_power_kw`, `TotalImportEnergy_kWh`, `phase2.voltage`. Words are split at everything that
//! is neither letter nor digit and where small letters turn to capitals. A name that says what must not be taken for
//! active power or a register (apparent, reactive, factor, maximum, today, …) means nothing here.

use super::super::collect::Quantity;
use super::unit;

/// Words of values that go the other way.
const EXPORT: [&str; 10] = [
    "export",
    "exported",
    "exp",
    "returned",
    "return",
    "reverse",
    "produced",
    "production",
    "injected",
    "supplied",
];

/// Words that say what a value is, not of which load.
const PLAIN: [&str; 45] = [
    "power",
    "energy",
    "voltage",
    "current",
    "active",
    "activepower",
    "real",
    "watt",
    "watts",
    "volt",
    "volts",
    "ampere",
    "amperes",
    "amp",
    "amps",
    "w",
    "kw",
    "wh",
    "kwh",
    "mwh",
    "v",
    "mv",
    "a",
    "ma",
    "import",
    "imported",
    "consumption",
    "consumed",
    "delivered",
    "forward",
    "usage",
    "register",
    "counter",
    "reading",
    "value",
    "sensor",
    "meter",
    "measured",
    "electric",
    "electricity",
    "lifetime",
    "load",
    "total",
    "sum",
    "tot",
];

/// More words than any sensible name has.
const WORDS_MAX: usize = 16;

/// Words that make a name speak of something else.
const OTHER: [&str; 47] = [
    "apparent",
    "reactive",
    "factor",
    "pf",
    "cos",
    "cosphi",
    "phi",
    "va",
    "kva",
    "mva",
    "var",
    "kvar",
    "vah",
    "kvah",
    "varh",
    "kvarh",
    "max",
    "maximum",
    "min",
    "minimum",
    "peak",
    "limit",
    "threshold",
    "setpoint",
    "rated",
    "nominal",
    "demand",
    "thd",
    "harmonic",
    "today",
    "yesterday",
    "daily",
    "day",
    "week",
    "month",
    "year",
    "hour",
    "hours",
    "cost",
    "price",
    "battery",
    "frequency",
    "status",
    "state",
    "alarm",
    "percent",
    "mode",
];

/// What a name says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Said {
    pub(in super::super) quantity: Quantity,
    /// The factor of the unit, where the name has one.
    pub(in super::super) factor: Option<f64>,
}

/// The quantity that a name speaks of, and its unit where that stands in the name.
pub(in super::super) fn said(name: &str) -> Option<Said> {
    let words = Words::of(name)?;
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word));
    if has(&OTHER) {
        return None;
    }
    let is_export = has(&EXPORT);
    let by_unit = words.iter().rev().find_map(of_unit);
    let quantity = match by_unit.map(|(quantity, _)| quantity) {
        Some(quantity) => quantity,
        None if has(&["energy", "consumption", "import", "register", "counter"]) => Quantity::Energy,
        None if has(&["power", "watt", "watts", "activepower"]) => Quantity::Power,
        None if has(&["voltage", "volt", "volts"]) => Quantity::Voltage,
        None if has(&["current", "ampere", "amperes", "amps", "amp"]) => Quantity::Current,
        None => return None,
    };
    let quantity = match quantity {
        Quantity::Energy if is_export => Quantity::EnergyExport,
        // A power by direction is half of a signed one: for a person to say.
        Quantity::Power if is_export => return None,
        other => other,
    };
    Some(Said {
        quantity,
        factor: by_unit.map(|(_, factor)| factor),
    })
}

/// The factor of a unit that is stated beside the name, for a quantity; none where it does not fit.
pub(in super::super) fn factor(stated: &str, quantity: Quantity) -> Option<f64> {
    unit::find(stated.trim(), quantity).ok().map(|unit| unit.factor)
}

/// Whether a name speaks of something that is neither active power nor a register, a voltage or a current.
pub(in super::super) fn is_other(name: &str) -> bool {
    Words::of(name).is_none_or(|words| words.iter().any(|word| OTHER.contains(&word)))
}

/// Whether a name speaks of what goes the other way.
pub(in super::super) fn is_export(name: &str) -> bool {
    Words::of(name).is_some_and(|words| words.iter().any(|word| EXPORT.contains(&word)))
}

/// Which of a meter's loads a name is of: its channel, or what is left of it beside the words that say what a value
/// is and the words of the meter's own name.
pub(in super::super) fn load(name: &str, meter: &str) -> Option<String> {
    let channel = channel(name);
    if channel.is_some_and(|channel| channel != "total") {
        return channel.map(str::to_owned);
    }
    let (words, known) = (Words::of(name)?, Words::of(meter));
    let is_known = |word: &str| known.iter().flat_map(Words::iter).any(|known| known == word);
    let left: Vec<&str> = words
        .iter()
        .filter(|word| !PLAIN.contains(word) && !EXPORT.contains(word) && !is_known(word))
        .collect();
    (!left.is_empty())
        .then(|| left.join("_"))
        .or_else(|| channel.map(str::to_owned))
}

/// An id such as `press_energy_total` without the words at its end that say what the value is; the whole id where
/// nothing else is left.
pub(in super::super) fn subject(id: &str) -> &str {
    let says_what = |word: &str| word.len() > 1 && (PLAIN.contains(&word) || EXPORT.contains(&word));
    let mut left = id;
    while let Some((before, word)) = left.rsplit_once('_')
        && says_what(word)
    {
        left = before;
    }
    if left.is_empty() || says_what(left) {
        id
    } else {
        left
    }
}

/// The unit as a word of a name, in small letters: `mw` could be either, and is none.
fn of_unit(word: &str) -> Option<(Quantity, f64)> {
    Some(match word {
        "w" => (Quantity::Power, 1.0),
        "kw" => (Quantity::Power, 1e3),
        "wh" => (Quantity::Energy, 1.0),
        "kwh" => (Quantity::Energy, 1e3),
        "watt" | "watts" => (Quantity::Power, 1.0),
        "kilowatt" | "kilowatts" => (Quantity::Power, 1e3),
        "watthour" | "watthours" => (Quantity::Energy, 1.0),
        "kilowatthour" | "kilowatthours" => (Quantity::Energy, 1e3),
        "v" | "volt" | "volts" => (Quantity::Voltage, 1.0),
        "mv" => (Quantity::Voltage, 1e-3),
        "amp" | "amps" | "ampere" | "amperes" => (Quantity::Current, 1.0),
        "ma" => (Quantity::Current, 1e-3),
        // Ampere or the first phase.
        "a" => return None,
        _ => return None,
    })
}

/// What is left of a name without the words that say what it measures: whose load it is. None where nothing is left.
pub(in super::super) fn rest(name: &str) -> Option<String> {
    const MEASURED: [&str; 20] = [
        "energy",
        "consumption",
        "import",
        "imported",
        "export",
        "exported",
        "returned",
        "register",
        "counter",
        "power",
        "activepower",
        "voltage",
        "current",
        "active",
        "real",
        "value",
        "reading",
        "state",
        "w",
        "a",
    ];
    let words = Words::of(name)?;
    let rest: Vec<&str> = words
        .iter()
        .filter(|word| !MEASURED.contains(word) && of_unit(word).is_none())
        .collect();
    (!rest.is_empty()).then(|| rest.join("_"))
}

/// The channel that a name speaks of: `total`, `l1` to `l3`, `l12`…, or an outlet's number.
pub(in super::super) fn channel(name: &str) -> Option<&'static str> {
    const NUMBERS: [&str; 24] = [
        "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18",
        "19", "20", "21", "22", "23", "24",
    ];
    const OUTLETS: [&str; 7] = ["outlet", "port", "socket", "channel", "ch", "plug", "load"];
    let words = Words::of(name)?;
    let mut before = "";
    let mut total = None;
    for word in words.iter() {
        let phase = match word {
            "l1" | "phase1" | "phasea" | "ph1" | "r" => Some("l1"),
            "l2" | "phase2" | "phaseb" | "ph2" | "s" => Some("l2"),
            "l3" | "phase3" | "phasec" | "ph3" | "t" => Some("l3"),
            "a" | "1" if matches!(before, "phase" | "ph" | "l") => Some("l1"),
            "b" | "2" if matches!(before, "phase" | "ph" | "l") => Some("l2"),
            "c" | "3" if matches!(before, "phase" | "ph" | "l") => Some("l3"),
            _ => None,
        };
        if phase.is_some() {
            return phase;
        }
        let number = if OUTLETS.contains(&before) {
            Some(word)
        } else {
            OUTLETS.iter().find_map(|outlet| word.strip_prefix(outlet))
        };
        if let Some(number) = number.and_then(|number| NUMBERS.iter().find(|known| **known == number)) {
            return Some(number);
        }
        if matches!(word, "total" | "sum" | "all" | "tot" | "l123") {
            total = Some("total");
        }
        before = word;
    }
    total
}

/// The words of a name, in small letters.
struct Words {
    text: String,
    ends: [usize; WORDS_MAX],
    count: usize,
}

impl Words {
    /// None where a name has more words than a name has.
    fn of(name: &str) -> Option<Self> {
        let mut words = Self {
            text: String::with_capacity(name.len()),
            ends: [0; WORDS_MAX],
            count: 0,
        };
        let mut last = ' ';
        for letter in name.chars() {
            if !letter.is_alphanumeric() {
                words.end()?;
            } else {
                if letter.is_uppercase() && last.is_lowercase() && !words.is_prefix() {
                    words.end()?;
                }
                words.text.extend(letter.to_lowercase());
            }
            last = letter;
        }
        words.end()?;
        Some(words)
    }

    /// Whether the word that grows is the `k` or `m` of a unit.
    fn is_prefix(&self) -> bool {
        let begun = self.count.checked_sub(1).map_or(0, |last| self.ends[last]);
        matches!(&self.text[begun..], "k" | "m")
    }

    fn end(&mut self) -> Option<()> {
        let begun = self.count.checked_sub(1).map_or(0, |last| self.ends[last]);
        if self.text.len() > begun {
            *self.ends.get_mut(self.count)? = self.text.len();
            self.count += 1;
        }
        Some(())
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        (0..self.count).map(|at| {
            let begun = at.checked_sub(1).map_or(0, |before| self.ends[before]);
            &self.text[begun..self.ends[at]]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_are() {
        let check =
            |name: &str, expected: Option<(Quantity, Option<f64>)>, expected_channel: Option<&str>| {
                let said = said(name).map(|said| (said.quantity, said.factor));
                assert_eq!((said, channel(name)), (expected, expected_channel), "{name}");
            };
        check("Power/Active/Total", Some((Quantity::Power, None)), Some("total"));
        check("Energy/Import", Some((Quantity::Energy, None)), None);
        check("Voltage/L1", Some((Quantity::Voltage, None)), Some("l1"));
        check("Meter1/kW", Some((Quantity::Power, Some(1e3))), None);
        check("active_power_w", Some((Quantity::Power, Some(1.0))), None);
        check(
            "TotalImportEnergy_kWh",
            Some((Quantity::Energy, Some(1e3))),
            Some("total"),
        );
        check("energyExportWh", Some((Quantity::EnergyExport, Some(1.0))), None);
        check("phase_b current", Some((Quantity::Current, None)), Some("l2"));
        check("outlet12.power", Some((Quantity::Power, None)), Some("12"));
        for none in [
            "apparent_power",
            "power factor",
            "Energy today kWh",
            "max power W",
            "temperature",
            "",
            "power export W",
            "kVA",
            "rssi",
        ] {
            assert_eq!(said(none), None, "{none}");
        }
        for (name, meter, expected) in [
            ("Power", "press", None),
            ("Press energy kWh", "press", None),
            ("Total power", "press", Some("total")),
            ("chiller_power", "press", Some("chiller")),
            ("Pump room energy export", "press", Some("pump_room")),
            ("L2 current", "press", Some("l2")),
        ] {
            assert_eq!(load(name, meter).as_deref(), expected, "{name}");
        }
        for (id, expected) in [
            ("press_energy_total", "press"),
            ("total_power", "total_power"),
            ("press_power_a", "press_power_a"),
            ("power", "power"),
        ] {
            assert_eq!(subject(id), expected);
        }
        assert!(is_other("Energy today") && !is_other("Energy") && is_export("energy_returned"));
        check("rack_watts", Some((Quantity::Power, Some(1.0))), None);
        check("watt hours", None, None);
        assert_eq!(factor("kWh", Quantity::Energy), Some(1000.0));
        assert_eq!(factor("VA", Quantity::Power), None);
    }

    #[test]
    fn what_is_left_names_the_load() {
        for (name, expected) in [
            ("active_power_w", None),
            ("chillerPump.energyImport_kWh", Some("chiller_pump")),
            ("power_1", Some("1")),
            ("", None),
        ] {
            assert_eq!(rest(name).as_deref(), expected, "{name}");
        }
    }
}
