//! What views show: their columns, and of what types these are.

use std::collections::HashSet;

use super::Schema;
use crate::model::{
    CreateView, DataType, Dialect, Ident, Name, Origin, Shown, TypeShape, Unqualified,
};

/// Larger ones are left unknown: views that use one another's columns twice would soon fill the memory.
const LARGEST: usize = 512;

impl Schema {
    /// The columns that a view shows, or would show if it were created now, where that can be told.
    pub fn columns_of(&self, view: &CreateView) -> Option<Vec<Ident>> {
        if view.columns.is_some() {
            return view.columns.clone();
        }
        let items = self.items_of(view)?;
        Some(items.into_iter().map(|(name, _)| name).collect())
    }

    /// The columns that a view shows, each with what decides its type, if text and picture tell them all.
    pub fn items_of(&self, view: &CreateView) -> Option<Vec<(Ident, Origin)>> {
        let mut items: Vec<(Ident, Origin)> = Vec::new();
        for shown in view.shows.as_ref()? {
            match shown {
                Shown::Column(name, origin) => items.push((name.clone(), self.resolve(origin))),
                Shown::AllOf(of) => items.extend(self.all_of(of)?),
            }
        }
        // `JOIN … USING (id)` makes one column of two that `*` would show.
        let mut merged: Vec<(Ident, Origin)> = Vec::with_capacity(items.len());
        for (name, origin) in items {
            match merged.iter_mut().find(|(other, _)| *other == name) {
                Some((_, held)) if *held != origin => {
                    *held = Origin::Common(vec![held.clone(), origin]);
                }
                Some(_) => {}
                None => merged.push((name, origin)),
            }
        }
        // `CREATE VIEW v (a, b)` names them anew.
        if let Some(listed) = &view.columns {
            (listed.len() == merged.len()).then_some(())?;
            for (item, name) in merged.iter_mut().zip(listed) {
                item.0 = name.clone();
            }
        }
        Some(merged)
    }

    /// The columns of a table or view, if all are known.
    fn all_of(&self, relation: &Name) -> Option<Vec<(Ident, Origin)>> {
        match (self.table(relation), self.view(relation)) {
            (Some(table), _) if table.complete => {
                let columns = table.columns.iter().map(|column| &column.def.name);
                let origin = |column: &Ident| Origin::Column(relation.clone(), column.clone());
                Some(columns.map(|name| (name.clone(), origin(name))).collect())
            }
            // Of a materialized view with an index the picture has a table too, of which it knows no column.
            (_, Some(view)) => {
                let shown = view.shows.as_ref()?.iter().map(|shown| match shown {
                    Shown::Column(name, origin) => Some((name.clone(), origin.clone())),
                    Shown::AllOf(_) => None,
                });
                shown.collect()
            }
            _ => None,
        }
    }

    /// Whether a column of `one` origin here and one of the `other` in `later` certainly have the same type.
    pub fn have_same_type(&self, one: &Origin, later: &Self, other: &Origin) -> bool {
        let all_alike = |ones: &[Origin], others: &[Origin]| {
            ones.len() == others.len()
                && ones
                    .iter()
                    .zip(others)
                    .all(|(one, other)| self.have_same_type(one, later, other))
        };
        let alike = match (one, other) {
            (Origin::Column(..), Origin::Column(..)) => one == other,
            (Origin::Common(ones), Origin::Common(others)) => all_alike(ones, others),
            (Origin::Applied(does, ones), Origin::Applied(did, others)) => {
                does == did && all_alike(ones, others)
            }
            _ => false,
        };
        alike
            || self
                .type_of(one)
                .is_some_and(|data_type| later.type_of(other) == Some(data_type))
    }

