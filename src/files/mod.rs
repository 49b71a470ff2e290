//! The edge to the disk and to git: makes the trees that `folder` reads. Nothing here writes.

mod disk;
mod git;

pub use disk::{DiskError, read_file, read_stdin, read_tree};
pub use git::{ChangedFile, GitError, Repository};
