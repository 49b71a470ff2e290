//! The command line: the only room that prints. One file a command.

mod apply;
mod backfill;
mod classify;
mod cutover;
mod database;
mod demo;
mod exit;
mod explain;
mod fix;
mod gate;
mod guard;
mod history;
mod hooks;
mod init;
mod lint;
mod lockstep;
mod look;
mod movement;
mod new;
mod output;
mod pattern;
mod plan;
mod progress;
mod release;
mod resolve;
mod retire;
mod router;
mod runner;
mod serve;
mod smoke;
mod source;
mod split;
mod status;
mod suite;
mod undo;
mod uses;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use exit::Status;

use crate::folder::{Layout, UnknownLayout};
use crate::model::Dialect;
use crate::report::Format;

/// Expand/contract schema migrations for blue-green deployments.
#[derive(Parser, Debug)]
#[command(name = "bgmigrate", version, about, max_term_width = 100, after_help = EXIT_STATUS)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  done, allowed, or nothing to report
  1  lint found errors
  2  usage or configuration error
  3  refused by a gate
  4  the database or the router failed or could not be reached; safe to run again
  5  a migration or a smoke test failed; what to do next is printed
  6  the outcome is unknown; what to look at is printed";

/// What every command takes. A flag beats an environment variable beats `bgmigrate.toml`.
#[derive(Args, Clone, Debug)]
struct Global {
    /// Configuration file [default: bgmigrate.toml, looked for from here upwards]
    #[arg(long, global = true, value_name = "FILE", env = "BGMIGRATE_CONFIG")]
    config: Option<PathBuf>,
    /// Migration folder [default: the configured one, or `migrations`]
    #[arg(long, global = true, value_name = "DIR", env = "BGMIGRATE_DIR")]
    dir: Option<PathBuf>,
    /// The SQL that the folder is written in [default: configured, or guessed from the folder]
    #[arg(long, global = true, value_name = "DIALECT", env = "BGMIGRATE_DIALECT", value_parser = dialect)]
    dialect: Option<Dialect>,
    /// The folder's layout, or `auto` [default: configured, or auto]
    #[arg(long, global = true, value_name = "LAYOUT", env = "BGMIGRATE_LAYOUT", value_parser = wanted)]
    layout: Option<Wanted>,
    /// The database that keeps the record [default: `DATABASE_URL`, or the configured one]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "BGMIGRATE_DATABASE_URL",
        hide_env_values = true
    )]
    database_url: Option<String>,
    /// human, json, markdown, github, gitlab, sarif or junit
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "BGMIGRATE_FORMAT",
        default_value = "human",
        hide_default_value = true
    )]
    format: Format,
    /// Say nothing on standard error but errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more on standard error: which layout, which engine, and why
    #[arg(long, short, global = true)]
    verbose: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Find hazards in migrations: what breaks a running release, what locks, what cannot be undone
    Lint(lint::Arguments),
    /// Tell the phase of each statement and file, with the reason
    Classify(classify::Arguments),
    /// Show a rule's documentation; without a rule, list them all
    Explain(explain::Arguments),
    /// Make migrations: an empty one, or a whole pattern as expand, migrate and contract step
    New(new::Arguments),
    /// Write the expand, migrate and contract steps that replace a breaking migration
    Split(split::Arguments),
    /// Review what is pending: phases, locks, hazards, and the rollout in order
    Plan(plan::Arguments),
    Verify(verify::Arguments),
    /// Make the record in the database; or adopt a database that another tool has migrated
    Init(init::Arguments),
    /// Record the releases that are deployed
    #[command(subcommand)]
    Release(release::Action),
    /// Show slots, releases, rollback windows and what is pending
    Status(status::Arguments),
    Serve(serve::Arguments),
    /// Run what the gates allow, in order
    Apply(apply::Arguments),
    Backfill(backfill::Arguments),
    /// Ask whether something may happen now; changes nothing
    Gate(gate::Arguments),
    Smoke(smoke::Arguments),
    /// Move traffic to a slot: gate, intent, flip, read back, record
    Cutover(cutover::Cutover),
    /// Move traffic back to the standby, at once
    Rollback(cutover::Rollback),
    /// Finish or undo an interrupted cutover
    Resume(cutover::Resume),
    Router(router::Arguments),
    Guard(guard::Arguments),
    Uses(uses::Arguments),
    Demo(demo::Arguments),
    /// Close the rollback to a slot's release, and free the contract steps that waited for it
    Retire(retire::Arguments),
    /// Settle a statement of which nobody knows whether it ran
    Undo(undo::Arguments),
    Resolve(resolve::Arguments),
    /// Show the record: who, when, what, from where
    History(history::Arguments),
}

