//! Files and variables of the environment that a command looks at, told by the arguments it has.

use clap::Command;

/// What is looked at, by whom, and what for.
pub(super) struct Surrounding {
    pub(super) name: &'static str,
    pub(super) says: &'static str,
    is_of: fn(&Command) -> bool,
}

const FILES: [Surrounding; 4] = [
    Surrounding {
        name: "idlewatt.toml",
        says: "the configuration, unless -c names another",
        is_of: |command| has(command, "config"),
    },
    Surrounding {
        name: "/etc/idlewatt/idlewatt.toml",
        says: "the configuration of an installed machine",
        is_of: |command| has(command, "config"),
    },
    Surrounding {
        name: "/etc/idlewatt/*_password",
        says: "secrets, one a file; only root and the group idlewatt may read them",
        is_of: |command| has(command, "config"),
    },
    Surrounding {
        name: "/var/lib/idlewatt",
        says: "journal, findings and history of an installed machine ([service] state_dir)",
        is_of: |command| has(command, "config"),
    },
];

const VARIABLES: [Surrounding; 4] = [
    Surrounding {
        name: "RUST_LOG",
        says: "how much is logged to standard error: error, warn, info, debug; info where it is not set",
        is_of: |_| true,
    },
    Surrounding {
        name: "NO_COLOR",
        says: "no colours, whatever the terminal can show",
        is_of: |_| true,
    },
    Surrounding {
        name: "IDLEWATT_TOKEN",
        says: "the token of the page, where --token-file is not given",
        is_of: |command| has(command, "token_file"),
    },
    Surrounding {
        name: "IDLEWATT_SIMULATE_PASSWORD",
        says: "the password that belongs to --username",
        is_of: |command| command.get_name() == "simulate",
    },
];

/// The files of a command.
pub(super) fn files(command: &Command) -> impl Iterator<Item = &'static Surrounding> {
    FILES.iter().filter(move |file| (file.is_of)(command))
}

/// The variables of a command.
pub(super) fn variables(command: &Command) -> impl Iterator<Item = &'static Surrounding> {
    VARIABLES.iter().filter(move |variable| (variable.is_of)(command))
}

fn has(command: &Command, argument: &str) -> bool {
    command.get_arguments().any(|known| known.get_id() == argument)
}
