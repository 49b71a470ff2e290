//! A client that stays, so that reading the catalog twice a file costs no connection each time.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};

/// A `psql` that answers one question after another.
pub(super) struct Reader {
    client: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Reader {
    /// Starts the client, which must read its standard input and not stop at an error.
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let mut client = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start psql")?;
        let (Some(questions), Some(answers)) = (client.stdin.take(), client.stdout.take()) else {
            bail!("psql has no standard input or output");
        };
        Ok(Self {
            client,
            questions,
            answers: BufReader::new(answers),
        })
    }

    /// The rows of a query, a line each; `None` when the server refused it.
    pub(super) fn ask(&mut self, sql: &str) -> Result<Option<String>> {
        // psql keeps whether the last statement failed in the variable ERROR.
        let sql = sql.trim_end().trim_end_matches(';');
        writeln!(self.questions, "{sql};\n\\echo {END} :ERROR")?;
        self.questions.flush()?;
        let mut rows = String::new();
        loop {
            let start = rows.len();
            if self.answers.read_line(&mut rows)? == 0 {
                bail!("psql ended in the middle of an answer");
            }
            if let Some(failed) = rows[start..].strip_prefix(END) {
                let accepted = failed.trim() == "false";
                rows.truncate(start);
                return Ok(accepted.then_some(rows));
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It only reads; that it may have ended already is fine.
        let _killed = self.client.kill();
        let _ended = self.client.wait();
    }
}

/// Ends an answer: no catalog has such a line.
const END: &str = "----8<---- end of answer:";
