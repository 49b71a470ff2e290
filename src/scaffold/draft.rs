//! What is to be written, before a folder gives it names and marks.

use crate::model::FilePhase;

/// The migrations of one pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// In the order in which they run.
    pub steps: Vec<Step>,
    /// What their author has to know and no file can say.
    pub notes: Vec<String>,
}

/// One migration to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it may run.
    pub phase: FilePhase,
    /// What it is called, in snake case.
    pub name: String,
    /// The comment at its top, one paragraph each.
    pub header: Vec<String>,
    /// Why it has its phase although the statements may say otherwise, as one clause.
    pub why: String,
    /// Rules whose errors were thought of, besides all of those that a contract step exists to hold back.
    pub allows: &'static [&'static str],
    /// Directives for the file, without their `-- bgmigrate:`.
    pub directives: Vec<String>,
    /// Its statements, each with its semicolon.
    pub up: Vec<String>,
    /// What takes it back, each with its semicolon; nothing where it changes nothing that lasts.
    pub down: Vec<String>,
    /// Each of its statements commits by itself: together they would hold a lock through a scan.
    pub apart: bool,
    /// Somebody else wrote it: lint may speak of it, and nothing is allowed for it.
    pub verbatim: bool,
}

impl Step {
    /// A step of this phase with nothing in it.
    pub fn new(phase: FilePhase, name: impl Into<String>) -> Self {
        Self {
            phase,
            name: name.into(),
            header: Vec::new(),
            why: String::new(),
            allows: &[],
            directives: Vec::new(),
            up: Vec::new(),
            down: Vec::new(),
            apart: false,
            verbatim: false,
        }
    }

    /// With another paragraph in its header.
    #[must_use]
    pub fn says(mut self, paragraph: impl Into<String>) -> Self {
        self.header.push(paragraph.into());
        self
    }

    /// With the reason for its phase.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// With these statements behind those that it has.
    #[must_use]
    pub fn runs(mut self, statements: impl IntoIterator<Item = String>) -> Self {
        self.up.extend(statements);
        self
    }

    /// With this way back.
    #[must_use]
    pub fn back(mut self, statements: impl IntoIterator<Item = String>) -> Self {
        self.down.extend(statements);
        self
    }

    /// With a query that must find nothing before the cutover.
    #[must_use]
    pub fn checks(mut self, query: &str) -> Self {
        self.directives.push(format!("check={}", quoted(query)));
        self
    }

    /// With the release from which on nothing uses what it takes away, where that is known.
    #[must_use]
    pub fn unused_since(mut self, version: Option<&str>) -> Self {
        self.directives
            .extend(version.map(|version| format!("unused-since={version}")));
        self
    }
}

/// A value of a directive.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether a statement has semicolons inside it, so that a tool that cuts at them would break it.
pub(super) fn is_compound(statement: &str) -> bool {
    statement.trim_end().trim_end_matches(';').contains(';')
}

/// Comment lines of at most so many characters.
const WIDTH: usize = 100;

/// Paragraphs as line comments, with an empty comment line between two.
pub(super) fn comment(paragraphs: &[String]) -> String {
    let blocks: Vec<String> = paragraphs
        .iter()
        .map(|paragraph| {
            let mut lines = vec!["--".to_owned()];
            for word in paragraph.split_whitespace() {
                let line = lines.last_mut().map_or(0, |line| line.chars().count());
                if line + 1 + word.chars().count() > WIDTH && line > 2 {
                    lines.push("--".to_owned());
                }
                if let Some(last) = lines.last_mut() {
                    last.push(' ');
                    last.push_str(word);
                }
            }
            lines.join("\n") + "\n"
        })
        .collect();
    blocks.join("--\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_wrapped_into_comments() {
        let long = "word ".repeat(25);
        let text = comment(&["One.".to_owned(), long]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "-- One.");
        assert_eq!(lines[1], "--");
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines.iter().all(|line| line.len() <= WIDTH));
    }

    #[test]
    fn a_value_keeps_its_quotes() {
        assert_eq!(quoted(r#"SELECT "a\b""#), r#""SELECT \"a\\b\"""#);
    }

    #[test]
    fn a_body_is_compound_and_a_plain_statement_is_not() {
        assert!(!is_compound("SELECT 1;\n"));
        assert!(is_compound("CREATE TRIGGER t BEGIN SELECT 1; END;"));
    }
}
