//! The edge to the disk and to git: makes the trees that `folder` reads, and writes what a fix has edited.

mod disk;
mod git;
mod write;

pub use disk::{DiskError, is_folder, read_file, read_stdin, read_tree};
pub use git::{ChangedFile, GitError, Repository};
pub use write::{Write, WriteError, remove_all, write_all};
