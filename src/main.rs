//! The `bgmigrate` binary: parse the arguments, run, exit with the documented status.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Reading SQL is a great number of small allocations, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    bgmigrate::cli::main()
}
