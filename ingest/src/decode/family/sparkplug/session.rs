//! What is kept of edge nodes and devices between their births and deaths.
//!
//! Limits: `meters_max` edge nodes, `meters_max` devices, [`WEIGHT_MAX`] names and aliases of all devices together;
//! what was not heard for longest is forgotten first, and counted.

use std::collections::HashMap;

use super::super::super::collect::Quantity;
use super::super::super::recent::Recent;

/// Aliases and names of all devices; one that carries a reading counts as [`READING_WEIGHT`].
const WEIGHT_MAX: usize = 1_000_000;
const READING_WEIGHT: usize = 8;
/// So many messages in order make the next gap news.
const ORDERLY: u8 = 8;

/// All edge nodes and their devices.
#[derive(Debug)]
pub(super) struct Sessions {
    nodes: Recent<Node>,
    /// By meter: `group/edge_node/device`, or `group/edge_node` for the node's own metrics.
    devices: Recent<Device>,
    weight: usize,
}

#[derive(Debug, Default)]
struct Node {
    seq: Option<u8>,
    bd_seq: Option<u64>,
    /// Messages since the last gap that still have to come in order before another one is said.
    until_orderly: u8,
}

/// What a device's birth taught.
#[derive(Debug, Default)]
pub(super) struct Device {
    /// Whether it ever had a birth: then only what a birth explains is read.
    pub(super) has_births: bool,
    /// What carries readings.
    metrics: Vec<Known>,
    /// Where an alias points; nowhere for what carries none.
    aliases: HashMap<u64, Option<usize>>,
    /// The same by names, only those that by themselves would mean a reading.
    names: HashMap<Box<str>, Option<usize>>,
    /// What people were told of its names; survives its deaths, so that they are told once.
    pub(super) told: Vec<String>,
    /// Whether people were told in this session that a name is unknown.
    pub(super) is_unknown_told: bool,
}

/// One metric that carries readings.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) datatype: u32,
    pub(super) quantity: Quantity,
    pub(super) factor: f64,
    pub(super) channel: Option<String>,
}

/// What a device knows of a metric.
#[derive(Debug)]
pub(super) enum Lookup<'d> {
    Reading(usize, &'d Known),
    NoReading,
    Unknown,
}

impl Device {
    /// One whose birth is about to be learned.
    pub(super) fn born() -> Self {
        Self {
            has_births: true,
            ..Self::default()
        }
    }

    /// Whether none of its metrics carries a reading.
    pub(super) fn is_nobodys(&self) -> bool {
        self.metrics.is_empty()
    }

    /// A metric of a birth: its name where that could mean a reading, its alias, and what it means.
    pub(super) fn learn(&mut self, name: Option<&str>, alias: Option<u64>, known: Option<Known>) {
        let at = known.map(|known| {
            self.metrics.push(known);
            self.metrics.len() - 1
        });
        if let Some(alias) = alias {
            // An alias that is given twice means nothing: some encoders write 0 for none.
            let is_first = self.aliases.insert(alias, at).is_none();
            if !is_first {
                self.aliases.insert(alias, None);
            }
        }
        if let Some(name) = name {
            self.names.entry(name.into()).or_insert(at);
        }
    }

    /// By the name where it has one, and only then: whoever names a metric means it. Else by the alias.
    pub(super) fn find(&self, name: Option<&str>, alias: Option<u64>) -> Lookup<'_> {
        let found = match name {
            Some(name) => self.names.get(name),
            None => alias.and_then(|alias| self.aliases.get(&alias)),
        };
        match found {
            Some(Some(at)) => Lookup::Reading(*at, &self.metrics[*at]),
            Some(None) => Lookup::NoReading,
            None => Lookup::Unknown,
        }
    }

    /// Its session is over: names and aliases are for the next birth to say.
    fn end(&mut self) {
        *self = Self {
            has_births: self.has_births,
            told: std::mem::take(&mut self.told),
            ..Self::default()
        };
    }

    fn weight(&self) -> usize {
        self.aliases.len() + self.names.len() + READING_WEIGHT * self.metrics.len()
    }
}

impl Sessions {
    pub(super) fn of(meters_max: usize) -> Self {
        Self {
            nodes: Recent::of(meters_max),
            devices: Recent::of(meters_max),
            weight: 0,
        }
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.nodes.forgotten() + self.devices.forgotten()
    }

    fn node(&mut self, node: &str) -> Option<&mut Node> {
        if !self.nodes.holds(node) {
            self.nodes.put(node, Node::default());
        }
        self.nodes.get(node)
    }

    /// An edge node's session begins, at a sequence number where it is to be followed from there.
    pub(super) fn begin(&mut self, node: &str, seq: Option<u8>, bd_seq: Option<u64>) {
        let until_orderly = self.nodes.get(node).map_or(0, |node| node.until_orderly);
        let node_now = Node {
            seq,
            bd_seq,
            until_orderly,
        };
        self.nodes.put(node, node_now);
    }

    /// Whether a death is one of the session that lives, as far as anybody knows.
    pub(super) fn is_of_session(&mut self, node: &str, bd_seq: Option<u64>) -> bool {
        let lives = self.nodes.get(node).and_then(|node| node.bd_seq);
        lives.zip(bd_seq).is_none_or(|(lives, dies)| lives == dies)
    }

