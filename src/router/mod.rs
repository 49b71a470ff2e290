//! Where traffic goes: asked and told. One file a driver.

mod file;

pub use file::File;

use crate::gate::Observed;

/// A router, as far as a cutover needs it: it can be read back, and it can be pointed at a slot.
pub trait Router {
    /// Where it sends traffic now.
    fn observe(&self) -> Observed;

    /// Sends all traffic to a slot.
    ///
    /// # Errors
    /// When it did not take the order; [`Self::observe`] tells what became of it.
    fn point(&self, slot: &str) -> std::io::Result<()>;
}
