//! Liquibase formatted SQL (`AbstractFormattedChangeLogParser.java`): each `--changeset author:id` in a
//! file is one migration; files come in path order, as `includeAll` takes them.

use std::collections::HashMap;

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::Notice;
use crate::folder::addition::{Addition, Leave, Manual};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::sections::{self, Line, after_word};
use crate::folder::tree::Entry;
use crate::model::{Dialect, Down, Migration, Span, TransactionMode};

pub(super) struct Liquibase;

impl Reader for Liquibase {
    fn expected(&self) -> &'static str {
        "SQL files that start with `--liquibase formatted sql`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        let count = files.sql().filter(|file| is_formatted(file.peek())).count();
        let because = format!("{count} files that start with `--liquibase formatted sql`");
        Evidence::of(Strength::Sure, count, because)
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut migrations = Vec::new();
        let mut foreign = Vec::new();
        for file in files.sql().filter(|file| is_formatted(file.peek())) {
            let sets = changesets(file)?;
            if sets.is_empty() {
                let help = "add `--changeset author:id` above the first statement";
                return Err(sections::bad_marker(file, 1, "there is no changeset", help));
            }
            let (own, others): (Vec<_>, Vec<_>) =
                sets.into_iter().partition(|set| set.is_for(files.dialect));
            if !others.is_empty() {
                foreign.push(file.path.to_owned());
            }
            let own = own.into_iter().map(|set| set.into_migration(file));
            let own = own.collect::<Result<Vec<_>, _>>()?;
            migrations.extend(in_order(
                Layout::Liquibase,
                own.into_iter().enumerate().collect(),
            )?);
        }
        name_apart(&mut migrations);
        let mut notices = Vec::new();
        if !foreign.is_empty() {
            let message = format!(
                "changesets for other engines than {}: not read",
                files.dialect
            );
            notices.push(Notice::about(foreign, message));
        }
        let master: Vec<String> = files
            .all()
            .filter(|file| is_master(file))
            .map(|file| file.path.to_owned())
            .collect();
        if !master.is_empty() {
            let message =
                "changelogs that are no SQL: not read; the SQL files are taken in path order";
            notices.push(Notice::about(master, message));
        }
        Ok(Reading {
            notices,
            ..Reading::of(migrations)
        })
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        let text = &wanted.after.text;
        let end = wanted.after.up.last().map_or(0, |part| part.end);
        let header = |line: &Line<'_>| {
            comment(line.text).is_some_and(|comment| word(comment, "changeset").is_some())
        };
        let (before, after): (Vec<_>, Vec<_>) = sections::lines(text)
            .filter(header)
            .partition(|line| line.start < end);
        let at = after.first().map_or(text.len(), |line| line.start);
        let (author, id) = before
            .last()
            .and_then(|line| author_and_id(line.text))
            .ok_or_else(|| Manual::because("its changeset has no author and id"))?;
        // What follows up on another one says so; what is new has a name of its own.
        let id = match wanted.now {
            Some(_) => wanted.name.to_owned(),
            None => format!("{id}-{}", wanted.name),
        };
        if text.contains(&format!("{author}:{id}")) {
            return Err(Manual(format!(
                "there is a changeset `{author}:{id}` already"
            )));
        }
        let attributes = if wanted.outside_transaction {
            " runInTransaction:false"
        } else {
            ""
        };
        let rollback = match wanted.after.down {
            Some(_) => rollback(wanted.down),
            None => String::new(),
        };
        let set = format!(
            "--changeset {author}:{id}{attributes}\n{}{rollback}",
            wanted.sql
        );
        let text = if after.is_empty() {
            format!("{}\n\n{set}", text.trim_end())
        } else {
            format!("{}{set}\n{}", &text[..at], &text[at..])
        };
        Ok(vec![Entry::of_text(wanted.after.file.clone(), text)])
    }

    fn leave_transaction(&self, _: &Files<'_>, migration: &Migration) -> Result<Leave, Manual> {
        let start = migration.up.first().map_or(0, |part| part.start);
        let header = sections::lines(&migration.text)
            .filter(|line| line.start < start)
            .filter(|line| {
                comment(line.text).is_some_and(|comment| word(comment, "changeset").is_some())
            })
            .last()
            .filter(|line| attribute(line.text, "runInTransaction").is_none())
            .ok_or_else(|| Manual::because("its `runInTransaction` must be edited by hand"))?;
        let end = header.start + header.text.trim_end().len();
        Ok(Leave::line(end, " runInTransaction:false"))
    }
}