/// A layout as the command line asks for it.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    /// Found out from the folder, whatever the configuration says.
    Auto,
    /// This one.
    Named(Layout),
}

fn wanted(text: &str) -> Result<Wanted, UnknownLayout> {
    match text {
        "auto" => Ok(Wanted::Auto),
        name => name.parse().map(Wanted::Named),
    }
}

fn dialect(text: &str) -> Result<Dialect, String> {
    let known = Dialect::ALL
        .into_iter()
        .find(|dialect| dialect.name() == text);
    known
        .or(match text {
            "postgresql" | "pg" => Some(Dialect::Postgres),
            "mariadb" => Some(Dialect::Mysql),
            "sqlite3" => Some(Dialect::Sqlite),
            _ => None,
        })
        .ok_or_else(|| format!("`{text}` is no dialect; known are postgres, mysql and sqlite"))
}

/// Parses the arguments, runs the command, and says how it went by the exit status.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are answers; everything else is a usage error.
        Err(error) if error.use_stderr() => {
            let _ = error.print();
            return Status::Usage.into();
        }
        Err(help) => return exit(output::printed(help.print()).map(|()| Status::Done)),
    };
    let global = &cli.global;
    let outcome = match &cli.command {
        Command::Lint(arguments) => lint::run(global, arguments),
        Command::Classify(arguments) => classify::run(global, arguments),
        Command::Explain(arguments) => explain::run(global, arguments),
        Command::New(arguments) => new::run(global, arguments),
        Command::Split(arguments) => split::run(global, arguments),
        Command::Plan(arguments) => plan::run(global, arguments),
        Command::Verify(arguments) => verify::run(global, arguments),
        Command::Init(arguments) => init::run(global, arguments),
        Command::Release(action) => release::run(global, action),
        Command::Status(arguments) => status::run(global, arguments),
        Command::Serve(arguments) => serve::run(global, arguments),
        Command::Apply(arguments) => apply::run(global, arguments),
        Command::Backfill(arguments) => backfill::run(global, arguments),
        Command::Gate(arguments) => gate::run(global, arguments),
        Command::Smoke(arguments) => smoke::run(global, arguments),
        Command::Cutover(arguments) => cutover::run(global, arguments),
        Command::Rollback(arguments) => cutover::rollback(global, arguments),
        Command::Resume(arguments) => cutover::resume(global, arguments),
        Command::Demo(arguments) => demo::run(global, arguments),
        Command::Router(arguments) => router::run(global, arguments),
        Command::Uses(arguments) => uses::run(global, arguments),
        Command::Guard(arguments) => guard::run(global, arguments),
        Command::Retire(arguments) => retire::run(global, arguments),
        Command::Undo(arguments) => undo::run(global, arguments),
        Command::Resolve(arguments) => resolve::run(global, arguments),
        Command::History(arguments) => history::run(global, arguments),
    };
    exit(outcome)
}

fn exit(outcome: anyhow::Result<Status>) -> ExitCode {
    match outcome {
        Ok(status) => status.into(),
        Err(error) => {
            output::error(&error);
            Status::of(&error).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
