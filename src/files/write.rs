//! Writing several files so that none is ever half written, and none is lost when one cannot be.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub path: PathBuf,
    /// What it holds now, as it was read; `None` for a file that must not be there yet.
    pub before: Option<String>,
    /// What it shall hold.
    pub text: String,
}

/// Why files were not written, and which of them were.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The file is not what it was when it was read.
    #[error("`{}` was changed meanwhile; nothing was written, run it again", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The system refused before anything was written.
    #[error("cannot write `{}`: {source}; nothing was written", .path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The system refused when some files had been written.
    #[error("cannot write `{}`: {source}; written before it: {}", .path.display(), listed(.written))]
    Partly {
        /// The file.
        path: PathBuf,
        /// The files that hold their new text.
        written: Vec<PathBuf>,
        /// The system's words.
        source: io::Error,
    },
}

/// Writes all of these files: each into a new file beside it first, and only when all are on the disk do they
/// take their places, one after the other. Permissions are kept; a symbolic link stays one.
///
/// # Errors
/// When a file was changed since it was read, or the system refuses; the error says what was written.
pub fn write_all(writes: &[Write]) -> Result<(), WriteError> {
    let mut ready = Vec::new();
    let mut folders = NewFolders::default();
    for write in writes {
        let staged = unchanged(write).and_then(|()| {
            stage(write, &mut folders).map_err(|source| WriteError::Nothing {
                path: write.path.clone(),
                source,
            })
        });
        match staged {
            Ok(staged) => ready.push(staged),
            Err(error) => {
                drop(ready);
                folders.take_back();
                return Err(error);
            }
        }
    }
    let mut written = Vec::new();
    for (write, staged) in writes.iter().zip(ready) {
        if let Err(source) = staged.take_place() {
            let path = write.path.clone();
            return Err(if written.is_empty() {
                folders.take_back();
                WriteError::Nothing { path, source }
            } else {
                WriteError::Partly {
                    path,
                    written,
                    source,
                }
            });
        }
        written.push(write.path.clone());
    }
    Ok(())
}

/// Removes files that hold what they held when they were read.
///
/// # Errors
/// When one of them was changed since, or the system refuses; those before it in the list are gone then.
pub fn remove_all(files: &[(PathBuf, String)]) -> Result<(), WriteError> {
    let mut removed = Vec::new();
    for (path, before) in files {
        unchanged(&Write {
            path: path.clone(),
            before: Some(before.clone()),
            text: String::new(),
        })?;
    }
    for (path, _) in files {
        fs::remove_file(path).map_err(|source| WriteError::Partly {
            path: path.clone(),
            written: removed.clone(),
            source,
        })?;
        removed.push(path.clone());
    }
    Ok(())
}

/// A text on the disk that waits for its place.
struct Staged {
    file: NamedTempFile,
    target: PathBuf,
    is_new: bool,
}

impl Staged {
    fn take_place(self) -> io::Result<()> {
        let persisted = if self.is_new {
            self.file.persist_noclobber(&self.target)
        } else {
            self.file.persist(&self.target)
        };
        persisted.map(|_| ()).map_err(|error| error.error)
    }
}

/// The folders that were made for new files, outermost first.
#[derive(Default)]
struct NewFolders(Vec<PathBuf>);

impl NewFolders {
    fn make(&mut self, folder: &Path) -> io::Result<()> {
        let missing: Vec<_> = folder
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
            .map(Path::to_owned)
            .collect();
        for path in missing.into_iter().rev() {
            fs::create_dir(&path)?;
            self.0.push(path);
        }
        Ok(())
    }

    /// Removes them again; one that is not empty holds somebody else's file, and stays.
    fn take_back(&self) {
        for folder in self.0.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn unchanged(write: &Write) -> Result<(), WriteError> {
    let is = fs::read(&write.path).ok();
    let was = write.before.as_ref().map(String::as_bytes);
    if is.as_deref() == was {
        Ok(())
    } else {
        Err(WriteError::Changed {
            path: write.path.clone(),
        })
    }
}

fn stage(write: &Write, folders: &mut NewFolders) -> io::Result<Staged> {
    let is_new = write.before.is_none();
    let target = if is_new {
        write.path.clone()
    } else {
        // Behind a symbolic link the file itself is replaced, not the link.
        fs::canonicalize(&write.path)?
    };
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    folders.make(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".bgmigrate-").suffix(".tmp");
    let permissions = if is_new {
        None
    } else {
        Some(fs::metadata(&target)?.permissions())
    };
    // A file that nobody may write is not written by way of its folder.
    if permissions.as_ref().is_some_and(fs::Permissions::readonly) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut file = if is_new {
        as_others_are_made(&mut builder).tempfile_in(folder)?
    } else {
        builder.tempfile_in(folder)?
    };
    file.write_all(write.text.as_bytes())?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    Ok(Staged {
        file,
        target,
        is_new,
    })
}

/// A new file is readable for others as far as the user's umask allows, as any editor's is.
#[cfg(unix)]
fn as_others_are_made<'b>(
    builder: &'b mut tempfile::Builder<'static, 'static>,
) -> &'b mut tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(fs::Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn as_others_are_made<'b>(
    builder: &'b mut tempfile::Builder<'static, 'static>,
) -> &'b mut tempfile::Builder<'static, 'static> {
    builder
}

fn listed(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: PathBuf, before: Option<&str>, text: &str) -> Write {
        Write {
            path,
            before: before.map(str::to_owned),
            text: text.to_owned(),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_replaced_and_new_ones_made_with_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("1.sql"), folder.path().join("2/up.sql"));
        fs::write(&old, "a").unwrap();
        write_all(&[
            write(old.clone(), Some("a"), "b"),
            write(new.clone(), None, "c"),
        ])
        .unwrap();
        assert_eq!(fs::read_to_string(old).unwrap(), "b");
        assert_eq!(fs::read_to_string(new).unwrap(), "c");
        assert_eq!(names(folder.path()), ["1.sql", "2"]);
    }

    #[test]
    fn when_one_cannot_be_written_every_file_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (old, changed) = (folder.path().join("1.sql"), folder.path().join("2.sql"));
        fs::write(&old, "a").unwrap();
        fs::write(&changed, "somebody else's").unwrap();
        let cases = [
            write(changed.clone(), Some("as it was read"), "b"),
            write(changed.clone(), None, "b"),
            write(old.join("below/a/file.sql"), None, "b"),
        ];
        for bad in cases {
            let made = write(folder.path().join("3/up.sql"), None, "c");
            let error = write_all(&[write(old.clone(), Some("a"), "b"), made, bad]).unwrap_err();
            assert!(error.to_string().contains("nothing was written"), "{error}");
            assert_eq!(fs::read_to_string(&old).unwrap(), "a");
            assert_eq!(names(folder.path()), ["1.sql", "2.sql"]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_kept_links_stay_links_and_what_is_read_only_stays() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("1.sql"), folder.path().join("link.sql"));
        fs::write(&file, "a").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("1.sql", &link).unwrap();
        write_all(&[write(link.clone(), Some("a"), "b")]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "b");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o640);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
        let error = write_all(&[write(file.clone(), Some("b"), "c")]).unwrap_err();
        assert!(matches!(error, WriteError::Nothing { .. }), "{error}");
        assert_eq!(
            (mode(&file), fs::read_to_string(&file).unwrap()),
            (0o440, "b".to_owned())
        );
    }
}