/// Author and id need to be unique within one file only; where they are not unique in the folder, the
/// file's name goes before them.
fn name_apart(migrations: &mut [Migration]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for migration in &*migrations {
        *counts.entry(migration.id.clone()).or_default() += 1;
    }
    for migration in migrations {
        if counts[&migration.id] > 1 {
            migration.id = format!("{}::{}", migration.file, migration.id);
        }
    }
}

fn is_formatted(text: &str) -> bool {
    sections::lines(text)
        .find(|line| !line.text.trim().is_empty())
        .and_then(|line| comment(line.text))
        .and_then(|comment| after_word(comment, "liquibase"))
        .is_some_and(|rest| after_word(rest.trim_start(), "formatted").is_some())
}

fn is_master(file: &File<'_>) -> bool {
    let name = file.name().to_ascii_lowercase();
    let other = [".xml", ".yaml", ".yml", ".json"]
        .iter()
        .any(|end| name.ends_with(end));
    other && (name.contains("changelog") || name.contains("master"))
}

/// One changeset as it is read.
struct Changeset {
    id: String,
    attributes: String,
    delimiter: Option<String>,
    start: usize,
    up: Vec<Span>,
    down: Vec<Span>,
}

impl Changeset {
    /// Whether its `dbms` attribute names this engine, or does not exclude it.
    fn is_for(&self, dialect: Dialect) -> bool {
        let Some(dbms) = attribute(&self.attributes, "dbms") else {
            return true;
        };
        let own: &[&str] = match dialect {
            Dialect::Postgres => &["postgresql"],
            Dialect::Mysql => &["mysql", "mariadb"],
            Dialect::Sqlite => &["sqlite"],
        };
        let names: Vec<&str> = dbms.split(',').map(str::trim).collect();
        let is_own = |name: &str| own.iter().any(|own| own.eq_ignore_ascii_case(name));
        if names
            .iter()
            .any(|name| name.strip_prefix('!').is_some_and(is_own))
        {
            return false;
        }
        names
            .iter()
            .any(|name| name.starts_with('!') || *name == "all" || is_own(name))
    }

    /// Ends the part that runs up, cutting out a delimiter that is not SQL's own.
    fn close(&mut self, text: &str, end: usize) {
        let part = Span::new(self.start, end);
        match &self.delimiter {
            None => push_part(&mut self.up, text, part),
            Some(delimiter) => {
                let (mut start, mut at) = (part.start, part.start);
                for line in part.of(text).split_inclusive('\n') {
                    if let Some(code) = line.trim_end().strip_suffix(delimiter.as_str()) {
                        push_part(&mut self.up, text, Span::new(start, at + code.len()));
                        start = at + line.len();
                    }
                    at += line.len();
                }
                push_part(&mut self.up, text, Span::new(start, part.end));
            }
        }
    }

    fn into_migration(self, file: &File<'_>) -> Result<Migration, FolderError> {
        let mut migration = file.migration(&self.id, "")?;
        migration.up = self.up;
        migration.down = (!self.down.is_empty()).then_some(Down::Parts(self.down));
        let off = attribute(&self.attributes, "runInTransaction")
            .is_some_and(|value| value.eq_ignore_ascii_case("false"));
        migration.transaction = if off {
            TransactionMode::None
        } else {
            TransactionMode::File
        };
        Ok(migration)
    }
}

