//! Reading a file, judging it and reporting on it never panics and never hangs, and what is said of it holds
//! together, whatever the text.

use std::collections::HashMap;

use bgmigrate::folder::{self, Content, Entry, Layout, Tree};
use bgmigrate::lint::{Surroundings, rule, rules};
use bgmigrate::model::{
    Dialect, Engine, FilePhase, Finding, Migration, MigrationKind, Phase, Severity, Span,
    TransactionMode,
};
use bgmigrate::plan::{Subject, plan};
use bgmigrate::report::{self, Format, LintReport, LintedFile, Paint, ReviewedFile};
use bgmigrate::review::{Reviewed, RuleSettings, Settings, Standing, directive_mistakes, review};

/// The layouts whose tools cut a file into a way up and a way down by marker comments.
const SECTIONED: [Layout; 5] = [
    Layout::Goose,
    Layout::Dbmate,
    Layout::SqlMigrate,
    Layout::Tern,
    Layout::Liquibase,
];

/// # Panics
/// When reading, judging or reporting on `text` breaks a promise.
pub(crate) fn check(text: &str) {
    for (at, dialect) in Dialect::ALL.into_iter().enumerate() {
        check_sections(text, dialect);
        let migration = whole(text);
        let reviewed = review(
            std::slice::from_ref(&migration),
            |_| Standing::Alone,
            &settings(dialect),
        );
        let [reviewed] = reviewed.as_slice() else {
            panic!("one migration in, {} out", reviewed.len());
        };
        check_phases(reviewed);
        check_findings(reviewed, text);
        // Reports cost more than the judgement and hardly depend on the engine, so each text has them for one.
        if text.len() % Dialect::ALL.len() == at {
            check_reports(&migration, reviewed, dialect);
        }
    }
}

/// All that a file says runs on the way up.
fn whole(text: &str) -> Migration {
    Migration {
        id: "1".to_owned(),
        name: String::new(),
        file: "1.sql".to_owned(),
        text: text.to_owned(),
        up: vec![Span::new(0, text.len())],
        down: None,
        kind: MigrationKind::Versioned,
        transaction: TransactionMode::File,
    }
}

/// Every rule speaks, those too that are off by default.
fn settings(dialect: Dialect) -> Settings {
    let loud: HashMap<_, _> = rules()
        .iter()
        .map(|rule| (rule.id.to_owned(), rule.severity.max(Severity::Note)))
        .collect();
    Settings {
        engine: Engine::default_for(dialect),
        surroundings: Surroundings::default(),
        rules: RuleSettings::new(dialect, &loud),
    }
}

/// A layout either refuses the file or names parts of it, in order and on character boundaries.
fn check_sections(text: &str, dialect: Dialect) {
    let tree = Tree::new(vec![Entry {
        path: "0001_fuzz.sql".to_owned(),
        content: Content::Text(text.to_owned()),
    }]);
    for layout in SECTIONED {
        let Ok(folder) = folder::read(&tree, Some(layout), dialect) else {
            continue;
        };
        for migration in folder.migrations {
            let mut end = 0;
            for part in migration.up {
                assert!(end <= part.start && part.start <= part.end);
                assert!(text.get(part.start..part.end).is_some(), "{part:?}");
                end = part.end;
            }
        }
    }
}

/// A statement is as grave as its gravest change, what is not understood is never called safe, and the file
/// follows from its statements.
fn check_phases(reviewed: &Reviewed) {
    let statements = &reviewed.script.statements;
    assert_eq!(statements.len(), reviewed.judged.len());
    assert_eq!(statements.len(), reviewed.phases.len());
    assert_eq!(
        reviewed.phase,
        FilePhase::of(reviewed.phases.iter().copied())
    );
    for (at, (statement, judged)) in statements.iter().zip(&reviewed.judged).enumerate() {
        let phase = reviewed.phases[at];
        let verdicts = || judged.changes.iter().map(|change| &change.verdict);
        assert_eq!(statement.changes.len(), judged.changes.len());
        assert!(verdicts().all(|verdict| !verdict.reason.is_empty() && !verdict.kind.is_empty()));
        if let Some((declared, _)) = reviewed.script.declared_phase(at) {
            assert_eq!(phase, declared);
            continue;
        }
        assert!(verdicts().all(|verdict| verdict.phase == verdict.effect.phase()));
        let gravest = verdicts().map(|verdict| verdict.phase).max();
        match &statement.opaque {
            None => assert_eq!(phase, gravest.unwrap_or(Phase::Neutral)),
            Some(opaque) => {
                assert!(phase.gates_as_contract() && !opaque.reason.is_empty());
            }
        }
    }
}

/// A finding names a rule that is known, stands in the text, and its fix can be carried out.
fn check_findings(reviewed: &Reviewed, text: &str) {
    for finding in &reviewed.findings {
        let Finding {
            rule: id,
            severity,
            span,
            message,
            ..
        } = finding;
        assert!(rule(id).is_some() && *severity != Severity::Off);
        assert!(text.get(span.start..span.end).is_some(), "{finding:?}");
        assert!(!message.is_empty());
        let mut edits: Vec<_> = finding.fix.iter().flat_map(|fix| &fix.edits).collect();
        edits.sort_by_key(|edit| edit.span);
        assert!(edits.iter().all(|edit| {
            edit.span.start <= edit.span.end && text.get(edit.span.start..edit.span.end).is_some()
        }));
        assert!(
            edits
                .windows(2)
                .all(|two| two[0].span.end <= two[1].span.start)
        );
    }
    for (span, mistake) in directive_mistakes(&reviewed.script) {
        assert!(text.get(span.start..span.end).is_some() && !mistake.is_empty());
    }
}

/// Every report can be written, and those for programs can be read back.
fn check_reports(migration: &Migration, reviewed: &Reviewed, dialect: Dialect) {
    let file = || ReviewedFile {
        path: migration.file.clone(),
        migration,
        reviewed,
    };
    let subject = Subject {
        migration,
        reviewed,
        file: migration.file.clone(),
    };
    let plan = plan(&[subject], dialect, None);
    let lint = LintReport {
        files: vec![LintedFile::new(
            migration.file.clone(),
            &migration.text,
            reviewed.clone(),
        )],
        notices: &[],
        fixes: None,
    };
    // SARIF brings the documentation of every rule along, which takes longer than all the rest together.
    let sparing =
        |format: &Format| *format != Format::Sarif || migration.text.len().is_multiple_of(16);
    for format in Format::ALL.into_iter().filter(sparing) {
        let texts = [
            Some(report::lint(&lint, format, Paint(false)).concat()),
            report::classify(&[file()], format, Paint(false)),
            report::plan(&plan, "fuzz", format, Paint(false)),
        ];
        for text in texts.into_iter().flatten() {
            if matches!(format, Format::Json | Format::Gitlab | Format::Sarif) {
                let value: Result<serde_json::Value, _> = serde_json::from_str(&text);
                assert!(value.is_ok(), "{format}: {text}");
            }
            if format == Format::Github {
                let told = |line: &str| line.starts_with("::") || line.is_empty();
                assert!(text.lines().all(told), "{text}");
            }
        }
    }
}
