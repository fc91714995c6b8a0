//! Topic templates: MQTT's wildcards and three placeholders.

/// A parsed template.
#[derive(Debug)]
pub(super) struct Template {
    levels: Vec<Level>,
}

#[derive(Debug, PartialEq)]
enum Level {
    Word(String),
    Any,
    Rest,
    Meter,
    Channel,
    Field,
}

/// What the placeholders stand for in a topic.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Captures<'t> {
    pub(super) meter: Option<&'t str>,
    pub(super) channel: Option<&'t str>,
    pub(super) field: Option<&'t str>,
}

impl Template {
    /// # Errors
    /// What is wrong with the template and how to mend it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(
                "topic is empty; write what the meters publish to, such as \"plant/{meter}/{field}\""
                    .to_owned(),
            );
        }
        let levels = text.split('/').map(|level| {
            Ok(match level {
                "+" => Level::Any,
                "#" => Level::Rest,
                "{meter}" => Level::Meter,
                "{channel}" => Level::Channel,
                "{field}" => Level::Field,
                _ if level.contains(['+', '#', '{', '}']) => {
                    return Err(format!(
                        "topic level \"{level}\": +, #, {{meter}}, {{channel}} and {{field}} each stand alone between slashes"
                    ));
                }
                word => Level::Word(word.to_owned()),
            })
        });
        let template = Self {
            levels: levels.collect::<Result<_, _>>()?,
        };
        if template
            .levels
            .iter()
            .rev()
            .skip(1)
            .any(|level| *level == Level::Rest)
        {
            return Err("topic: # stands only at the end".to_owned());
        }
        for (placeholder, name) in [
            (Level::Meter, "{meter}"),
            (Level::Channel, "{channel}"),
            (Level::Field, "{field}"),
        ] {
            if template
                .levels
                .iter()
                .filter(|level| **level == placeholder)
                .count()
                > 1
            {
                return Err(format!("topic: {name} stands there twice; use + for the other"));
            }
        }
        Ok(template)
    }

    pub(super) fn has_meter(&self) -> bool {
        self.levels.contains(&Level::Meter)
    }

    pub(super) fn has_channel(&self) -> bool {
        self.levels.contains(&Level::Channel)
    }

    pub(super) fn has_field(&self) -> bool {
        self.levels.contains(&Level::Field)
    }

    /// What the placeholders stand for; none where the topic does not match.
    pub(super) fn captures<'t>(&self, topic: &'t str) -> Option<Captures<'t>> {
        let mut captures = Captures::default();
        let mut words = topic.split('/');
        for level in &self.levels {
            if *level == Level::Rest {
                return Some(captures);
            }
            let word = words.next()?;
            match level {
                Level::Word(wanted) if wanted == word => {}
                Level::Word(_) => return None,
                Level::Any | Level::Rest => {}
                Level::Meter => captures.meter = Some(word),
                Level::Channel => captures.channel = Some(word),
                Level::Field => captures.field = Some(word),
            }
        }
        words.next().is_none().then_some(captures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, topic: &str, expected: Option<[&str; 3]>) {
        let captures = Template::parse(template).unwrap();
        let captures = captures
            .captures(topic)
            .map(|found| [found.meter, found.channel, found.field].map(Option::unwrap_or_default));
        assert_eq!(captures, expected, "{template} {topic}");
    }

    #[test]
    fn templates_match_whole_levels() {
        check("a/{meter}/{field}", "a/m/P", Some(["m", "", "P"]));
        check("a/{meter}/{field}", "a/m", None);
        check("a/{meter}/{field}", "a/m/P/x", None);
        check("+/{channel}/x/#", "a/1/x/y/z", Some(["", "1", ""]));
        check("+/{channel}/x/#", "a/1/x", Some(["", "1", ""]));
        check("+/{channel}/x/#", "a/1/y", None);
        check("/{meter}", "/m", Some(["m", "", ""]));
        check("#", "a/b", Some(["", "", ""]));
    }

    #[test]
    fn faults_say_how_to_mend() {
        for (template, part) in [
            ("", "topic is empty"),
            ("a/x{meter}", "stand alone"),
            ("a/#/b", "only at the end"),
            ("{meter}/{meter}", "twice"),
        ] {
            let fault = Template::parse(template).unwrap_err();
            assert!(fault.contains(part), "{template}: {fault}");
        }
    }
}
