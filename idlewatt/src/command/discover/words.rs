//! Figures and names as people read them, whatever bytes they were made of.

/// A number with a thin gap between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Watts: whole ones, tenths of small loads.
pub(super) fn watts(power_w: f64) -> String {
    if power_w.abs() < 100.0 {
        return format!("{power_w:.1}");
    }
    let whole = power_w.abs().round();
    let sign = if power_w < 0.0 { "-" } else { "" };
    if whole < 1e9 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked just now"
        )]
        let whole = whole as u64;
        format!("{sign}{}", grouped(whole))
    } else {
        format!("{power_w:.2e}")
    }
}

/// A span of time.
pub(super) fn span(seconds: f64) -> String {
    match seconds {
        short if short < 9.95 => format!("{short:.1} s"),
        short if short < 120.0 => format!("{short:.0} s"),
        long if long < 7200.0 => format!("{:.0} min", long / 60.0),
        long => format!("{:.0} h", long / 3600.0),
    }
}

/// A text of others, safe to show: control characters escaped, at most `width` letters.
pub(super) fn shown(text: &str, width: usize) -> String {
    let mut safe = String::new();
    let mut letters = 0;
    for letter in text.chars() {
        let is_odd = letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffd}');
        let piece = if is_odd {
            letter.escape_default().to_string()
        } else {
            letter.to_string()
        };
        letters += piece.chars().count();
        if letters > width {
            while safe.chars().count() >= width {
                safe.pop();
            }
            safe.push('…');
            break;
        }
        safe.push_str(&piece);
    }
    safe
}

/// A payload of others, safe to show.
pub(super) fn payload(bytes: &[u8], width: usize) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => shown(text, width),
        // cut in the middle of a letter
        Err(error) if error.error_len().is_none() => {
            shown(&String::from_utf8_lossy(&bytes[..error.valid_up_to()]), width)
        }
        Err(_) => {
            let hex: String = bytes
                .iter()
                .take(width / 2)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            shown(&format!("hex {hex}"), width)
        }
    }
}

/// A text in lines of at most `width` letters, each behind `indent`.
pub(super) fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_names_are_short_and_safe() {
        assert_eq!(
            (grouped(7), grouped(1234), grouped(1_234_567)),
            ("7".to_owned(), "1 234".to_owned(), "1 234 567".to_owned())
        );
        assert_eq!(
            (watts(-2612.4), watts(5.25)),
            ("-2 612".to_owned(), "5.2".to_owned())
        );
        assert_eq!(
            (span(1.0), span(60.0), span(900.0)),
            ("1.0 s".to_owned(), "60 s".to_owned(), "15 min".to_owned())
        );
        assert_eq!(shown("a\u{1b}[31mb\nc", 99), "a\\u{1b}[31mb\\nc");
        assert_eq!(shown("abcdef", 4), "abc…");
        assert_eq!(shown("abcd", 4), "abcd");
        assert_eq!(payload(b"\xff\x00", 20), "hex ff00");
        assert_eq!(wrapped("a bb ccc", "  ", 6), "  a bb\n  ccc");
    }
}
