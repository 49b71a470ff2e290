//! One fix on paper: the files as they would be.

use crate::folder::{Addition, Content, Entry, Folder, Tree, add, leave_transaction};
use crate::model::{Apart, Edit, Finding, Fix, Migration, MigrationKind, Span};
use crate::review::Standing;

use super::edit::{apply, whole_lines, with_line_ends_of};
use super::{Fixed, History, Key, Work, relative};

/// How a statement that cannot stay in its transaction gets out of it; for all other fixes there is one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The whole file leaves the transaction, by the runner's own mark.
    InPlace,
    /// The statement moves into a new migration.
    Moved,
}

impl Way {
    /// The ways to try, in this order.
    pub(super) fn of(finding: &Finding) -> &'static [Self] {
        match finding.fix.as_ref().map(|fix| &fix.apart) {
            Some(Some(apart)) if apart.outside => &[Self::InPlace, Self::Moved],
            Some(Some(_)) => &[Self::Moved],
            _ => &[Self::InPlace],
        }
    }

    pub(super) fn may_add_files(finding: &Finding) -> bool {
        let fix = finding.fix.as_ref();
        fix.is_some_and(|fix| fix.follow_up.is_some() || fix.apart.is_some())
    }
}

/// A fix that has been worked out and not been proved yet.
pub(super) struct Attempt {
    pub(super) key: Key,
    pub(super) fixed: Fixed,
    /// The files that it edits and adds, with their whole text.
    pub(super) entries: Vec<Entry>,
}

impl Attempt {
    pub(super) fn adds_files(&self) -> bool {
        !self.fixed.added.is_empty()
    }
}

/// The tree with these files in it, instead of those of the same name.
pub(super) fn overlaid<'e>(tree: &Tree, entries: impl IntoIterator<Item = &'e Entry>) -> Tree {
    let mut all = tree.entries.clone();
    for entry in entries {
        match all.iter_mut().find(|held| held.path == entry.path) {
            Some(held) => held.content = entry.content.clone(),
            None => all.push(entry.clone()),
        }
    }
    Tree::new(all)
}

/// A migration that a fix adds.
struct Wanted {
    name: String,
    sql: String,
    outside: bool,
}

