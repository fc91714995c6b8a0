//! What a server's answer means for the lines in the request.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};

/// A server may ask to be left alone for at most so long.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Of a server's words no more is shown or kept.
const SHOWN_BYTES_MAX: usize = 1024;

/// The kinds of answer, by what is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All lines are stored.
    Taken,
    /// Some lines, or all, are bad.
    Refused(Refusal),
    /// Too many bytes for one request.
    TooLarge(String),
    /// It mends itself.
    Retry { reason: String, after: Option<Duration> },
    /// No connection that can be trusted: a person has to mend it.
    Untrusted { what: String, mend: &'static str },
    /// A person has to mend it.
    Held { status: u16, message: String },
    /// No database answers like this: a proxy's or a sign-in page. It says nothing of our lines, not even with 200.
    Foreign { status: u16, message: String },
}

/// A refusal of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What the server said.
    pub(super) message: String,
    /// It says that it dropped lines (and so has stored the others).
    pub(super) is_partial: bool,
    /// How many it says it dropped; parsing errors are not in this count.
    pub(super) dropped: Option<usize>,
}

/// Reads an answer.
pub(super) fn judge(status: StatusCode, headers: &HeaderMap, body: &str) -> Verdict {
    let is_page = is_page(headers, body);
    let message = if is_page { title_of(body) } else { message_of(body) };
    match status.as_u16() {
        // a database has nothing to say when it has stored all
        200..=299 if body.trim().is_empty() => Verdict::Taken,
        code @ 200..=299 => Verdict::Foreign {
            status: code,
            message: shown(&message),
        },
        code @ (400 | 422) if is_page => Verdict::Foreign {
            status: code,
            message: shown(&message),
        },
        400 | 422 => refused(status, message),
        413 => Verdict::TooLarge(shown(&message)),
        408 | 425 | 429 | 500..=599 => Verdict::Retry {
            reason: format!("answer {status}: {}", shown(&message)),
            after: retry_after(headers),
        },
        code => Verdict::Held {
            status: code,
            message: shown(&message),
        },
    }
}

/// A page for people: by its own word, or by its looks.
fn is_page(headers: &HeaderMap, body: &str) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().contains("html")) || body.trim_start().starts_with('<')
}

/// What a page is called.
fn title_of(body: &str) -> String {
    let title = |body: &str| {
        let begin = body.to_ascii_lowercase().find("<title>")? + "<title>".len();
        let end = begin + body[begin..].find('<')?;
        Some(format!("a page, \"{}\"", body[begin..end].trim()))
    };
    title(body).unwrap_or_else(|| "a page".to_owned())
}

/// A server's words as a person may see them: one line, no control characters, not too long.
pub(super) fn shown(words: &str) -> String {
    let cut = &words[..words.floor_char_boundary(SHOWN_BYTES_MAX)];
    let mut shown: String = cut
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if cut.len() < words.len() {
        shown.push('…');
    }
    shown
}

fn refused(status: StatusCode, message: String) -> Verdict {
    // a limit of the server, not a fault of a line: raising it lets the same lines in
    if message.contains("limit exceeded") || message.contains("max-series-per-database") {
        return Verdict::Held {
            status: status.as_u16(),
            message: shown(&message),
        };
    }
    let dropped = message.rsplit_once("dropped=").and_then(|(_, count)| {
        count
            .split(|other: char| !other.is_ascii_digit())
            .next()?
            .parse()
            .ok()
    });
    Verdict::Refused(Refusal {
        is_partial: message.contains("partial write"),
        dropped,
        message,
    })
}

/// The words in an answer: the fields `error` or `message` of InfluxDB's JSON, else the text.
fn message_of(body: &str) -> String {
    let json: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let field = |name: &str| json.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let words = field("error")
        .into_iter()
        .chain(field("message"))
        .collect::<Vec<_>>()
        .join(": ");
    if words.is_empty() {
        body.trim().to_owned()
    } else {
        words
    }
}

