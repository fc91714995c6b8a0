//! Units as data: what they measure, and the factor to W, Wh, V or A.

use super::super::collect::Quantity;

/// A unit that fits its quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Unit {
    /// To W, Wh, V or A.
    pub(in super::super) factor: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Power,
    Energy,
    Voltage,
    Current,
    /// Known, and never to be taken for active power or energy.
    Apparent,
}

const UNITS: [(&str, Kind, f64); 21] = [
    ("W", Kind::Power, 1.0),
    ("kW", Kind::Power, 1e3),
    ("MW", Kind::Power, 1e6),
    ("mW", Kind::Power, 1e-3),
    ("Wh", Kind::Energy, 1.0),
    ("kWh", Kind::Energy, 1e3),
    ("MWh", Kind::Energy, 1e6),
    ("mWh", Kind::Energy, 1e-3),
    ("Wmin", Kind::Energy, 1.0 / 60.0),
    ("Ws", Kind::Energy, 1.0 / 3600.0),
    ("J", Kind::Energy, 1.0 / 3600.0),
    ("kJ", Kind::Energy, 1.0 / 3.6),
    ("V", Kind::Voltage, 1.0),
    ("mV", Kind::Voltage, 1e-3),
    ("kV", Kind::Voltage, 1e3),
    ("A", Kind::Current, 1.0),
    ("mA", Kind::Current, 1e-3),
    ("VA", Kind::Apparent, 1.0),
    ("kVA", Kind::Apparent, 1e3),
    ("var", Kind::Apparent, 1.0),
    ("kVAh", Kind::Apparent, 1e3),
];

/// The unit of that name for a quantity; capitals count, for `mW` is not `MW`.
///
/// # Errors
/// Why not, and what was probably meant.
pub(in super::super) fn find(name: &str, quantity: Quantity) -> Result<Unit, String> {
    let kind = match quantity {
        Quantity::Power => Kind::Power,
        Quantity::Energy | Quantity::EnergyExport => Kind::Energy,
        Quantity::Voltage => Kind::Voltage,
        Quantity::Current => Kind::Current,
    };
    let fitting = || UNITS.iter().filter(|(_, of, _)| *of == kind);
    match UNITS.iter().find(|(unit, ..)| *unit == name) {
        Some((_, of, factor)) if *of == kind => Ok(Unit { factor: *factor }),
        Some((_, Kind::Apparent, _)) => Err(format!(
            "unit {name} is apparent or reactive, not active; take the meter's active value (W, kWh), or leave this field out"
        )),
        Some(_) => Err(format!(
            "unit {name} does not measure this quantity; it takes {}",
            listed(fitting())
        )),
        None => {
            let near = fitting().map(|(unit, ..)| (distance(unit, name), *unit)).min();
            let meant = near.filter(|(distance, _)| *distance <= 2).map(|(_, unit)| unit);
            Err(match meant {
                Some(unit) => format!("unit \"{name}\" is not known; did you mean {unit}?"),
                None => format!(
                    "unit \"{name}\" is not known; this quantity takes {}",
                    listed(fitting())
                ),
            })
        }
    }
}

fn listed<'u>(units: impl Iterator<Item = &'u (&'static str, Kind, f64)>) -> String {
    units.map(|(unit, ..)| *unit).collect::<Vec<_>>().join(", ")
}

/// How many letters differ: another capital counts least.
fn distance(unit: &str, name: &str) -> usize {
    if unit.eq_ignore_ascii_case(name) {
        return 0;
    }
    let words = [
        ("watt", "W"),
        ("kilowatt", "kW"),
        ("watthours", "Wh"),
        ("volt", "V"),
        ("ampere", "A"),
        ("amps", "A"),
    ];
    if words
        .iter()
        .any(|(word, short)| *short == unit && word.eq_ignore_ascii_case(name))
    {
        return 0;
    }
    let (unit, name): (Vec<char>, Vec<char>) = (unit.chars().collect(), name.chars().take(16).collect());
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (i, a) in unit.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in name.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    // A unit of which nothing is left was not meant.
    row[name.len()].max(1) + usize::from(row[name.len()] >= unit.len()) * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_fit_their_quantity_or_say_why_not() {
        assert_eq!(find("kWh", Quantity::EnergyExport), Ok(Unit { factor: 1000.0 }));
        assert_eq!(find("Wmin", Quantity::Energy), Ok(Unit { factor: 1.0 / 60.0 }));
        for (name, quantity, part) in [
            ("kw", Quantity::Power, "did you mean kW?"),
            ("Kwh", Quantity::Energy, "did you mean kWh?"),
            ("kWhr", Quantity::Energy, "did you mean kWh?"),
            ("Watt", Quantity::Power, "did you mean W?"),
            ("VA", Quantity::Power, "apparent or reactive"),
            ("kWh", Quantity::Power, "it takes W, kW, MW, mW"),
            ("furlong", Quantity::Voltage, "takes V, mV, kV"),
        ] {
            let fault = find(name, quantity).unwrap_err();
            assert!(fault.contains(part), "{name}: {fault}");
        }
    }
}
