//! The phases of a folder, in every format that suits them.

use super::{Format, Paint, ReviewedFile, human, json, markdown};

/// The phases as text; `None` where the format does not suit them.
pub fn classify(files: &[ReviewedFile<'_>], format: Format, paint: Paint) -> Option<String> {
    Some(match format {
        Format::Human => human::classify(files, paint),
        Format::Json => json::classify(files),
        Format::Markdown => markdown::classify(files),
        Format::Github | Format::Gitlab | Format::Sarif | Format::Junit => return None,
    })
}