impl Work<'_> {
    /// Works a fix out.
    ///
    /// # Errors
    /// Why it cannot be done in this way, as a clause.
    pub(super) fn attempt(
        &self,
        migration: &Migration,
        finding: &Finding,
        way: Way,
    ) -> Result<Attempt, String> {
        let fix = finding.fix.as_ref().ok_or("it has no fix")?;
        let mut edits = fix.edits.clone();
        let mut files = Vec::new();
        let mut wanted = Vec::new();
        match (&fix.apart, way) {
            (None, _) => {}
            (Some(apart), Way::InPlace) => {
                if !apart.with_file {
                    return Err("other statements of its file need the transaction".to_owned());
                }
                let state = &self.state;
                let leave =
                    leave_transaction(&state.tree, &state.folder, self.dialect(), migration)
                        .map_err(|manual| manual.to_string())?;
                edits.extend(leave.edits);
                files = leave.files;
            }
            (Some(apart), Way::Moved) => {
                let moved = self.moved(migration, fix, apart)?;
                edits = moved.0;
                wanted.push(moved.1);
            }
        }
        wanted.extend(fix.follow_up.iter().map(|follow_up| Wanted {
            name: follow_up.name.clone(),
            sql: follow_up.sql.clone(),
            outside: false,
        }));
        let text = apply(&migration.text, &edits);
        files.push(Entry::of_text(migration.file.clone(), text));
        let mut added: Vec<String> = Vec::new();
        if !wanted.is_empty() {
            let (entries, names) = self.grown(migration, files, &wanted)?;
            files = entries;
            added = names;
        }
        Ok(Attempt {
            key: Key::of(migration, finding),
            fixed: Fixed {
                file: migration.file.clone(),
                rule: finding.rule,
                title: title(fix, way),
                added,
            },
            entries: files,
        })
    }

    /// The edits that are left to the file, and the migration that its statement becomes.
    fn moved(
        &self,
        migration: &Migration,
        fix: &Fix,
        apart: &Apart,
    ) -> Result<(Vec<Edit>, Wanted), String> {
        let name = apart.moves_as.as_ref().ok_or(
            "a later statement of its file may rely on it, so it cannot move to a new migration",
        )?;
        if !self.has_company(migration, apart.statement) {
            return Err("it is the only statement there".to_owned());
        }
        let (inner, mut edits): (Vec<_>, Vec<_>) = fix
            .edits
            .iter()
            .cloned()
            .partition(|edit| apart.statement.contains(edit.span));
        let inner: Vec<_> = inner
            .into_iter()
            .map(|edit| Edit {
                span: relative(edit.span, apart.statement),
                ..edit
            })
            .collect();
        let text = &migration.text;
        let statement = apply(apart.statement.of(text), &inner);
        let comments = apart.comments.of(text).trim();
        let gap = if comments.is_empty() { "" } else { "\n" };
        let whole = if apart.comments.is_empty() {
            apart.statement
        } else {
            apart.comments.to(apart.statement)
        };
        edits.push(Edit {
            span: whole_lines(text, whole),
            text: String::new(),
        });
        Ok((
            edits,
            Wanted {
                name: name.clone(),
                sql: format!("{comments}{gap}{statement};\n"),
                outside: apart.outside,
            },
        ))
    }

    /// Whether another statement stands in the same part of the file: some tools do not take an empty part.
    fn has_company(&self, migration: &Migration, statement: Span) -> bool {
        let reviewed = self.state.reviewed.iter().find(|reviewed| {
            let one = &self.state.folder.migrations[reviewed.index];
            one.id == migration.id && one.file == migration.file
        });
        let part = migration.up.iter().find(|part| part.contains(statement));
        reviewed.zip(part).is_some_and(|(reviewed, part)| {
            let statements = reviewed.script.statements.iter();
            statements.filter(|one| part.contains(one.span)).count() > 1
        })
    }

    /// The files with new migrations right after `migration`, and the names of the new ones.
    fn grown(
        &self,
        migration: &Migration,
        edited: Vec<Entry>,
        wanted: &[Wanted],
    ) -> Result<(Vec<Entry>, Vec<String>), String> {
        self.may_follow(migration)?;
        let mut entries = edited;
        let mut names = Vec::new();
        let mut after = self.last_added_after(migration);
        for one in wanted {
            let tree = overlaid(&self.state.tree, &entries);
            let folder = self.read(&tree).map_err(|error| error.to_string())?;
            let at = place_of(&folder, &after.id, &after.file)
                .ok_or("its file would be read as another migration")?;
            let new = add(
                &tree,
                &folder,
                self.dialect(),
                &Addition {
                    after: &folder.migrations[at],
                    name: &file_name(&one.name),
                    sql: &one.sql,
                    down: None,
                    now: None,
                    outside_transaction: one.outside,
                },
            )
            .map_err(|manual| manual.to_string())?;
            let new: Vec<Entry> = new
                .into_iter()
                .map(|entry| in_fashion_of(&migration.text, &tree, entry))
                .collect();
            let not_free = format!(
                "a new migration right after `{}` needs a version that is not free, so it must be added by hand",
                after.file
            );
            // With a version that is taken the folder cannot be read, or the new one comes elsewhere.
            let Ok(grown) = self.read(&overlaid(&tree, &new)) else {
                return Err(not_free);
            };
            let is_one_more = grown.migrations.len() == folder.migrations.len() + 1;
            let is_new = |next: &Migration| place_of(&folder, &next.id, &next.file).is_none();
            let next = grown.migrations.into_iter().nth(at + 1);
            after = next
                .filter(|next| is_one_more && is_new(next))
                .ok_or(not_free)?;
            for entry in new {
                if !self
                    .state
                    .tree
                    .entries
                    .iter()
                    .any(|held| held.path == entry.path)
                {
                    names.push(entry.path.clone());
                }
                entries.retain(|held| held.path != entry.path);
                entries.push(entry);
            }
        }
        Ok((entries, names))
    }

    /// Whether a new migration may come right after this one: nothing that databases may have run comes later.
    fn may_follow(&self, migration: &Migration) -> Result<(), String> {
        if migration.kind == MigrationKind::Repeatable {
            return Err("a new migration cannot come after a repeatable one".to_owned());
        }
        let folder = &self.state.folder;
        let at = place_of(folder, &migration.id, &migration.file).unwrap_or(0);
        let known = self.history != History::Unknown;
        let applied = folder.migrations[at + 1..].iter().find(|later| {
            let released = self.standing.get(&later.file) == Some(&Standing::Released);
            later.kind == MigrationKind::Versioned
                && !self.added.contains(&later.file)
                && (released || !known)
        });
        match applied {
            Some(later) => Err(format!(
                "it needs a new migration right after it, and `{}`, which comes later, may have been applied already: \
                 do it by hand, or name the base with `--since`",
                later.file
            )),
            None => Ok(()),
        }
    }

    /// The last of the migrations that earlier fixes have put right after this one, or itself.
    fn last_added_after(&self, migration: &Migration) -> Migration {
        let folder = &self.state.folder;
        let at = place_of(folder, &migration.id, &migration.file).unwrap_or(0);
        let own = folder.migrations[at + 1..]
            .iter()
            .take_while(|later| self.added.contains(&later.file));
        own.last().unwrap_or(migration).clone()
    }
}

fn place_of(folder: &Folder, id: &str, file: &str) -> Option<usize> {
    let is_it = |one: &Migration| one.id == id && one.file == file;
    folder.migrations.iter().position(is_it)
}

/// A new file ends its lines as the file that it follows does.
fn in_fashion_of(text: &str, tree: &Tree, mut entry: Entry) -> Entry {
    let is_new = tree.entries.iter().all(|held| held.path != entry.path);
    if let Content::Text(new) = &mut entry.content
        && is_new
    {
        *new = with_line_ends_of(text, new);
    }
    entry
}

/// A name that every file system takes.
fn file_name(name: &str) -> String {
    const LONGEST: usize = 60;
    let plain = name.to_lowercase();
    let safe = plain
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    safe.take(LONGEST).collect()
}

fn title(fix: &Fix, way: Way) -> String {
    match (&fix.apart, way) {
        (None, _) => fix.title.clone(),
        (Some(_), Way::InPlace) => format!("{}, outside a transaction", fix.title),
        (Some(apart), Way::Moved) if apart.outside => {
            format!("{}, in a new migration outside a transaction", fix.title)
        }
        (Some(_), Way::Moved) => format!("{}, in a new migration", fix.title),
    }
}
