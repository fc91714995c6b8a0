//! What a section of the file is made of: entries that know where they stand, and keys that carry their comment.
//!
//! [`section!`] writes a struct, its defaults and its table of [`Key`]s from one declaration, so that what is read,
//! what is refused, what `--print-config` prints and what a fault suggests cannot drift apart.

use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU16, NonZeroU32, NonZeroU64, NonZeroUsize};
use std::ops::{Deref, Range};
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value of the file and where it stands; a default stands nowhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry<T> {
    value: T,
    span: Option<Range<usize>>,
}

impl<T> Entry<T> {
    /// A default.
    pub(crate) const fn preset(value: T) -> Self {
        Self { value, span: None }
    }

    /// Bytes of the file; an entry that is not in the file is said to stand at its very beginning.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone().unwrap_or(0..0)
    }

    /// Whether the file says it.
    pub(crate) const fn is_given(&self) -> bool {
        self.span.is_some()
    }
}

impl<T> Deref for Entry<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = toml::Spanned::<T>::deserialize(deserializer)?;
        let span = Some(spanned.span());
        Ok(Self {
            value: spanned.into_inner(),
            span,
        })
    }
}

impl<T: Serialize> Serialize for Entry<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// One key of a section.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// As written in the file.
    pub name: &'static str,
    /// Its comment, line by line.
    pub comment: &'static [&'static str],
    /// What kind of value it takes, in words: `a whole number`.
    pub words: &'static str,
    /// What it holds where the file does not say it.
    pub kind: Kind,
}

/// What a key holds where the file does not say it.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// This default, as TOML.
    Preset(String),
    /// Nothing; here is an example, as TOML.
    Optional(&'static str),
    /// It must be said; here is an example, as TOML.
    Required(&'static str),
    /// A `[table]` of its own.
    Table(Section),
    /// A list of `[[tables]]`, printed as an example that is in force or as a mere comment.
    Tables(Section, Shown),
    /// A table, or list of tables, written on one line; here is an example, as TOML.
    Inline(Section, &'static str, Shown),
}

/// How `--print-config` shows an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// In force.
    Live,
    /// As a comment.
    Comment,
}

/// A section's comment and keys.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// Its comment, line by line.
    pub comment: &'static [&'static str],
    /// Its keys, in the order in which they are printed.
    pub keys: fn() -> Vec<Key>,
}

/// A struct that is read from a section.
pub(crate) trait Keys {
    /// The section.
    const SECTION: Section;
}

impl Key {
    /// A line that would be accepted.
    pub(crate) fn example(&self) -> String {
        match &self.kind {
            Kind::Preset(value) => format!("{} = {value}", self.name),
            Kind::Optional(value) | Kind::Required(value) | Kind::Inline(_, value, _) => {
                format!("{} = {value}", self.name)
            }
            Kind::Table(_) => format!("[{}]", self.name),
            Kind::Tables(..) => format!("[[{}]]", self.name),
        }
    }

    /// The section below it, if it has one.
    pub(crate) const fn section(&self) -> Option<&Section> {
        match &self.kind {
            Kind::Table(section) | Kind::Tables(section, _) | Kind::Inline(section, ..) => Some(section),
            Kind::Preset(_) | Kind::Optional(_) | Kind::Required(_) => None,
        }
    }
}

/// What kind of value a type takes, in words.
pub(crate) trait Words {
    /// With its article: `a whole number`.
    const WORDS: &'static str;
}

macro_rules! words {
    ($($type:ty => $words:literal),* $(,)?) => {
        $(impl Words for $type { const WORDS: &'static str = $words; })*
    };
}

words! {
    String => "text",
    bool => "true or false",
    i16 => "a year",
    u16 => "a whole number",
    u32 => "a whole number",
    u64 => "a whole number",
    usize => "a whole number",
    NonZeroU16 => "a whole number above 0",
    NonZeroU32 => "a whole number above 0",
    NonZeroU64 => "a whole number above 0",
    NonZeroUsize => "a whole number above 0",
    PathBuf => "a path",
    IpAddr => "an address",
    SocketAddr => "an address and port",
}

impl<T: Words> Words for Option<T> {
    const WORDS: &'static str = T::WORDS;
}

impl<T: Words> Words for Entry<T> {
    const WORDS: &'static str = T::WORDS;
}

impl<T> Words for Vec<T> {
    const WORDS: &'static str = "a list";
}

/// A default as TOML, the way `--print-config` shows it.
pub(crate) fn as_toml<T: Serialize>(value: &T) -> String {
    toml::Value::try_from(value).map_or_else(|_| "\"\"".to_owned(), |value| value.to_string())
}

/// Declares sections: a struct each, with defaults, unknown keys refused, and its table of keys.
///
/// `name: Type => preset(value)`, `optional("TOML example")`, `required("TOML example")`, `table(Section)`,
/// `tables(Section, Shown)` or `inline(Section, "TOML example", Shown)`.
macro_rules! section {
    ($($(#[doc = $title:literal])* $section:ident {
        $($(#[doc = $comment:literal])* $name:ident : $type:ty => $kind:ident ( $($rest:tt)* ),)*
    })*) => { $(
        $(#[doc = $title])*
        #[derive(Clone, Debug, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct $section {
            $($(#[doc = $comment])* pub $name: $crate::config::section::Entry<$type>,)*
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $($name: $crate::config::section::section!(@default $kind($($rest)*)),)* }
            }
        }

        impl $crate::config::section::Words for $section {
            const WORDS: &'static str = "a table";
        }

        impl $crate::config::section::Keys for $section {
            const SECTION: $crate::config::section::Section = $crate::config::section::Section {
                comment: &[$($title),*],
                keys: || vec![$($crate::config::section::Key {
                    name: stringify!($name),
                    comment: &[$($comment),*],
                    words: $crate::config::section::section!(@words $kind, $type),
                    kind: $crate::config::section::section!(@kind $kind($($rest)*), $type),
                }),*],
            };
        }
    )* };
    (@default preset($value:expr)) => { $crate::config::section::Entry::preset($value) };
    (@default $kind:ident($($rest:tt)*)) => { $crate::config::section::Entry::default() };
    (@words table, $type:ty) => { "a [table]" };
    (@words tables, $type:ty) => { "a list of [[tables]]" };
    (@words $kind:ident, $type:ty) => { <$type as $crate::config::section::Words>::WORDS };
    (@kind preset($value:expr), $type:ty) => {
        $crate::config::section::Kind::Preset($crate::config::section::as_toml::<$type>(&$value))
    };
    (@kind optional($example:literal), $type:ty) => { $crate::config::section::Kind::Optional($example) };
    (@kind required($example:literal), $type:ty) => { $crate::config::section::Kind::Required($example) };
    (@kind table($section:ty), $type:ty) => {
        $crate::config::section::Kind::Table(<$section as $crate::config::section::Keys>::SECTION)
    };
    (@kind tables($section:ty, $shown:ident), $type:ty) => {
        $crate::config::section::Kind::Tables(
            <$section as $crate::config::section::Keys>::SECTION,
            $crate::config::section::Shown::$shown,
        )
    };
    (@kind inline($section:ty, $example:literal, $shown:ident), $type:ty) => {
        $crate::config::section::Kind::Inline(
            <$section as $crate::config::section::Keys>::SECTION,
            $example,
            $crate::config::section::Shown::$shown,
        )
    };
}
pub(crate) use section;
