//! Talking to an engine through its command-line client.

use std::io::{Seek, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// What a client said: its output when it was content, else the complaint.
pub(super) type Answer = Result<String, String>;

/// Runs the client with `sql` on its standard input.
///
/// The SQL goes through an unnamed file and not a pipe: a client that stops reading at an error can then
/// not leave us writing into nothing.
pub(super) fn feed(command: &mut Command, sql: &str) -> Answer {
    converse(command, sql).unwrap_or_else(|error| Err(format!("{error:#}")))
}

fn converse(command: &mut Command, sql: &str) -> Result<Answer> {
    let mut input = tempfile::tempfile().context("no temporary file for the SQL")?;
    input.write_all(sql.as_bytes())?;
    input.rewind()?;
    let output = command
        .stdin(Stdio::from(input))
        .output()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    Ok(if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(complaint(&String::from_utf8_lossy(&output.stderr)))
    })
}

/// The lines that tell what went wrong, without the warnings before them.
fn complaint(stderr: &str) -> String {
    let lines: Vec<&str> = stderr
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let start = lines
        .iter()
        .position(|line| line.to_uppercase().contains("ERROR"))
        .unwrap_or(0);
    lines[start..]
        .iter()
        .take(3)
        .copied()
        .collect::<Vec<_>>()
        .join(" | ")
}
