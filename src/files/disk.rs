//! Trees and texts from the disk and from standard input.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::folder::{Content, Entry, Tree, conversion};
use crate::spread::spread;

/// A larger file is no migration that a person reviews, but a dump; it is reported as unreadable.
const LARGEST_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Deeper than any layout nests; what lies below is somebody's whole disk.
const DEEPEST: usize = 16;

/// More files than any migration folder has: the wrong folder was named.
const MOST_FILES: usize = 200_000;

/// Folders that are never part of a migration folder, and can be huge.
const SKIPPED_FOLDERS: [&str; 3] = ["node_modules", "target", "vendor"];

/// Why something could not be read from the disk. Each message names the path and the way out.
#[derive(Debug, Error)]
pub enum DiskError {
    /// There is nothing at this path.
    #[error("there is no `{}`; check the path, `dir` in bgmigrate.toml, or --dir", .path.display())]
    Missing {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A folder was expected.
    #[error("`{}` is a file, not a folder of migrations; name the folder that it lies in", .path.display())]
    NotAFolder {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A file was expected.
    #[error("`{}` is not a regular file", .path.display())]
    NotAFile {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot read `{}`: {source}", .path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A text that must be UTF-8 is not.
    #[error("`{}` is not UTF-8: the byte at offset {offset} fits no character; convert it, for example with `{}`", .path.display(), conversion(*.offset))]
    NotUtf8 {
        /// The path, or `-` for standard input.
        path: PathBuf,
        /// Bytes before the first wrong one.
        offset: usize,
    },
    /// The folder is far too large for one of migrations.
    #[error("`{}` holds more than {MOST_FILES} files, which is no folder of migrations; name the folder itself", .path.display())]
    TooLarge {
        /// The folder.
        path: PathBuf,
    },
}

/// Reads all that a layout may look at below `folder`.
///
/// Hidden files are passed over. Symbolic links are followed; a folder that was already read by another
/// way is not read again, so that a loop of links ends. A single file that cannot be read is no error
/// here: it is an entry that says so, since the layout may not need it.
///
/// # Errors
/// When the folder itself is missing, no folder, not readable, or far too large.
pub fn read_tree(folder: &Path) -> Result<Tree, DiskError> {
    let metadata = fs::metadata(folder).map_err(|source| failed(folder, source))?;
    if !metadata.is_dir() {
        return Err(DiskError::NotAFolder {
            path: folder.to_owned(),
        });
    }
    let mut walk = Walk {
        root: folder,
        found: Vec::new(),
        seen: HashSet::new(),
    };
    walk.folder(folder, "", 0)?;
    Ok(Tree::new(spread(&walk.found, SHARE, entry)))
}

/// Whether there is a folder at this path, and not a file.
///
/// # Errors
/// When there is neither, or the system does not tell.
pub fn is_folder(path: &Path) -> Result<bool, DiskError> {
    let metadata = fs::metadata(path).map_err(|source| failed(path, source))?;
    Ok(metadata.is_dir())
}

/// Reads one file as text.
///
/// # Errors
/// When it is missing, no regular file, not readable, or not UTF-8.
pub fn read_file(path: &Path) -> Result<String, DiskError> {
    let metadata = fs::metadata(path).map_err(|source| failed(path, source))?;
    if !metadata.is_file() {
        return Err(DiskError::NotAFile {
            path: path.to_owned(),
        });
    }
    let bytes = fs::read(path).map_err(|source| failed(path, source))?;
    text(path, bytes)
}

/// Reads standard input to its end as text.
///
/// # Errors
/// When it cannot be read or is not UTF-8; the path in the error is `-`.
pub fn read_stdin() -> Result<String, DiskError> {
    let path = Path::new("-");
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|source| failed(path, source))?;
    text(path, bytes)
}

/// Starting a thread takes about as long as reading this many files.
const SHARE: usize = 32;

struct Walk<'p> {
    root: &'p Path,
    found: Vec<Found>,
    seen: HashSet<PathBuf>,
}

/// A file that the walk came by, still unread.
struct Found {
    file: PathBuf,
    /// Its path in the tree.
    path: String,
    /// Whether it is a file. Of a link, whether it leads to one.
    kind: io::Result<FileType>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), DiskError> {
        let real = fs::canonicalize(folder).map_err(|source| failed(folder, source))?;
        if depth > DEEPEST || !self.seen.insert(real) {
            return Ok(());
        }
        let named = |entry: fs::DirEntry| (entry.file_name(), entry.file_type());
        let mut children: Vec<(OsString, io::Result<FileType>)> = fs::read_dir(folder)
            .and_then(|list| list.map(|entry| entry.map(named)).collect())
            .map_err(|source| failed(folder, source))?;
        // The order of the disk is random; with links, the order decides under which name a file is seen.
        children.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for (name, mut kind) in children {
            let child = folder.join(&name);
            // A name that is not UTF-8 is shown with replacement characters; no layout takes it anyway.
            let name = name.to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            let path = if prefix.is_empty() {
                name.clone().into_owned()
            } else {
                format!("{prefix}/{name}")
            };
            // The folder tells of everything but links what it is, and need not be asked again for each file.
            if kind.as_ref().is_ok_and(FileType::is_symlink) {
                kind = fs::metadata(&child).map(|metadata| metadata.file_type());
            }
            if kind.as_ref().is_ok_and(FileType::is_dir) {
                if !SKIPPED_FOLDERS.contains(&&*name) {
                    self.folder(&child, &path, depth + 1)?;
                }
                continue;
            }
            if self.found.len() == MOST_FILES {
                return Err(DiskError::TooLarge {
                    path: self.root.to_owned(),
                });
            }
            self.found.push(Found {
                file: child,
                path,
                kind,
            });
        }
        Ok(())
    }
}

