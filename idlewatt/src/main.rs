//! The command: reads arguments, maps the outcome to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    idlewatt::command::main()
}
