//! Decodes one play of one format and holds every value against what the meter showed.

use std::collections::{BTreeMap, BTreeSet};

use analyzer::Reading;
use ingest::decode::{Decoded, Decoder, DecoderConfig, ReasonKind};
use simulator::{Message, Sample};

use crate::row::{Row, View, Word};

/// Voltage and current are looked at for their units, not their last digit.
const VOLTS_AMISS_MAX: f64 = 0.51;
const AMPERES_AMISS_MAX: f64 = 0.06;
/// A stamp in whole seconds, after the meter's clock.
const STAMP_AMISS_MS_MAX: i64 = 1_000;
/// What floating point leaves behind.
const EPSILON: f64 = 1e-6;
/// How often a value has to come within two hours; a register that stands still is said once by some formats.
const POWERS_MIN: usize = 100;
const REGISTERS_MIN: usize = 1;

/// A message as a subscriber gets it while the meter lives.
fn heard(message: &Message) -> ingest::decode::Message<'_> {
    ingest::decode::Message {
        topic: &message.topic,
        payload: &message.payload,
        is_retained: false,
        qos: message.qos,
    }
}

/// What is wrong, each kind once.
type Faults = BTreeMap<String, String>;

pub(crate) struct Listener<'r> {
    row: &'r Row,
    meter: Option<String>,
    boot: Option<Sample>,
    said: BTreeMap<(String, char), usize>,
    availability: BTreeSet<bool>,
    faults: Faults,
}

impl<'r> Listener<'r> {
    /// What is wrong with the decoder's understanding of these messages. Where it is restarted before the message of
    /// that number, a new decoder has nothing but the lessons of the old one.
    pub(crate) fn hear(row: &'r Row, messages: &[Message], restart: Option<usize>) -> Vec<String> {
        let config: DecoderConfig = serde_json::from_str(row.config).expect("a sound configuration");
        let mut decoder = Decoder::new(&config).expect("a sound configuration");
        let mut listener = Self {
            row,
            meter: (!row.meter.is_empty()).then(|| row.meter.to_owned()),
            boot: None,
            said: BTreeMap::new(),
            availability: BTreeSet::new(),
            faults: Faults::new(),
        };
        for (number, message) in messages.iter().enumerate() {
            if restart == Some(number) {
                let old = std::mem::replace(&mut decoder, Decoder::new(&config).expect("as before"));
                old.lessons()
                    .for_each(|(topic, payload)| decoder.teach(topic, payload));
            }
            let decoded = decoder.decode(&heard(message));
            listener.judge(message, &decoded);
        }
        let has_will = messages.iter().any(|message| message.sample.is_none());
        listener.judge_whole(has_will);
        listener.faults.into_values().collect()
    }

    fn fault(&mut self, kind: String, message: &Message, what: &str) {
        let text = String::from_utf8_lossy(&message.payload);
        let text: String = text.chars().take(160).flat_map(char::escape_debug).collect();
        self.faults
            .entry(kind)
            .or_insert_with(|| format!("{what} [{} {text}]", message.topic));
    }

    fn judge(&mut self, message: &Message, decoded: &Decoded) {
        if let Some(reason) = &decoded.reason
            && reason.kind != ReasonKind::NotAReading
        {
            let what = format!("{:?}: {}", reason.kind, reason.text);
            self.fault(what.clone(), message, &what);
        }
        for notice in &decoded.notices {
            let what = format!("notes {}: {}", notice.kind.name(), notice.detail);
            self.fault(format!("notice {}", notice.kind.name()), message, &what);
        }
        for said in &decoded.availability {
            if said.meter != self.row.alias {
                self.is_meter(&said.meter, message);
                self.availability.insert(said.is_online);
            }
            let is_will = message.sample.is_none();
            let is_expected = match self.row.word {
                Word::Will => said.is_online != is_will,
                Word::Online => said.is_online && !is_will,
                Word::Nothing => false,
            };
            if !is_expected {
                let what = format!("{} is said to be online: {}", said.meter, said.is_online);
                self.fault(what.clone(), message, &what);
            }
        }
        let Some(sample) = &message.sample else {
            return;
        };
        self.boot.get_or_insert(*sample);
        for reading in &decoded.readings {
            self.judge_reading(message, reading, sample, decoded.family.unwrap_or_default());
        }
    }

