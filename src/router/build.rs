//! From what the configuration says to a driver.

use std::path::Path;

use super::{File, Router};
use crate::config::Driver;

/// The driver that is configured; paths begin at `folder`, where the configuration is.
pub fn build(driver: &Driver, folder: &Path) -> Box<dyn Router> {
    match driver {
        Driver::File { file } => Box::new(File::at(folder.join(file))),
    }
}