fn push_part(parts: &mut Vec<Span>, text: &str, part: Span) {
    if !part.of(text).trim().is_empty() {
        parts.push(part);
    }
}

/// What is passed over while reading a changeset.
#[derive(Clone, Copy)]
enum Skip<'t> {
    Nothing,
    /// So many more lines.
    Lines(usize),
    /// Up to `--ignoreLines:end`; it began at this line.
    UntilEnd(Line<'t>),
    /// A `/* liquibase rollback … */` block that began at this line.
    Rollback(Line<'t>),
}

/// Reads one file line by line.
struct Changelog<'f, 't> {
    file: &'f File<'t>,
    text: &'t str,
    sets: Vec<Changeset>,
    skip: Skip<'t>,
}

fn changesets(file: &File<'_>) -> Result<Vec<Changeset>, FolderError> {
    let text = file.text()?;
    let mut log = Changelog {
        file,
        text,
        sets: Vec::new(),
        skip: Skip::Nothing,
    };
    for line in sections::lines(text) {
        log.take(line)?;
    }
    match log.skip {
        Skip::Nothing | Skip::Lines(_) => {}
        Skip::UntilEnd(line) => {
            let help = "add `--ignoreLines:end` after the last line to ignore";
            return Err(line.bad_marker(file, "`--ignoreLines:start` is never ended", help));
        }
        Skip::Rollback(line) => {
            let help = "end the comment with `*/`";
            return Err(line.bad_marker(file, "`/* liquibase rollback` is never ended", help));
        }
    }
    log.close_at(text.len());
    Ok(log.sets)
}

impl<'t> Changelog<'_, 't> {
    fn take(&mut self, line: Line<'t>) -> Result<(), FolderError> {
        let comment = comment(line.text);
        match self.skip {
            Skip::Nothing => self.read(line, comment)?,
            Skip::Lines(left) => {
                self.skip = if left > 1 {
                    Skip::Lines(left - 1)
                } else {
                    Skip::Nothing
                };
                self.go_on_at(line.next);
            }
            Skip::UntilEnd(_) => {
                if comment.is_some_and(|comment| after_word(comment, "ignoreLines:end").is_some()) {
                    self.skip = Skip::Nothing;
                }
                self.go_on_at(line.next);
            }
            Skip::Rollback(begun) => {
                if let Some(at) = line.text.find("*/") {
                    self.skip = Skip::Nothing;
                    self.add_rollback(Span::new(begun.next, line.start + at));
                    self.go_on_at(line.next);
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, line: Line<'t>, comment: Option<&str>) -> Result<(), FolderError> {
        if is_rollback_block(line.text) {
            self.close_at(line.start);
            self.skip = Skip::Rollback(line);
        }
        let Some(comment) = comment else {
            return Ok(());
        };
        if let Some(rest) = word(comment, "changeset") {
            self.close_at(line.start);
            self.sets.push(changeset(self.file, &line, rest)?);
        } else if let Some(count) = after_word(comment, "ignoreLines:") {
            self.close_at(line.start);
            self.go_on_at(line.next);
            self.skip = match count.trim().parse() {
                Ok(0) => Skip::Nothing,
                Ok(count) => Skip::Lines(count),
                Err(_) => Skip::UntilEnd(line),
            };
        } else if let Some(rest) = word(comment, "rollback") {
            let rest = rest.trim_start();
            let says_none = ["", "empty", "not required"];
            if !says_none.contains(&rest.trim_end().to_ascii_lowercase().as_str()) {
                let end = line.start + line.text.len();
                self.add_rollback(Span::new(end - rest.len(), end));
            }
            // MySQL takes `--` for a comment only with a blank behind it: to it the line would be a statement.
            self.close_at(line.start);
            self.go_on_at(line.next);
        }
        Ok(())
    }

    fn close_at(&mut self, end: usize) {
        if let Some(set) = self.sets.last_mut() {
            set.close(self.text, end);
        }
    }

    fn go_on_at(&mut self, start: usize) {
        if let Some(set) = self.sets.last_mut() {
            set.start = start;
        }
    }

    fn add_rollback(&mut self, part: Span) {
        if let Some(set) = self.sets.last_mut() {
            push_part(&mut set.down, self.text, part);
        }
    }
}

/// Reads `author:id attributes…` of a changeset that starts at this line.
fn changeset(file: &File<'_>, line: &Line<'_>, rest: &str) -> Result<Changeset, FolderError> {
    let wrong = || {
        let problem = "this changeset has no author and id";
        line.bad_marker(file, problem, "write it as `--changeset author:id`")
    };
    let (author, rest) = quoted_or(rest.trim_start(), |text| text.find(':')).ok_or_else(wrong)?;
    let rest = rest
        .trim_start()
        .strip_prefix(':')
        .ok_or_else(wrong)?
        .trim_start();
    let (id, attributes) = quoted_or(rest, |text| {
        Some(text.find(char::is_whitespace).unwrap_or(text.len()))
    })
    .ok_or_else(wrong)?;
    let (author, id) = (author.trim(), id.trim());
    if author.is_empty() || id.is_empty() {
        return Err(wrong());
    }
    let delimiter = attribute(attributes, "endDelimiter")
        .filter(|delimiter| !delimiter.is_empty() && *delimiter != ";")
        .map(|delimiter| delimiter.trim_start_matches("\\n").to_owned())
        .filter(|delimiter| !delimiter.is_empty());
    Ok(Changeset {
        id: format!("{author}:{id}"),
        attributes: attributes.to_owned(),
        delimiter,
        start: line.next,
        up: Vec::new(),
        down: Vec::new(),
    })
}

/// A quoted word, or the text up to the place that `end` finds; and what follows.
fn quoted_or(text: &str, end: impl Fn(&str) -> Option<usize>) -> Option<(&str, &str)> {
    match text.strip_prefix('"') {
        Some(rest) => rest.split_once('"'),
        None => end(text).map(|at| text.split_at(at)),
    }
}

/// The value of `name:value`; a value in quotes may hold blanks.
fn attribute<'t>(attributes: &'t str, name: &str) -> Option<&'t str> {
    let lower = attributes.to_ascii_lowercase();
    let key = format!("{}:", name.to_ascii_lowercase());
    let at = lower.match_indices(&key).map(|(at, _)| at).find(|at| {
        lower[..*at]
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace)
    })?;
    let value = &attributes[at + key.len()..];
    match value.strip_prefix('"') {
        Some(value) => value.split('"').next(),
        None => value.split_whitespace().next(),
    }
}

