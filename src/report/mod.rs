//! Values become text: for people, for programs, for review tools. Nothing here prints.

mod backfill;
mod board;
mod classify;
mod fixes;
mod github;
mod gitlab;
mod guard;
mod human;
mod json;
mod junit;
mod lint;
mod markdown;
mod metrics;
mod page;
mod plan;
mod record;
mod sarif;
mod scaffold;
mod smoke;
mod uses;
mod verify;

use std::fmt;
use std::str::FromStr;

pub use backfill::{BackfillShown, backfills, time_left};
pub use board::{Board, status};
pub use classify::classify;
pub use fixes::{FixReport, fixes, patch};
pub use guard::guard;
use lint::Located;
pub use lint::{LintReport, LintedFile, lint};
pub use metrics::{metrics, no_metrics};
pub use page::{content_security, no_page, page};
pub use plan::plan;
pub use record::{Ran, applied, history, refusals};
pub use scaffold::{Scaffolded, ScaffoldedMigration, scaffolded};
pub use smoke::smoke;
pub use uses::{captured, uses};
pub use verify::verify;

use crate::model::Migration;
use crate::nearest::nearest;
use crate::review::Reviewed;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people at a terminal.
    Human,
    /// For programs; complete.
    Json,
    /// For a comment on a pull request.
    Markdown,
    /// GitHub workflow annotations.
    Github,
    /// GitLab code quality.
    Gitlab,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Human,
        Self::Json,
        Self::Markdown,
        Self::Github,
        Self::Gitlab,
        Self::Sarif,
        Self::Junit,
    ];

    /// The name used on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|format| format.name() == text);
        named.ok_or_else(|| match nearest(text, Self::ALL.map(Self::name)) {
            Some(near) => format!("`{text}` is no format; did you mean `{near}`?"),
            None => format!(
                "`{text}` is no format; known are {}",
                Self::ALL.map(Self::name).join(", ")
            ),
        })
    }
}

/// Whether text for people is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    fn with(self, code: &str, text: impl fmt::Display) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    fn bold(self, text: impl fmt::Display) -> String {
        self.with("1", text)
    }

    fn dim(self, text: impl fmt::Display) -> String {
        self.with("2", text)
    }

    fn red(self, text: impl fmt::Display) -> String {
        self.with("1;31", text)
    }

    fn yellow(self, text: impl fmt::Display) -> String {
        self.with("33", text)
    }

    fn green(self, text: impl fmt::Display) -> String {
        self.with("32", text)
    }

    fn blue(self, text: impl fmt::Display) -> String {
        self.with("36", text)
    }
}

/// One reviewed file under the name that people shall read.
pub struct ReviewedFile<'a> {
    /// As given, or relative to the working directory.
    pub path: String,
    /// The migration.
    pub migration: &'a Migration,
    /// What the review said.
    pub reviewed: &'a Reviewed,
}

/// `1 file`, `2 files`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// Writing into a `String` cannot fail.
macro_rules! line {
    ($out:expr) => {{ $out.push('\n'); }};
    ($out:expr, $($arg:tt)*) => {{
        use std::fmt::Write as _;
        let _ = writeln!($out, $($arg)*);
    }};
}
use line;
