//! Tables of `docs/` that are written by tests, so that documents say what the code does.

const BEGIN: &str = "<!-- begin: written by ";
const END: &str = "<!-- end -->";

/// Compares what a document shows between its two marks; with `IDLEWATT_REWRITE=1` writes it anew.
pub(crate) fn check(name: &str, rendered: &str) {
    let path = format!("{}/../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let begin = document.find(BEGIN).expect("the first mark");
    let begin = begin + document[begin..].find('\n').expect("its line ends") + 1;
    let end = document.find(END).expect("the second mark");
    if std::env::var_os("IDLEWATT_REWRITE").is_some() {
        let written = format!("{}{rendered}{}", &document[..begin], &document[end..]);
        std::fs::write(&path, written).expect("it can be written");
        return;
    }
    assert_eq!(
        &document[begin..end],
        rendered,
        "docs/{name} is out of date: IDLEWATT_REWRITE=1 cargo test -p deliver _md_"
    );
}
