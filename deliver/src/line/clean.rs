//! Text made harmless before it is encoded, in a way that keeps two different names different.
//!
//! Line protocol ends a point at a line break, knows no escape for one, and reads a backslash before a separator as
//! an escape. So control characters become their visible pictures (a line break becomes `␊`), a backslash that would
//! stand before a separator, another backslash or the end becomes `/`, and what is too long is cut and ends in a hash
//! of the whole.

use std::borrow::Cow;

/// A tag's value has at most this many bytes.
pub const TAG_BYTES_MAX: usize = 256;
/// A string field has at most this many bytes.
pub const STRING_BYTES_MAX: usize = 1024;

/// Harmless text of bounded length; borrowed where nothing had to change.
pub(crate) fn clean(text: &str, bytes_max: usize) -> Cow<'_, str> {
    let shown = if text.chars().any(is_harmful) {
        Cow::Owned(text.chars().map(picture).collect::<String>())
    } else {
        Cow::Borrowed(text)
    };
    if shown.len() <= bytes_max {
        return shown;
    }
    let hash = fnv1a(shown.as_bytes());
    let kept = shown.floor_char_boundary(bytes_max.saturating_sub(17));
    Cow::Owned(format!("{}~{hash:016x}", &shown[..kept]))
}

/// Writes a tag's value, escaped; nothing for an empty one.
pub(super) fn escape_tag(text: &str, out: &mut String) {
    let text = clean(text, TAG_BYTES_MAX);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            ',' | '=' | ' ' => out.extend(['\\', character]),
            '\\' if matches!(characters.peek(), None | Some(',' | '=' | ' ' | '\\' | '"')) => out.push('/'),
            other => out.push(other),
        }
    }
}

/// Writes a string field with its quotes.
pub(super) fn escape_string(text: &str, out: &mut String) {
    out.push('"');
    for character in clean(text, STRING_BYTES_MAX).chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

/// Control characters, the line and paragraph separators that some viewers break at, and marks that make what follows
/// be shown the other way round.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn picture(character: char) -> char {
    match u32::from(character) {
        code @ 0..0x20 => char::from_u32(0x2400 + code).expect("the 32 control pictures exist"),
        0x7F => '\u{2421}',
        _ if is_harmful(character) => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> String {
        let mut out = String::new();
        escape_tag(text, &mut out);
        out
    }

    #[test]
    fn tags_cannot_break_out() {
        assert_eq!(tag("CT 1, Raum=2"), r"CT\ 1\,\ Raum\=2");
        assert_eq!(tag("a\nb,c=1 x=2"), r"a␊b\,c\=1\ x\=2");
        assert_eq!(tag(r"DOMAIN\ct"), r"DOMAIN\ct");
        assert_eq!(tag(r"end\"), "end/");
        assert_eq!(tag(r"a\\ b\,"), r"a//\ b/\,");
        assert_eq!(tag(""), "");
    }

    #[test]
    fn long_names_stay_two_names() {
        let (one, two) = ("ä".repeat(500) + "1", "ä".repeat(500) + "2");
        assert_ne!(clean(&one, TAG_BYTES_MAX), clean(&two, TAG_BYTES_MAX));
        assert!(clean(&one, TAG_BYTES_MAX).len() <= TAG_BYTES_MAX);
    }

    #[test]
    fn strings_are_quoted_and_end_where_they_end() {
        let mut out = String::new();
        escape_string("a \"b\"\\", &mut out);
        assert_eq!(out, r#""a \"b\"\\""#);
    }
}
