//! Writes the families' sample messages to `corpus/<family>/`, for the fuzzers to begin with: each one alone, and all
//! of a family as one stream.

use std::fs;
use std::io;
use std::path::Path;

use ingest::decode::FAMILIES;
use ingest_fuzz::BETWEEN;

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for family in FAMILIES {
        let folder = corpus.join(family.name);
        fs::create_dir_all(&folder)?;
        let messages: Vec<Vec<u8>> =
            family.samples.iter().map(|(topic, payload)| [topic.as_bytes(), b"\n", payload].concat()).collect();
        for (number, message) in messages.iter().enumerate() {
            fs::write(folder.join(format!("sample-{number}")), message)?;
        }
        fs::write(folder.join("samples"), messages.join(BETWEEN))?;
    }
    Ok(())
}
