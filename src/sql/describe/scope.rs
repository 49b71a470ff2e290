//! What the names in a query stand for.

use crate::model::{Dialect, Ident, Name, Origin, Shown, Unqualified};

/// The relations and common tables that a query sees, and those of the queries around it.
pub(super) struct Scope<'a> {
    pub(super) dialect: Dialect,
    /// What its `FROM` reads.
    pub(super) relations: Vec<Relation>,
    common_tables: Vec<(Ident, Source)>,
    outer: Option<&'a Scope<'a>>,
}

/// One relation of a `FROM`.
pub(super) struct Relation {
    /// Its alias.
    pub(super) called: Option<Ident>,
    /// Its own name, if it goes by that.
    pub(super) name: Option<Name>,
    pub(super) source: Source,
}

/// Where a relation's columns come from.
#[derive(Clone)]
pub(super) enum Source {
    /// A table or view.
    Stored(Name),
    /// A query in the `FROM`, or a common table.
    Query(Vec<Shown>),
    /// A function, or a query whose text does not tell.
    Unknown,
}

impl Source {
    /// What its `*` stands for.
    pub(super) fn shown(&self) -> Option<Vec<Shown>> {
        match self {
            Self::Stored(name) => Some(vec![Shown::AllOf(name.clone())]),
            Self::Query(shown) => Some(shown.clone()),
            Self::Unknown => None,
        }
    }

    /// The column of this name that the query shows by that name, and the relations whose `*` it shows.
    fn find(&self, column: &Ident) -> (Option<&Origin>, Vec<Name>) {
        match self {
            Self::Stored(name) => (None, vec![name.clone()]),
            Self::Query(shown) => {
                let mut relations = Vec::new();
                let mut found = None;
                for shown in shown {
                    match shown {
                        Shown::Column(name, origin) if name == column => found = Some(origin),
                        Shown::Column(..) => {}
                        Shown::AllOf(name) => relations.push(name.clone()),
                    }
                }
                (found, relations)
            }
            Self::Unknown => (None, Vec::new()),
        }
    }
}

impl<'a> Scope<'a> {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            relations: Vec::new(),
            common_tables: Vec::new(),
            outer: None,
        }
    }

    /// The scope of a query within.
    pub(super) fn inner(&'a self) -> Self {
        Self {
            outer: Some(self),
            ..Self::new(self.dialect)
        }
    }

    /// Gives a common table its name.
    pub(super) fn define(&mut self, name: Ident, source: Source) {
        self.common_tables.push((name, source));
    }

    fn levels(&'a self) -> impl Iterator<Item = &'a Self> {
        std::iter::successors(Some(self), |scope| scope.outer)
    }

    /// What a name in a `FROM` stands for: a common table hides a table of its name.
    pub(super) fn source(&self, name: &Name) -> Source {
        let mut known = self
            .levels()
            .flat_map(|scope| scope.common_tables.iter().rev());
        let common = known.find(|(own, _)| name.schema.is_none() && *own == name.name);
        common.map_or_else(
            || Source::Stored(name.clone()),
            |(_, source)| source.clone(),
        )
    }

    /// The relation that goes by this name.
    pub(super) fn relation(&self, name: &Name) -> Option<&Relation> {
        let goes_by = |relation: &&Relation| match (&relation.called, &relation.name) {
            (Some(called), _) => name.schema.is_none() && *called == name.name,
            (None, Some(own)) => {
                own.name == name.name && (name.schema.is_none() || own.schema == name.schema)
            }
            (None, None) => false,
        };
        self.levels()
            .find_map(|scope| scope.relations.iter().find(goes_by))
    }

    /// The column of a relation.
    pub(super) fn qualified(&self, relation: &Name, column: &Ident) -> Origin {
        let Some(relation) = self.relation(relation) else {
            return Origin::Unknown;
        };
        if matches!(relation.source, Source::Unknown) {
            return Origin::Unknown;
        }
        match relation.source.find(column) {
            (Some(found), _) => found.clone(),
            (None, relations) => one_of(column, vec![relations], None),
        }
    }

    /// The column that a bare name stands for: of the innermost query that has it.
    pub(super) fn unqualified(&self, column: &Ident) -> Origin {
        let mut levels = Vec::new();
        let mut otherwise = None;
        for scope in self.levels().filter(|scope| !scope.relations.is_empty()) {
            let mut candidates = Vec::new();
            let mut found = None;
            for relation in &scope.relations {
                let (origin, relations) = relation.source.find(column);
                found = found.or(origin);
                candidates.extend(relations);
            }
            if let Some(found) = found {
                // No other of the same query has it, or the engine would have refused the name, save where
                // `JOIN … USING` makes one of two.
                otherwise = Some(found.clone());
                break;
            }
            levels.push(candidates);
            let is_unknown = |relation: &Relation| matches!(relation.source, Source::Unknown);
            if scope.relations.iter().any(is_unknown) {
                otherwise = Some(Origin::Unknown);
                break;
            }
        }
        one_of(column, levels, otherwise)
    }
}

/// `otherwise` is `None` if it can be nothing else.
fn one_of(column: &Ident, mut levels: Vec<Vec<Name>>, otherwise: Option<Origin>) -> Origin {
    levels.retain(|names| !names.is_empty());
    match (levels.as_slice(), otherwise) {
        ([], otherwise) => otherwise.unwrap_or(Origin::Unknown),
        ([level], None) if level.len() == 1 => Origin::Column(level[0].clone(), column.clone()),
        (_, otherwise) => Origin::Unqualified(Box::new(Unqualified {
            column: column.clone(),
            levels,
            otherwise: otherwise.unwrap_or(Origin::Unknown),
        })),
    }
}
