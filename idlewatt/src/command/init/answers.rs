//! All that a first configuration says.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::write::{NewFile, folder};

/// All of it.
pub(super) struct Answers {
    pub(super) site: Site,
    pub(super) tariff: Tariff,
    pub(super) carbon: Carbon,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) listen: Option<SocketAddr>,
    pub(super) broker: Broker,
    /// Windows by the configuration's key of days.
    pub(super) opening: Vec<(&'static str, Vec<String>)>,
    pub(super) sink: Option<Sink>,
    /// What nobody has said, in words.
    pub(super) assumed: Vec<String>,
}

pub(super) struct Site {
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) language: String,
}

pub(super) struct Tariff {
    pub(super) currency: String,
    pub(super) day: String,
    pub(super) night: Option<String>,
    pub(super) source: String,
    pub(super) year: String,
}

pub(super) struct Carbon {
    pub(super) g_per_kwh: String,
    pub(super) source: String,
    pub(super) year: String,
}

pub(super) struct Broker {
    pub(super) url: String,
    pub(super) username: Option<String>,
    pub(super) password: Option<Kept>,
    pub(super) ca_file: Option<PathBuf>,
}

pub(super) struct Sink {
    pub(super) kind: String,
    pub(super) url: String,
    /// Or bucket.
    pub(super) database: Option<String>,
    pub(super) org: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password: Option<Kept>,
    pub(super) token: Option<Kept>,
}

/// A secret in a file of its own.
pub(super) enum Kept {
    /// One that is there.
    There(PathBuf),
    /// One that is to be written beside the configuration.
    New { name: &'static str, secret: String },
}

impl Kept {
    /// As the configuration names it.
    pub(super) fn named(&self) -> String {
        match self {
            Self::There(path) => path.display().to_string(),
            Self::New { name, .. } => (*name).to_owned(),
        }
    }

    /// The file that is to be written for it.
    pub(super) fn file(&self, output: &Path) -> Option<NewFile> {
        match self {
            Self::There(_) => None,
            Self::New { name, secret } => Some(NewFile {
                path: folder(output).join(name),
                text: format!("{secret}\n"),
            }),
        }
    }
}

impl Answers {
    /// The secrets that were asked for.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Kept> {
        let of_sink = self.sink.iter().flat_map(|sink| [&sink.password, &sink.token]);
        [&self.broker.password].into_iter().chain(of_sink).flatten()
    }
}