fn entry(found: &Found) -> Entry {
    let path = found.path.clone();
    let kind = match &found.kind {
        Ok(kind) => kind,
        // A link that leads nowhere is an entry that cannot be read.
        Err(error) => return unreadable(path, error.to_string()),
    };
    if !Tree::wants_content(&path) {
        return Entry {
            path,
            content: Content::NameOnly,
        };
    }
    if !kind.is_file() {
        return unreadable(path, "it is not a regular file".to_owned());
    }
    match content(&found.file) {
        Ok(Ok(bytes)) => Entry::from_bytes(path, bytes),
        Ok(Err(TooLong { bytes })) => {
            let reason = format!("it has {bytes} bytes, more than {LARGEST_FILE_BYTES}");
            unreadable(path, reason)
        }
        Err(error) => unreadable(path, error.to_string()),
    }
}

/// A file that is longer than any migration.
struct TooLong {
    bytes: u64,
}

fn content(path: &Path) -> io::Result<Result<Vec<u8>, TooLong>> {
    let file = fs::File::open(path)?;
    let bytes = file.metadata()?.len();
    if bytes > LARGEST_FILE_BYTES {
        return Ok(Err(TooLong { bytes }));
    }
    let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
    // Through `take`, which does not ask for the length a second time.
    file.take(LARGEST_FILE_BYTES).read_to_end(&mut content)?;
    Ok(Ok(content))
}

fn unreadable(path: String, reason: String) -> Entry {
    Entry {
        path,
        content: Content::Unreadable { reason },
    }
}

fn failed(path: &Path, source: io::Error) -> DiskError {
    let path = path.to_owned();
    if source.kind() == io::ErrorKind::NotFound {
        DiskError::Missing { path }
    } else {
        DiskError::Unreadable { path, source }
    }
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, DiskError> {
    String::from_utf8(bytes).map_err(|error| DiskError::NotUtf8 {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    fn paths(tree: &Tree) -> Vec<&str> {
        tree.entries
            .iter()
            .map(|entry| entry.path.as_str())
            .collect()
    }

    #[test]
    fn a_tree_holds_relative_paths_in_order_without_hidden_files() {
        let folder = folder_with(&[
            ("b/1.sql", b"SELECT 1"),
            ("a.sql", b""),
            (".git/x.sql", b""),
            (".gitkeep", b""),
            ("node_modules/y.sql", b""),
            ("notes.md", b"text"),
        ]);
        let tree = read_tree(folder.path()).unwrap();
        assert_eq!(paths(&tree), ["a.sql", "b/1.sql", "notes.md"]);
        assert_eq!(
            tree.entries[1].content,
            Content::Text("SELECT 1".to_owned())
        );
        assert_eq!(tree.entries[2].content, Content::NameOnly);
    }

    #[test]
    fn bytes_that_are_no_text_are_told_with_their_offset() {
        let folder = folder_with(&[("1.sql", b"SELECT '\xff'")]);
        let tree = read_tree(folder.path()).unwrap();
        assert_eq!(tree.entries[0].content, Content::NotUtf8 { offset: 8 });
        let error = read_file(&folder.path().join("1.sql")).unwrap_err();
        assert!(
            matches!(error, DiskError::NotUtf8 { offset: 8, .. }),
            "{error}"
        );
    }

    #[test]
    fn what_is_missing_or_of_the_wrong_kind_is_said_with_its_path() {
        let folder = folder_with(&[("1.sql", b"")]);
        let missing = read_tree(&folder.path().join("none")).unwrap_err();
        assert!(
            missing.to_string().contains("/none`; check the path"),
            "{missing}"
        );
        let file = read_tree(&folder.path().join("1.sql")).unwrap_err();
        assert!(
            file.to_string().contains("is a file, not a folder"),
            "{file}"
        );
        let directory = read_file(folder.path()).unwrap_err();
        assert!(
            directory.to_string().contains("is not a regular file"),
            "{directory}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends_and_a_dead_link_is_an_unreadable_entry() {
        use std::os::unix::fs::symlink;
        let folder = folder_with(&[("a/1.sql", b"SELECT 1")]);
        symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        symlink("nowhere", folder.path().join("a/2.sql")).unwrap();
        let tree = read_tree(folder.path()).unwrap();
        assert_eq!(paths(&tree), ["a/1.sql", "a/2.sql"]);
        assert!(matches!(
            tree.entries[1].content,
            Content::Unreadable { .. }
        ));
    }
}
