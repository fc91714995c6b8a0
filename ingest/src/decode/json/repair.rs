//! Bare words for "no number", which no JSON has, turned to null.

/// The words, lower case, longest first.
const NO_NUMBER: [&str; 4] = ["-infinity", "infinity", "nan", "inf"];

/// Bare words for "no number" turned to null; none where there is none.
pub(super) fn without_bare_words(text: &str) -> Option<String> {
    let mut repaired = Vec::with_capacity(text.len() + 16);
    let (mut rest, mut is_in_text, mut is_changed) = (text.as_bytes(), false, false);
    while let [byte, after @ ..] = rest {
        let word = NO_NUMBER.iter().find(|word| {
            let start = rest.get(..word.len());
            !is_in_text && start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        });
        if let Some(word) = word {
            if repaired.last() == Some(&b'-') {
                repaired.pop();
            }
            repaired.extend_from_slice(b"null");
            rest = &rest[word.len()..];
            is_changed = true;
            continue;
        }
        repaired.push(*byte);
        rest = after;
        if *byte == b'"' {
            is_in_text = !is_in_text;
        } else if let (true, b'\\', [escaped, after @ ..]) = (is_in_text, byte, rest) {
            repaired.push(*escaped);
            rest = after;
        }
    }
    is_changed.then(|| String::from_utf8(repaired).ok())?
}
