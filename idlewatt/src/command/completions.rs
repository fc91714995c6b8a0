//! `idlewatt completions`: what a shell needs to complete commands, options, words and file names.

use std::io::Write;
use std::process::ExitCode;

use clap_complete::Shell;

/// Prints a script that completes idlewatt's commands and options in a shell.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt completions bash > /usr/share/bash-completion/completions/idlewatt\n  \
                  idlewatt completions zsh > ~/.zfunc/_idlewatt\n  \
                  idlewatt completions fish > ~/.config/fish/completions/idlewatt.fish"
)]
pub struct Arguments {
    /// The shell that is to complete
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// Writing fails.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    // not written piece by piece: the generator takes a failed write, such as a broken pipe, for a reason to panic
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::tree(), "idlewatt", &mut script);
    out.write_all(&script)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