    /// The type of a column of this origin, if text and picture tell it.
    fn type_of(&self, origin: &Origin) -> Option<DataType> {
        match origin {
            Origin::Column(table, column) => self.column(table, column)?.def.data_type.clone(),
            Origin::Type(data_type) => Some(data_type.clone()),
            // PostgreSQL manual, section 10.6: what is left of unknown type is text.
            Origin::Untyped => {
                (self.dialect() == Dialect::Postgres).then(|| DataType::named("text"))
            }
            Origin::Common(parts) => self.common_type(parts),
            Origin::Applied(operation, parts) => self.applied_type(operation, parts),
            Origin::Unqualified(_) | Origin::Unknown => None,
        }
    }

    /// What an operator or function makes of these types (PostgreSQL manual, sections 9.3, 9.18 and 9.21).
    fn applied_type(&self, operation: &str, parts: &[Origin]) -> Option<DataType> {
        const NUMBERS: &[&str] = &["smallint", "integer", "bigint", "numeric"];
        if let Some(made) = self.made_by_routine(operation) {
            return Some(made);
        }
        if self.dialect() != Dialect::Postgres {
            return None;
        }
        // Operators and aggregates know neither domains nor limits, and of the strings only `text`.
        let plain = |part: &Origin| {
            let data_type = self.without_limit(&self.type_of(part)?)?;
            let is_string = data_type.name == "varchar" && data_type.dimensions == 0;
            Some(if is_string {
                DataType::named("text")
            } else {
                data_type
            })
        };
        let is_number = |data_type: &DataType| {
            *data_type == DataType::named(&data_type.name)
                && NUMBERS.contains(&data_type.name.as_str())
        };
        match (operation, parts) {
            ("nullif", [first, _]) | ("min" | "max", [first]) => plain(first),
            ("sum", [only]) => Some(DataType::named(match plain(only)?.to_string().as_str() {
                "smallint" | "integer" => "bigint",
                "bigint" | "numeric" => "numeric",
                _ => return None,
            })),
            ("avg", [only]) => plain(only)
                .filter(is_number)
                .map(|_| DataType::named("numeric")),
            ("+" | "-" | "*" | "/", [left, right]) => {
                let left = plain(left).filter(is_number)?;
                (plain(right)? == left).then_some(left)
            }
            _ => None,
        }
    }

    /// What the one routine of this name returns, if the folder made it.
    fn made_by_routine(&self, called: &str) -> Option<DataType> {
        let named = |name: &&Name| name.to_string() == called;
        let name = self.routines.keys().find(named)?;
        let mut overloads = self.routines(name);
        let returns = overloads.next()?.returns.as_deref()?;
        let is_name = returns
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        (overloads.next().is_none() && is_name).then(|| DataType::named(returns))
    }

    /// PostgreSQL manual, section 10.5: of the same types the same; where they differ, or one is of unknown type, domains
    /// count as what they stand on, and a limit of length or precision is lost.
    fn common_type(&self, parts: &[Origin]) -> Option<DataType> {
        let known = parts.iter().filter(|part| **part != Origin::Untyped);
        let types: Vec<DataType> = known
            .map(|part| self.type_of(part))
            .collect::<Option<_>>()?;
        let (first, rest) = types.split_first()?;
        let all_typed = types.len() == parts.len();
        if all_typed && rest.iter().all(|data_type| data_type == first) {
            return Some(first.clone());
        }
        if self.dialect() != Dialect::Postgres {
            return None;
        }
        let mut without_limits = types.iter().map(|data_type| self.without_limit(data_type));
        let first = without_limits.next()??;
        without_limits
            .all(|data_type| data_type.as_ref() == Some(&first))
            .then_some(first)
    }

    fn without_limit(&self, data_type: &DataType) -> Option<DataType> {
        let beneath = match self.shape_of(data_type) {
            Some(TypeShape::Domain { base, .. }) if data_type.dimensions == 0 => base,
            _ => data_type,
        };
        if !beneath.args.is_empty() && !matches!(beneath.name.as_str(), "varchar" | "numeric") {
            return None;
        }
        // A `char` without a length has the length one, which is lost too.
        (beneath.name != "char").then(|| DataType {
            args: Vec::new(),
            ..beneath.clone()
        })
    }

