//! A folder's files as values, so that reading a layout needs no disk.

/// Everything below a migration folder that a layout may look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The files, sorted by path.
    pub entries: Vec<Entry>,
}

/// One file of a [`Tree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the folder, with `/` on every system.
    pub path: String,
    /// What it holds.
    pub content: Content,
}

/// What a file holds, or why that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The text, unchanged: a byte order mark and `\r\n` are still there.
    Text(String),
    /// Not read, because its name alone tells enough: a `.go` or `.java` migration, a snapshot.
    NameOnly,
    /// Not UTF-8; the offset in bytes of the first wrong byte.
    NotUtf8 {
        /// Bytes before the first wrong one.
        offset: usize,
    },
    /// It could not be read.
    Unreadable {
        /// The system's words.
        reason: String,
    },
}

impl Tree {
    /// A tree of these files, sorted by path.
    pub fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Self { entries }
    }

    /// Whether a layout reads the content of a file of this name; of all others the name is enough.
    pub fn wants_content(path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let extension = name
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let tool_file = matches!(
            name,
            "atlas.sum" | "metadata.toml" | "migration_lock.toml" | "_journal.json"
        );
        tool_file || extension == "sql" || name.to_ascii_lowercase().ends_with(".sql.conf")
    }
}

impl Entry {
    /// A file that holds this text.
    pub fn of_text(path: String, text: String) -> Self {
        Self {
            path,
            content: Content::Text(text),
        }
    }

    /// A file of these bytes, which need not be UTF-8.
    pub fn from_bytes(path: String, bytes: Vec<u8>) -> Self {
        let content = match String::from_utf8(bytes) {
            Ok(text) => Content::Text(text),
            Err(error) => Content::NotUtf8 {
                offset: error.utf8_error().valid_up_to(),
            },
        };
        Self { path, content }
    }
}