/// `Retry-After` in seconds, or as a date against the answer's own `Date`, so that no clock of ours is needed.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wanted = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = headers.get(DATE)?.to_str().ok()?;
            Duration::try_from(instant(value)?.duration_since(instant(date)?)).ok()?
        }
    };
    Some(wanted.min(RETRY_AFTER_MAX))
}

fn instant(date: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(date)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(code: u16, headers: &[(&str, &str)], body: &str) -> Verdict {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: reqwest::header::HeaderName = name.parse().unwrap();
            map.insert(name, value.parse().unwrap());
        }
        judge(StatusCode::from_u16(code).unwrap(), &map, body)
    }

    #[test]
    fn each_status_has_its_meaning() {
        assert_eq!(verdict(204, &[], ""), Verdict::Taken);
        assert_eq!(verdict(200, &[], "\r\n"), Verdict::Taken);
        assert!(matches!(verdict(413, &[], ""), Verdict::TooLarge(_)));
        for code in [301, 401, 403, 404, 405, 415] {
            assert!(
                matches!(verdict(code, &[], ""), Verdict::Held { status, .. } if status == code),
                "{code}"
            );
        }
        for code in [408, 429, 500, 502, 503, 504] {
            assert!(
                matches!(verdict(code, &[], ""), Verdict::Retry { after: None, .. }),
                "{code}"
            );
        }
    }

    #[test]
    fn what_no_database_says_tells_nothing_of_our_lines() {
        let html = [("content-type", "text/html; charset=utf-8")];
        let page = "<!DOCTYPE html><html><head><TITLE> Guest\nnetwork </TITLE></head>";
        for (code, headers, body) in [
            (200, &html[..], page),
            (200, &[], "ok"),
            (400, &[], page),
            (422, &html, "no"),
        ] {
            let found = verdict(code, headers, body);
            assert!(
                matches!(found, Verdict::Foreign { status, .. } if status == code),
                "{found:?}"
            );
        }
        let Verdict::Foreign { message, .. } = verdict(200, &[], page) else {
            panic!("foreign")
        };
        assert_eq!(message, "a page, \"Guest network\"");
        let Verdict::Retry { reason, .. } = verdict(502, &html, page) else {
            panic!("a gateway's page is a gateway's trouble")
        };
        assert!(
            reason.contains("502") && reason.contains("Guest network"),
            "{reason}"
        );
    }

    #[test]
    fn of_a_servers_words_a_line_is_shown() {
        let rubbish = "\u{1f}\u{8b}\u{8}\0\n".to_owned() + &"é".repeat(4000);
        let shown = shown(&rubbish);
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert!(shown.len() <= SHOWN_BYTES_MAX + '…'.len_utf8() && shown.ends_with('…'));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let after = |headers: &[(&str, &str)]| match verdict(503, headers, "") {
            Verdict::Retry { after, .. } => after,
            other => panic!("{other:?}"),
        };
        assert_eq!(after(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(after(&[("retry-after", "99999999")]), Some(RETRY_AFTER_MAX));
        let date = ("date", "Mon, 23 Nov 2026 10:00:00 GMT");
        assert_eq!(
            after(&[date, ("retry-after", "Mon, 23 Nov 2026 10:00:20 GMT")]),
            Some(Duration::from_secs(20))
        );
        assert_eq!(
            after(&[date, ("retry-after", "Mon, 23 Nov 2026 09:00:00 GMT")]),
            None
        );
        assert_eq!(after(&[("retry-after", "soon")]), None);
    }

    #[test]
    fn a_partial_write_says_how_many_were_dropped() {
        let body = r#"{"error":"partial write: field type conflict: input field \"f\" on measurement \"m\" is type float, already exists as type string dropped=3"}"#;
        let Verdict::Refused(refusal) = verdict(400, &[], body) else {
            panic!("refused")
        };
        assert!(refusal.is_partial && refusal.dropped == Some(3), "{refusal:?}");
        let full = r#"{"error":"partial write: max-series-per-database limit exceeded: (1000) dropped=1"}"#;
        assert!(matches!(
            verdict(400, &[], full),
            Verdict::Held { status: 400, .. }
        ));
    }
}
