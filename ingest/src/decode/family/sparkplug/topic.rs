//! Topics of Sparkplug B: `spBv1.0/<group>/<type>/<edge_node>[/<device>]`, below whatever prefix a bridge adds.

/// The level below which everything is Sparkplug's.
pub(super) const ROOT: &str = "spBv1.0";
const NAMESPACE: &str = "spBv1.0/";
/// Where a Sparkplug-aware broker keeps copies of births, retained.
const CERTIFICATES: &str = "$sparkplug/certificates/";

/// Longer names are nobody's, and would fill the memory.
const BYTES_MAX: usize = 250;

/// Whose message it is, and of what kind.
#[derive(Debug, PartialEq)]
pub(super) struct Topic<'t> {
    pub(super) group: &'t str,
    pub(super) edge_node: &'t str,
    /// None for the edge node's own messages.
    pub(super) device: Option<&'t str>,
    pub(super) kind: Kind,
    /// A broker's copy, not the message itself.
    pub(super) is_certificate: bool,
}

/// What the message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Birth,
    Data,
    Death,
    Command,
}

/// What stands at a topic of the namespace.
#[derive(Debug, PartialEq)]
pub(super) enum Found<'t> {
    /// The state of a host application.
    Host,
    Message(Topic<'t>),
}

impl<'t> Topic<'t> {
    /// None where the topic is not of the namespace or not of its shape.
    pub(super) fn find(topic: &'t str) -> Option<Found<'t>> {
        let at = topic.find(NAMESPACE)?;
        let (prefix, rest) = topic.split_at(at);
        if !(prefix.is_empty() || prefix.ends_with('/')) {
            return None;
        }
        let mut levels = rest[NAMESPACE.len()..].split('/');
        let (group, verb) = (levels.next()?, levels.next()?);
        let edge_node = levels.next();
        if group == "STATE" && edge_node.is_none() {
            return Some(Found::Host);
        }
        let (edge_node, device) = (edge_node?, levels.next());
        let (whose, kind) = verb.split_at_checked(1)?;
        let kind = match kind {
            "BIRTH" => Kind::Birth,
            "DATA" => Kind::Data,
            "DEATH" => Kind::Death,
            "CMD" => Kind::Command,
            _ => return None,
        };
        let is_whole = match whose {
            "N" => device.is_none(),
            "D" => device.is_some_and(|device| !device.is_empty()),
            _ => false,
        };
        let length = group.len() + edge_node.len() + device.map_or(0, str::len);
        let is_named = !group.is_empty() && !edge_node.is_empty() && length <= BYTES_MAX;
        (is_whole && is_named && levels.next().is_none()).then_some(Found::Message(Self {
            group,
            edge_node,
            device,
            kind,
            is_certificate: prefix.ends_with(CERTIFICATES),
        }))
    }

    /// `group/edge_node`.
    pub(super) fn node(&self) -> String {
        format!("{}/{}", self.group, self.edge_node)
    }

    /// `group/edge_node/device`; the edge node where it is its own.
    pub(super) fn meter(&self) -> String {
        match self.device {
            Some(device) => format!("{}/{}/{device}", self.group, self.edge_node),
            None => self.node(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_of_the_shape_or_not_ours() {
        let check = |topic: &str, expected: Option<(&str, Kind, bool)>| {
            let found = Topic::find(topic).map(|found| match found {
                Found::Message(topic) => (topic.meter(), topic.kind, topic.is_certificate),
                Found::Host => ("host".to_owned(), Kind::Data, false),
            });
            let expected = expected.map(|(meter, kind, is)| (meter.to_owned(), kind, is));
            assert_eq!(found, expected, "{topic}");
        };
        check("spBv1.0/g/DDATA/n/d", Some(("g/n/d", Kind::Data, false)));
        check("spBv1.0/g/NBIRTH/n", Some(("g/n", Kind::Birth, false)));
        check("site/spBv1.0/g/DCMD/n/d", Some(("g/n/d", Kind::Command, false)));
        check(
            "$sparkplug/certificates/spBv1.0/g/DBIRTH/n/d",
            Some(("g/n/d", Kind::Birth, true)),
        );
        check("spBv1.0/STATE/host", Some(("host", Kind::Data, false)));
        check("spBv1.0/STATE/NDATA/n", Some(("STATE/n", Kind::Data, false)));
        for topic in [
            "spBv1.0/g/DDATA/n",
            "spBv1.0/g/NDATA/n/d",
            "spBv1.0/g/DDATA/n/d/e",
            "spBv1.0/g/DDATA//d",
            "spBv1.0/g/DDATA/n/",
            "spBv1.0//NDATA/n",
            "spBv1.0/g/XDATA/n/d",
            "spBv1.0/g/éDATA/n/d",
            "spBv1.0/g",
            "xspBv1.0/g/DDATA/n/d",
            "spAv1.0/g/DDATA/n/d",
        ] {
            check(topic, None);
        }
    }
}
