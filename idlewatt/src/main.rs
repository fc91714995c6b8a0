//! The command: reads arguments, maps the outcome to an exit code.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A message is some small allocations, made in one thread and freed in another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    idlewatt::command::main()
}
