//! `bgmigrate history`.

use anyhow::Result;

use super::database::{Setup, wait_for};
use super::{Global, Status, output};
use crate::report;
use crate::store::Missing;

const EXAMPLES: &str = "\
Examples:
  bgmigrate history                     all of it, oldest first
  bgmigrate history --after 120         what came after event 120
  bgmigrate history --format json";

/// Show the record.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Only what came after the event of this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: i64,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, None)?;
    wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let entries = match store.load(&[]).await? {
            Some(_) => store.history(arguments.after).await?,
            None => Vec::new(),
        };
        let target = store.target();
        store.close().await;
        if entries.is_empty() && !global.quiet {
            output::talk(format_args!("the record in {target} has nothing to tell"));
        }
        let lines: Vec<_> = entries
            .iter()
            .map(|entry| serde_json::json!(entry))
            .collect();
        let text = report::history(&lines, global.format);
        output::answer(&output::suited(text, "history", global.format)?)?;
        Ok(Status::Done)
    })
}