    fn is_meter(&mut self, meter: &str, message: &Message) {
        let known = self.meter.get_or_insert_with(|| meter.to_owned()).clone();
        if known != meter && known != "*" {
            let what = format!("the meter is {meter:?}, not {known:?}");
            self.fault(what.clone(), message, &what);
        }
    }

    fn judge_reading(&mut self, message: &Message, reading: &Reading, sample: &Sample, family: &str) {
        if family != self.row.family {
            let what = format!("decoded by {family:?}, not {:?}", self.row.family);
            self.fault(what.clone(), message, &what);
        }
        self.is_meter(&reading.meter, message);
        let channel = reading.channel.as_deref().unwrap_or("");
        let Some((_, view, _)) = self.row.channels.iter().find(|(name, ..)| *name == channel) else {
            let what = format!("a channel {channel:?} that nobody expects: {reading:?}");
            self.fault(format!("channel {channel}"), message, &what);
            return;
        };
        let boot = self.boot.unwrap_or(*sample);
        let begun = self.row.is_counter_from_boot.then_some(&boot);
        let shown = view.of(sample, begun);
        let row = self.row;
        let values = [
            ('p', "W", reading.power_w, shown.watts, row.power_step_w / 2.0),
            ('i', "Wh", reading.energy_wh, shown.import_wh, row.energy_step_wh),
            (
                'e',
                "Wh export",
                reading.energy_export_wh,
                shown.export_wh,
                row.energy_step_wh,
            ),
            ('v', "V", reading.voltage_v, shown.volts, VOLTS_AMISS_MAX),
            ('a', "A", reading.current_a, shown.amperes, AMPERES_AMISS_MAX),
        ];
        for (letter, unit, value, shown, amiss_max) in values {
            let Some(value) = value else { continue };
            let times = self.said.entry((channel.to_owned(), letter)).or_default();
            *times += 1;
            if row.first_zero.is_some() && *times == 1 && letter == 'p' && value == 0.0 {
                continue;
            }
            if (value - shown).abs() > amiss_max * (1.0 + EPSILON) + EPSILON {
                let what = format!("channel {channel:?}: {value} {unit}, but the meter showed {shown}");
                self.fault(format!("{channel} {letter}"), message, &what);
            }
        }
        if reading.is_estimated != (matches!(view, View::Estimated { .. }) && reading.power_w.is_some())
            || reading.is_historical
        {
            self.fault(
                "marks".to_owned(),
                message,
                &format!("wrongly marked: {reading:?}"),
            );
        }
        if let Some(stamp) = reading.stamp
            && (stamp.as_millisecond() - sample.stamp_ms).abs() >= STAMP_AMISS_MS_MAX
        {
            let what = format!("stamped {stamp}, by the meter's clock {} ms", sample.stamp_ms);
            self.fault("stamp".to_owned(), message, &what);
        }
    }

    /// What should have been said and was not, or the other way round.
    fn judge_whole(&mut self, has_will: bool) {
        for (channel, _, letters) in self.row.channels {
            for letter in letters.chars() {
                let times = self
                    .said
                    .get(&((*channel).to_owned(), letter))
                    .copied()
                    .unwrap_or_default();
                let min = if letter == 'p' { POWERS_MIN } else { REGISTERS_MIN };
                if times < min {
                    let what = format!("channel {channel:?}: {letter} was decoded {times} times only");
                    self.faults.insert(format!("whole {channel} {letter}"), what);
                }
            }
        }
        for ((channel, letter), times) in &self.said {
            let mut known = self.row.channels.iter().filter(|(name, ..)| name == channel);
            if "pie".contains(*letter) && !known.any(|(_, _, letters)| letters.contains(*letter)) {
                let what =
                    format!("channel {channel:?}: {letter} was decoded {times} times, nobody expects it");
                self.faults.insert(format!("whole {channel} {letter}"), what);
            }
        }
        if has_will && self.row.word == Word::Will && !self.availability.contains(&false) {
            let what = "the will was not understood as offline".to_owned();
            self.faults.insert("will".to_owned(), what);
        }
    }
}
