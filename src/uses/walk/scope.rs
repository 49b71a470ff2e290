//! Which names mean which tables at one place of a query.

use sqlparser::ast::{Query, Select, SetExpr, TableAlias, TableFactor};

use crate::model::{Ident, Name};

/// The tables and the queries of WITH that one level of a query can name.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) sources: Vec<Source>,
    /// The queries of WITH that may be named here.
    pub(super) ctes: Vec<Ident>,
    /// Those that may be named once they have been read.
    pub(super) pending: Vec<(*const Query, Ident)>,
}

/// One item of FROM.
#[derive(Clone)]
pub(super) struct Source {
    /// What the query calls it.
    pub(super) called: Ident,
    /// The alias names its columns anew, so that they cannot be told by name.
    pub(super) renamed: bool,
    /// The table or view; `None` for a query, a function, or one of WITH.
    pub(super) relation: Option<Name>,
}

impl Source {
    pub(super) fn table(called: Ident, relation: &Name) -> Self {
        Self {
            called,
            renamed: false,
            relation: Some(relation.clone()),
        }
    }

    pub(super) const fn no_relation(called: Ident) -> Self {
        Self {
            called,
            renamed: false,
            relation: None,
        }
    }
}

impl Scope {
    /// One table under this name.
    pub(super) fn of(called: Ident, relation: &Name) -> Self {
        Self {
            sources: vec![Source::table(called, relation)],
            ..Self::default()
        }
    }

    /// The tables and views in it.
    pub(super) fn relations(&self) -> Vec<Name> {
        let relations = self.sources.iter();
        relations
            .filter_map(|source| source.relation.clone())
            .collect()
    }

    /// What is called by this name here, if anything is.
    pub(super) fn called(&self, name: &Ident) -> Option<Vec<Name>> {
        let mut sources = self
            .sources
            .iter()
            .filter(|source| source.called == *name)
            .peekable();
        sources.peek()?;
        Some(
            sources
                .filter_map(|source| source.relation.clone())
                .collect(),
        )
    }

    /// A query has been read: if it is one of WITH here, it may be named from now on.
    pub(super) fn complete(&mut self, query: &Query) {
        let found = self
            .pending
            .iter()
            .position(|(cte, _)| std::ptr::eq(*cte, query));
        if let Some(at) = found {
            let (_, name) = self.pending.swap_remove(at);
            self.ctes.push(name);
        }
    }
}

/// Every SELECT of a query's body, set operations taken apart.
pub(super) fn selects<'q>(body: &'q SetExpr, found: &mut Vec<&'q Select>) {
    match body {
        SetExpr::Select(select) => found.push(select),
        SetExpr::Query(query) => selects(&query.body, found),
        SetExpr::SetOperation { left, right, .. } => {
            selects(left, found);
            selects(right, found);
        }
        _ => {}
    }
}

/// The alias of an item of FROM.
pub(super) const fn alias(factor: &TableFactor) -> Option<&TableAlias> {
    match factor {
        TableFactor::Table { alias, .. }
        | TableFactor::Derived { alias, .. }
        | TableFactor::TableFunction { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::UNNEST { alias, .. }
        | TableFactor::JsonTable { alias, .. }
        | TableFactor::OpenJsonTable { alias, .. }
        | TableFactor::NestedJoin { alias, .. }
        | TableFactor::Pivot { alias, .. }
        | TableFactor::Unpivot { alias, .. }
        | TableFactor::MatchRecognize { alias, .. }
        | TableFactor::XmlTable { alias, .. }
        | TableFactor::SemanticView { alias, .. } => alias.as_ref(),
        TableFactor::UnpivotExpr { .. } => None,
    }
}
