//! The `bgmigrate` binary: parse the arguments, run, exit with the documented status.

use std::process::ExitCode;

fn main() -> ExitCode {
    bgmigrate::cli::main()
}