    /// Follows the numbers of an edge node's messages: the last one and this one, where something between them was
    /// lost. The same number twice is the same message twice. Encoders that leave out zeros leave out number 0. There
    /// are gateways that number every device on its own: their gaps are said once, and again after [`ORDERLY`] messages
    /// in order.
    pub(super) fn follow(&mut self, node: &str, seq: Option<u64>) -> Option<(u8, u8)> {
        let node = self.node(node)?;
        let seq = match (seq, node.seq) {
            (Some(seq), _) => u8::try_from(seq).ok()?,
            (None, Some(u8::MAX)) => 0,
            (None, _) => return None,
        };
        let last = node.seq.replace(seq)?;
        if seq == last || seq == last.wrapping_add(1) {
            node.until_orderly = node.until_orderly.saturating_sub(1);
            return None;
        }
        let is_news = node.until_orderly == 0;
        node.until_orderly = ORDERLY;
        is_news.then_some((last, seq))
    }

    /// The numbers that come next are not known.
    pub(super) fn unfollow(&mut self, node: &str) {
        if let Some(node) = self.nodes.get(node) {
            node.seq = None;
        }
    }

    /// The meters of an edge node, its own first.
    pub(super) fn meters_of(&self, node: &str) -> Vec<String> {
        let is_of = |meter: &&str| {
            let rest = meter.strip_prefix(node);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let meters = self.devices.by_use().map(|(meter, _)| meter).filter(is_of);
        let mut meters: Vec<String> = meters.map(str::to_owned).collect();
        meters.sort();
        meters
    }

    /// A device, made where it is new.
    pub(super) fn device(&mut self, meter: &str) -> Option<&mut Device> {
        if !self.devices.holds(meter) {
            self.keep(meter, Device::default());
        }
        self.devices.get(meter)
    }

    /// A birth in place of what was known.
    pub(super) fn keep(&mut self, meter: &str, device: Device) {
        self.weight += device.weight();
        if let Some(before) = self.devices.forget(meter) {
            self.weight -= before.weight();
        }
        if let Some((_, oldest)) = self.devices.put(meter, device) {
            self.weight -= oldest.weight();
        }
        while self.weight > WEIGHT_MAX
            && let Some((_, oldest)) = self.devices.forget_oldest()
        {
            self.weight -= oldest.weight();
        }
    }

    /// A device's session is over.
    pub(super) fn end(&mut self, meter: &str) {
        if let Some(device) = self.devices.get(meter) {
            self.weight -= device.weight();
            device.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(aliases: u64) -> Device {
        let mut device = Device::default();
        for alias in 0..aliases {
            device.learn(None, Some(alias), None);
        }
        device
    }

    #[test]
    fn names_are_bounded_over_all_devices() {
        let mut sessions = Sessions::of(1000);
        let step = WEIGHT_MAX as u64 / 4;
        for name in ["a", "b", "c", "d", "d", "e"] {
            sessions.keep(name, device(step));
        }
        assert_eq!((sessions.weight, sessions.forgotten()), (WEIGHT_MAX, 1));
        sessions.end("b");
        assert_eq!(sessions.weight, WEIGHT_MAX - WEIGHT_MAX / 4);
        assert!(!sessions.devices.holds("a") && sessions.devices.holds("b"));
    }

    #[test]
    fn devices_and_nodes_are_bounded() {
        let mut sessions = Sessions::of(2);
        for name in ["g/n/1", "g/n/2", "g/n/3", "g/nn/1"] {
            sessions.device(name);
            sessions.follow(name, Some(1));
        }
        assert_eq!(sessions.meters_of("g/n"), ["g/n/3"]);
        assert_eq!(sessions.forgotten(), 4);
    }

    #[test]
    fn gateways_without_order_are_told_of_once() {
        let mut sessions = Sessions::of(2);
        sessions.begin("n", Some(0), None);
        let gaps = |sessions: &mut Sessions, seqs: &mut dyn Iterator<Item = u64>| {
            seqs.filter(|seq| sessions.follow("n", Some(*seq)).is_some())
                .count()
        };
        assert_eq!(
            gaps(&mut sessions, &mut (1..100).flat_map(|seq| [seq, seq + 100])),
            1
        );
        assert_eq!(gaps(&mut sessions, &mut (199..208)), 0);
        assert_eq!(gaps(&mut sessions, &mut [210, 211].into_iter()), 1);
    }

    #[test]
    fn a_gap_in_the_numbers_is_seen_once() {
        let mut sessions = Sessions::of(2);
        sessions.begin("n", Some(254), None);
        for (seq, expected) in [
            (Some(255), None),
            (None, None),
            (Some(1), None),
            (Some(1), None),
            (Some(4), Some((1, 4))),
            (Some(5), None),
            (Some(900), None),
            (None, None),
        ] {
            assert_eq!(sessions.follow("n", seq), expected, "{seq:?}");
        }
        sessions.unfollow("n");
        assert_eq!(sessions.follow("n", Some(77)), None);
    }
}
