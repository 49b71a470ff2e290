//! What the guard of the database has to hold for a release.

use super::{Columns, Relied, Uses};
use crate::guard;
use crate::model::{Ident, Name};

impl Uses {
    /// The same in the guard's terms, which are coarser: never less.
    pub fn pins(&self) -> guard::Uses {
        match self {
            Self::Everything { .. } => guard::Uses::default(),
            Self::Only(relied) => guard::Uses {
                tables: Some(pins(relied)),
                others: relied.unseen,
                ..guard::Uses::default()
            },
        }
    }
}

fn pins(relied: &Relied) -> Vec<guard::Use> {
    let relations = relied.relations().map(|(name, reliance)| {
        let mut pin = guard::Use::whole(name);
        match &reliance.columns {
            Columns::Listed(columns) if !relied.has_word(name) => pin = pin.columns(columns),
            _ => {}
        }
        if !reliance.writes {
            pin = pin.read_only();
        }
        pin
    });
    let words = relied
        .words()
        .map(|word: &Ident| guard::Use::whole(&Name::bare(word.clone())));
    let named = relied
        .types()
        .chain(relied.routines())
        .chain(relied.sequences());
    words
        .chain(relations)
        .chain(named.map(guard::Use::whole))
        .collect()
}