/// Author and id of a line `--changeset author:id …`, as they are written.
fn author_and_id(line: &str) -> Option<(&str, &str)> {
    let (author, rest) = word(comment(line)?, "changeset")?.trim().split_once(':')?;
    let id = rest.split_whitespace().next()?;
    let plain = !author.contains('"') && !id.contains('"');
    plain.then_some((author, id))
}

/// What follows `--`, without blanks.
fn comment(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("--").map(str::trim_start)
}

/// What follows this word, which must end there.
fn word<'t>(comment: &'t str, word: &str) -> Option<&'t str> {
    after_word(comment, word)
        .filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn is_rollback_block(line: &str) -> bool {
    line.trim()
        .strip_prefix("/*")
        .and_then(|rest| after_word(rest.trim_start(), "liquibase"))
        .and_then(|rest| after_word(rest.trim(), "rollback"))
        .is_some_and(str::is_empty)
}

/// A way back as Liquibase reads it: a comment before each of its lines. One that is there and does nothing is
/// not the same as none.
fn rollback(down: Option<&str>) -> String {
    let mut comments = String::new();
    for line in down.unwrap_or("SELECT 1;").lines() {
        if !line.trim().is_empty() {
            comments.push_str("--rollback ");
            comments.push_str(line);
            comments.push('\n');
        }
    }
    comments
}
