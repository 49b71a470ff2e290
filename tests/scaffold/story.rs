//! One pattern on one engine, from the first file to the last.

use serde_json::Value;

use crate::catalog::catalog;
use crate::world::{Engine, World};

/// A pattern, and what two releases do around it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// A migration that somebody wrote, for `bgmigrate split`, instead of a pattern.
    pub(crate) breaking: &'static str,
    /// The words behind `bgmigrate new`, or behind `bgmigrate split FILE --write`.
    pub(crate) pattern: &'static [&'static str],
    /// The schema before, with its rows.
    pub(crate) base: &'static str,
    /// What the release before sends; `:n` is the number of the round.
    pub(crate) old: &'static [&'static str],
    /// What the release after sends.
    pub(crate) new: &'static [&'static str],
    /// What it sends after the contract step, where that is something else.
    pub(crate) last: &'static [&'static str],
    /// A query that finds something when the two do not agree. Asked before the contract step.
    pub(crate) disagree: &'static str,
    /// The same, asked once the rows are filled.
    pub(crate) unfilled: &'static str,
    /// What is asked at the end, and what it answers.
    pub(crate) end: (&'static str, &'static str),
    /// What an old or a new release must not be able to do any more at the end.
    pub(crate) refused: &'static [&'static str],
    /// Files by their endings: the phases that they are of.
    pub(crate) files: &'static [&'static str],
}

const WAIT: [&str; 5] = [
    "retire",
    "blue",
    "--early",
    "--reason",
    "the test cannot wait",
];

/// Tells the whole of it.
pub(crate) fn tell(engine: Engine, case: &Case) {
    tell_in(&world(engine, case), case);
}

/// The same in a database that refuses by itself what a release cannot bear.
pub(crate) fn tell_guarded(engine: Engine, case: &Case) {
    let world = world(engine, case);
    world.expect(0, "init --guard");
    tell_in(&world, case);
    world.expect(0, "guard status --check");
}

fn world(engine: Engine, case: &Case) -> World {
    World::new(engine, &format!("scaffold_{}", case.name.replace(' ', "_")))
}

fn tell_in(world: &World, case: &Case) {
    let told = Story { world, case };
    told.begin();
    let before = catalog(told.world);
    told.write_the_files();
    told.expand();
    told.undo(&before);
    told.expand();
    told.traffic(1);
    told.world.expect(0, "apply");
    told.agree(case.unfilled, "after the migrate step");
    told.traffic(2);
    told.world.expect(0, "release record v2 --slot green");
    told.world.expect(0, "cutover --to green");
    told.traffic(3);
    told.world.expect(0, "rollback");
    told.traffic(4);
    told.world.expect(0, "cutover --to green");
    told.contract();
    told.end();
}

struct Story<'c> {
    world: &'c World,
    case: &'c Case,
}

impl Story<'_> {
    fn begin(&self) {
        let world = self.world;
        world.write("live", "blue\n");
        world.migration("0001_base", self.case.base);
        // The folder has ways back, so that the new files have theirs.
        world.migration("0001_base.down", "SELECT 1;");
        world.expect(0, "apply --phase all");
        world.expect(0, "release record v1 --slot blue --live");
    }

    fn write_the_files(&self) {
        let mut words = vec!["new"];
        if !self.case.breaking.is_empty() {
            self.world.migration("0002_breaking", self.case.breaking);
            self.world.migration("0002_breaking.down", "SELECT 1;");
            words = vec!["split", "migrations/0002_breaking.sql", "--write"];
        }
        words.extend(self.case.pattern);
        let said = self.world.run(&words);
        let talk = (said.answer, said.talk);
        assert_eq!(said.status, 0, "{}: {talk:?}", self.place());
        let lint = self.world.run(&["lint", "--format", "json"]);
        let found: Value = serde_json::from_str(&lint.answer).unwrap();
        assert_eq!(
            found["summary"]["errors"],
            0,
            "{}: {}",
            self.place(),
            lint.answer
        );
        let classified = self.world.expect(0, "classify --format json").answer;
        let classified: Value = serde_json::from_str(&classified).unwrap();
        let mut endings = Vec::new();
        for migration in classified["migrations"].as_array().unwrap().iter().skip(1) {
            let file = migration["file"].as_str().unwrap().trim_end_matches(".sql");
            let ending = file.rsplit('_').next().unwrap();
            let phase = migration["phase"].as_str().unwrap();
            let expected = if ending == "index" { phase } else { ending };
            assert_eq!(phase, expected, "{}: {file}", self.place());
            endings.push(format!("{ending}={phase}"));
        }
        assert_eq!(endings, self.case.files, "{}", self.place());
        // A second time there is something in the way, and nothing is written over.
        assert_eq!(self.world.run(&words).status, 2, "{}", self.place());
    }

    fn expand(&self) {
        self.world.expect(0, "apply --phase expand");
    }

    /// Takes back what can be taken back: the schema is the one before.
    fn undo(&self, before: &str) {
        let mut expanded: Vec<String> = self.ids("expand");
        while let Some(id) = expanded.pop() {
            self.world.expect(0, &format!("undo {id}"));
        }
        assert_eq!(catalog(self.world), before, "{}", self.place());
    }

    fn ids(&self, phase: &str) -> Vec<String> {
        let classified = self.world.expect(0, "classify --format json").answer;
        let classified: Value = serde_json::from_str(&classified).unwrap();
        let migrations = classified["migrations"].as_array().unwrap().iter().skip(1);
        let of_phase = migrations.filter(|migration| migration["phase"] == phase);
        of_phase
            .map(|migration| migration["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Both releases write, and neither loses anything of the other.
    fn traffic(&self, round: usize) {
        for statement in self.case.old.iter().chain(self.case.new) {
            let statement = &statement.replace(":n", &round.to_string());
            // A trigger of SQLite may fire itself where somebody says so.
            if self.world.engine == Engine::Sqlite && round.is_multiple_of(2) {
                self.world
                    .sql(&format!("PRAGMA recursive_triggers = ON; {statement}"));
            } else {
                self.world.sql(statement);
            }
            self.agree(self.case.disagree, statement);
        }
    }

    fn agree(&self, query: &str, after: &str) {
        if !query.is_empty() {
            assert_eq!(self.world.ask(query), "", "{}: after {after}", self.place());
        }
    }

    fn contract(&self) {
        let world = self.world;
        if !self.ids("contract").is_empty() {
            let refused = world.expect(3, "apply --phase contract");
            assert!(refused.answer.contains("v1"), "{}", refused.answer);
        }
        let retired = world.run(&WAIT);
        assert_eq!(retired.status, 0, "{}: {}", self.place(), retired.talk);
        world.expect(0, "apply --phase contract");
        self.traffic_of_the_new_release();
    }

    fn traffic_of_the_new_release(&self) {
        let last = if self.case.last.is_empty() {
            self.case.new
        } else {
            self.case.last
        };
        for statement in last {
            self.world.sql(&statement.replace(":n", "5"));
        }
    }

    fn end(&self) {
        let (question, answer) = self.case.end;
        assert_eq!(self.world.ask(question), answer, "{}", self.place());
        for statement in self.case.refused {
            self.world.refusal(statement);
        }
        let left = catalog(self.world);
        for ours in [
            "_sync",
            "_fill",
            "_not_null",
            "_view",
            "trigger",
            "function",
        ] {
            assert!(!left.contains(ours), "{}: {ours} in\n{left}", self.place());
        }
        self.world.expect(0, "status --check");
    }

    fn place(&self) -> String {
        format!("{} on {:?}", self.case.name, self.world.engine)
    }
}