    /// The origin in terms of tables, as far as the picture tells: views in between are looked through.
    fn resolve(&self, origin: &Origin) -> Origin {
        let resolved = self.looked_through(origin);
        if resolved.size() > LARGEST {
            return Origin::Unknown;
        }
        resolved
    }

    fn looked_through(&self, origin: &Origin) -> Origin {
        let each = |parts: &[Origin]| parts.iter().map(|part| self.resolve(part)).collect();
        match origin {
            Origin::Column(relation, column) => self
                .in_view(relation, column)
                .unwrap_or_else(|| origin.clone()),
            Origin::Unqualified(found) => self.qualify(found),
            Origin::Common(parts) => Origin::Common(each(parts)),
            Origin::Applied(operation, parts) => Origin::Applied(operation.clone(), each(parts)),
            Origin::Type(_) | Origin::Untyped | Origin::Unknown => origin.clone(),
        }
    }

    fn in_view(&self, relation: &Name, column: &Ident) -> Option<Origin> {
        self.view(relation)?;
        let items = self.all_of(relation).unwrap_or_default();
        let found = items.into_iter().find(|(name, _)| name == column);
        Some(found.map_or(Origin::Unknown, |(_, origin)| origin))
    }

    fn qualify(&self, found: &Unqualified) -> Origin {
        let Unqualified {
            column,
            levels,
            otherwise,
        } = found;
        for level in levels {
            let mut holders = level.iter().filter(|name| self.has(name, column));
            if let Some(holder) = holders.next() {
                // A second one can only be the other side of `JOIN … USING`.
                let origin = |name: &Name| Origin::Column(name.clone(), column.clone());
                let all: Vec<Origin> = std::iter::once(holder)
                    .chain(holders)
                    .map(|name| self.resolve(&origin(name)))
                    .collect();
                return match all.as_slice() {
                    [only] => only.clone(),
                    _ => Origin::Common(all),
                };
            }
            if !level.iter().all(|name| self.all_of(name).is_some()) {
                return Origin::Unknown;
            }
        }
        self.resolve(otherwise)
    }

    fn has(&self, relation: &Name, column: &Ident) -> bool {
        self.column(relation, column).is_some()
            || self
                .all_of(relation)
                .is_some_and(|items| items.iter().any(|(name, _)| name == column))
    }

    /// Takes out what may have become something else.
    pub(crate) fn forget(&mut self, relation: &Name) {
        self.tables.remove(relation);
        self.views.remove(relation);
    }

    /// Views follow what they read when it is renamed (PostgreSQL keeps them by number, not by text).
    pub(super) fn follow_in_views(&mut self, renamed: &dyn Fn(&mut Name, &mut Ident)) {
        for (view, _) in self.views.values_mut() {
            for shown in view.shows.iter_mut().flatten() {
                if let Shown::Column(_, origin) = shown {
                    follow(origin, renamed);
                }
            }
        }
    }

    /// The same picture reduced to these relations and what their views read: cheap to try statements out on.
    #[must_use]
    pub fn only_relations(&self, names: impl IntoIterator<Item = Name>) -> Self {
        let mut part = self.only_tables([]);
        let mut wanted: Vec<Name> = names.into_iter().collect();
        let mut seen = HashSet::new();
        while let Some(name) = wanted.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            part.take_table(&name, self);
            if let Some(held) = self.views.get(&name) {
                wanted.extend(held.0.reads.iter().cloned());
                part.views.insert(name, held.clone());
            }
        }
        part.types.clone_from(&self.types);
        part.routines.clone_from(&self.routines);
        part
    }
}

fn follow(origin: &mut Origin, renamed: &dyn Fn(&mut Name, &mut Ident)) {
    match origin {
        Origin::Column(relation, column) => renamed(relation, column),
        Origin::Common(parts) | Origin::Applied(_, parts) => {
            for part in parts {
                follow(part, renamed);
            }
        }
        Origin::Unqualified(_) | Origin::Type(_) | Origin::Untyped | Origin::Unknown => {}
    }
}
