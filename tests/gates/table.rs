//! What each gate refuses, with the words that people read, and what it must let pass.

use std::collections::BTreeSet;

use bgmigrate::gate::Rule;

use crate::script::{Course, Line};

/// v1 serves from blue and ships `a`; v2 is staged in green and ships `b` as well.
const TWO: &str = "\
apply a:expand
record v1 blue live ships a:expand
record v2 green ships a:expand b:expand
router blue
";

/// v2 serves from green, v1 is what a rollback returns to.
const CUT_OVER: &str = "\
apply a:expand
record v1 blue live ships a:expand
record v2 green ships a:expand b:expand
apply b:expand
router blue
cutover green
router obeys
settle
";

const COURSES: &[(&str, &str, &str)] = &[
    (
        "traffic waits for what a release ships",
        TWO,
        "cutover green                  !cutover-gate expand step b, which v2 ships, is not applied
         begin b:expand
         cutover green                  !cutover-gate is not applied
         send b 0
         done b 0 last
         cutover green",
    ),
    (
        "a backfill has to be complete, unless it may come after",
        TWO,
        "apply b:expand
         record v2 green ships a:expand b:expand m:migrate
         cutover green                  !cutover-gate migrate step m, which v2 ships, is not complete
         record v2 green ships a:expand b:expand m:migrate+
         cutover green",
    ),
    (
        "a check that does not hold keeps traffic away",
        TWO,
        "apply b:expand
         check b
         cutover green                  !cutover-gate the check of b does not hold: 3 rows",
    ),
    (
        "a check of what the release does not ship is not its business",
        TWO,
        "apply b:expand
         check x
         cutover green",
    ),
    (
        "a mixed file has no right moment",
        TWO,
        "record v2 green ships a:expand x:mixed
         cutover green                  !cutover-gate mixes phases
         apply x:mixed                  !mixed-file",
    ),
    (
        "the smoke test has to pass after the deployment",
        TWO,
        "apply b:expand
         smoke-needed
         cutover green                  !cutover-gate the smoke test has not passed
         smoke green failed
         cutover green                  !cutover-gate the smoke test has not passed
         smoke green passed
         record v2 green ships a:expand b:expand
         cutover green                  !cutover-gate the smoke test has not passed
         smoke green passed
         cutover green",
    ),
    (
        "a smoke test says nothing of what was deployed while it ran",
        TWO,
        "apply b:expand
         smoke-needed
         smoke green passed of v1 0 hours-ago   !slot changed since v1 was tested there
         smoke green passed of v2 1 hours-ago   !slot changed since v2 was tested there
         cutover green                  !cutover-gate the smoke test has not passed
         smoke green passed of v2 0 hours-ago
         cutover green",
    ),
    (
        "nothing is deployed there",
        TWO,
        "cutover white                  !cutover-gate no release is recorded there
         smoke white passed             !slot no release is recorded there
         cutover blue                   !cutover-gate v1 is live there already",
    ),
    (
        "what came into the slot after it was looked at was not meant",
        TWO,
        "apply b:expand
         record v3 green ships a:expand b:expand
         cutover green meant v2         !cutover-gate it does not hold v2 any more, but v3
         cutover green meant v3
         router obeys
         settle",
    ),
    (
        "traffic that another run has moved since does not go back by itself",
        TWO,
        "apply b:expand
         cutover green
         router obeys
         settle
         rollback 1
         router obeys
         settle
         cutover green
         router obeys
         settle
         rollback 1                     !lockstep traffic was moved since, under epoch 3 instead of 1
         rollback 3",
    ),
    (
        "a contract step waits for every release that traffic may reach",
        CUT_OVER,
        "record v3 blue ships a:expand b:expand c:contract          !rollback-window v1 is kept there for a rollback
         apply c:contract               !contract-gate a rollback to v1 in blue of app is still possible
         retire blue                    !rollback-window its rollback window is open
         hours 25
         retire blue
         apply c:contract               !contract-gate v2 is live in green
         record v3 blue ships a:expand b:expand c:contract
         apply c:contract               !contract-gate v2 is live in green
         cutover blue
         router obeys
         settle
         apply c:contract               !contract-gate a rollback to v2 in green
         rollback
         router obeys
         settle
         apply c:contract               !contract-gate v2 is live in green
         cutover blue
         router obeys
         settle
         retire green early
         apply c:contract
         rollback                       !rollback-gate v2 was retired in green",
    ),
    (
        "a staged release counts: traffic may move there",
        TWO,
        "record v3 blue live ships a:expand c:contract
         apply c:contract               !contract-gate traffic may move to v2, staged in green
         retire green
         apply c:contract",
    ),
    (
        "who was retired may still be connected",
        TWO,
        "retire green
         sessions blue 5
         sessions green 3
         record v2 blue live ships a:expand c:contract
         apply c:contract               !contract-gate 3 sessions of green of app, where v2 was retired, are still connected
         begin c:contract               !contract-gate are still connected
         apply b:expand
         sessions green untold
         apply c:contract               !contract-gate nobody can tell whether green of app, where v2 was retired, is
         sessions green 0
         begin c:contract
         sessions green 1
         send c 0                       !contract-gate 1 sessions of green
         sessions green 0
         send c 0",
    ),
    (
        "loosening and filling wait for nobody",
        TWO,
        "apply b:expand
         apply m:migrate
         apply x:expand",
    ),
    (
        "proven not to use it, as long as it says the same of itself",
        TWO,
        "retire green
         record v1 blue live ships a:expand uses users.id
         record v2 green ships a:expand c:contract
         begin c:contract unused-by v1
         send c 0
         record v1 blue live ships a:expand uses users.name         !cutover-gate contract step c was begun
         record v1 blue live ships a:expand uses users.id
         done c 0 last
         cutover green
         router obeys
         settle
         rollback",
    ),
    (
        "a proof of other uses proves nothing",
        TWO,
        "retire green
         apply c:contract unused-by v1  !contract-gate v1 is live in blue",
    ),
    (
        "a directive names the version that does not use it any more",
        TWO,
        "retire green
         apply c:contract unused-since v1
         apply d:contract unused-since v0           !contract-gate",
    ),
    (
        "who comes after the step has to have been built with it, or be proven unharmed",
        TWO,
        "retire green
         record v2 blue live ships a:expand c:contract
         apply c:contract
         record v1 green ships a:expand
         cutover green                  !cutover-gate contract step c ran, and v1 was built without it
         record v1 green ships a:expand unharmed c
         cutover green",
    ),
    (
        "what is live at once has to find its schema at once",
        "apply a:expand\n",
        "record v2 blue live ships a:expand b:expand                !cutover-gate expand step b
         apply b:expand
         record v2 blue live ships a:expand b:expand
         record v3 green live ships a:expand b:expand               !slot v2 is live in blue
         record v3 blue ships a:expand                              !slot v2 is live there
         retire blue                    !slot v2 is live there",
    ),
    (
        "a rollback needs no smoke, and no check",
        CUT_OVER,
        "smoke-needed
         check a
         rollback
         router obeys
         settle
         cutover green                  !cutover-gate the smoke test has not passed",
    ),
    (
        "there is nothing to roll back to",
        TWO,
        "rollback                       !rollback-gate no release was live before the one that is
         cutover green                  !cutover-gate expand step b",
    ),
    (
        "nothing else moves while a cutover is in flight",
        TWO,
        "apply b:expand
         retire white                   !slot no release is recorded there
         cutover green
         cutover green                  !lockstep a cutover of app to green is in flight
         rollback                       !lockstep is in flight
         record v3 white ships a:expand !lockstep is in flight
         retire blue                    !lockstep is in flight
         apply c:contract               !lockstep a cutover of app to green is in flight
         follow                         !lockstep is in flight
         billing: record b1 blue live ships a:expand
         abandon
         cutover green",
    ),
    (
        "what is in doubt is settled by the router alone",
        TWO,
        "apply b:expand
         cutover green
         router silent
         settle                         !lockstep the router could not be asked: timed out
         router nowhere
         settle                         !lockstep the router sends traffic to two slots
         router none
         settle                         !lockstep nobody asked the router
         router blue
         settle                         !lockstep the router sends traffic to blue
         router green
         settle                         !lockstep holds no epoch, and not 1: it was somebody else's attempt
         router green 1
         settle
         settle                         !lockstep another run took it over, and ended it",
    ),
    (
        "what was sent before a take-over counts no more",
        TWO,
        "apply b:expand
         cutover green
         claim 100
         settle 1                       !lockstep another run took it over, with epoch 2
         router green 1
         settle                         !lockstep holds epoch 1, and not 2
         claim 0
         abandon                        !lockstep an earlier attempt may have moved traffic
         router blue
         settle                         !lockstep holds no epoch, and not 3
         router obeys
         settle
         claim 100                      !lockstep another run took it over, and ended it
         cutover green
         router green 3
         settle                         !lockstep holds epoch 3, and not 4
         abandon
         router blue 3
         cutover green
         router obeys
         settle",
    ),
    (
        "traffic that is shared settles nothing",
        TWO,
        "apply b:expand
         cutover green 25
         router obeys
         settle                         !lockstep the router sends traffic to two slots
         router green 1
         settle                         !lockstep the router sends traffic to green
         apply c:contract               !lockstep a cutover of app to green is in flight
         claim 50
         claim 100
         router obeys
         settle
         rollback",
    ),
    (
        "a router that was moved by hand shuts the gates",
        CUT_OVER,
        "router blue
         cutover blue                   !lockstep the router of app sends traffic to blue, and the record has green live
         rollback                       !lockstep sends traffic to blue
         apply c:contract               !lockstep sends traffic to blue
         follow
         apply c:contract               !lockstep in flight
         router obeys
         settle
         follow
         record v3 green ships a:expand b:expand
         router silent
         cutover green                  !lockstep the router of app could not be asked
         follow                         !lockstep the router could not be asked
         router nowhere
         follow                         !lockstep the router sends traffic to two slots
         router white
         follow                         !lockstep no release is recorded in white
         router none
         follow                         !lockstep nobody asked the router",
    ),
    (
        "the right slot from an old file, or by hand, is not what was recorded",
        CUT_OVER,
        "router green
         rollback                       !lockstep holds no epoch, and the record epoch 1: it was written by hand
         enforce
         router obeys
         settle
         enforce
         router green 1
         rollback                       !lockstep holds epoch 1, and the record epoch 2
         enforce
         router silent
         settle                         !lockstep could not be asked
         claim 0
         router obeys
         settle
         rollback",
    ),
    (
        "a router that is ahead of the record tells of a restored database",
        CUT_OVER,
        "router green 7
         rollback                       !lockstep holds epoch 7, and the record knows of none after 1
         apply c:contract               !lockstep the database was restored from a backup
         enforce                        !lockstep was restored
         follow                         !lockstep was restored
         follow restored
         router obeys
         settle
         rollback
         router obeys
         settle",
    ),
    (
        "without a live release there is nothing to enforce",
        "apply a:expand\n",
        "enforce                        !lockstep no release of it is live",
    ),
    (
        "an expand step is taken back while nobody ships it",
        TWO,
        "apply b:expand
         undo b                         !undo-gate v2 in green of app ships it
         retire green
         undo b
         undo b                         !record the record does not know that it was begun
         apply b:expand
         apply x:expand
         undo b before x                !order x ran later, on the same objects
         undo x
         undo b before x
         apply c:contract unused-since v1
         undo c                         !undo-gate it is no expand step
         undo a                         !undo-gate v1 in blue of app ships it",
    ),
    (
        "an undo that takes several statements is gone on with",
        "apply a:expand\n",
        "undo a slowly
         undo a slowly
         apply a:expand                 !record its undo was begun
         undone a
         undone a                       !record the record does not know
         apply a:expand
         undo a slowly
         resolve a done
         apply a:expand",
    ),
    (
        "an edited migration is no other one",
        TWO,
        "apply a:expand
         apply a:expand text other      !edited
         begin a:expand text other      !edited",
    ),
    (
        "nobody overtakes who changes the same object first",
        TWO,
        "apply x:expand behind b        !order b changes `users` first, and waits itself
         apply b:expand
         apply x:expand behind b",
    ),
    (
        "a statement is sent once, and nothing builds on one in doubt",
        "apply a:expand\n",
        "begin b:expand
         send b 1                       !unknown-outcome
         send b 0
         send b 0                       !unknown-outcome its statement 1 was sent, and no answer is recorded
         apply b:expand                 !unknown-outcome its statement 1 was sent
         fail b 0
         begin b:expand
         send b 0
         done b 0
         done b 0                       !unknown-outcome
         send b 1
         doubt b
         doubt b
         begin b:expand                 !unknown-outcome nobody knows whether its statement 2 ran
         undo b                         !unknown-outcome nobody knows
         resolve b retry
         send b 1
         doubt b
         resolve b skip last
         resolve b done                 !record there is nothing to resolve
         send x 0                       !record the record does not know that it was begun
         doubt b                        !record it is applied",
    ),
    (
        "a gate looks again before every statement of a contract step",
        TWO,
        "retire green
         begin c:contract unused-since v1
         send c 0
         fail c 0
         retire green
         record v0 green ships a:expand
         send c 0                       !contract-gate traffic may move to v0, staged in green",
    ),
    (
        "another tool's history is taken over once, and what it took back is taken out",
        "adopt a:expand b:expand\n",
        "adopt a:expand b:expand c:contract
         record v1 blue live ships a:expand b:expand c:contract
         gone b
         gone b
         record v2 green ships a:expand b:expand c:contract
         cutover green                  !cutover-gate expand step b
         adopt b:expand
         cutover green",
    ),
    (
        "all services of a database count",
        TWO,
        "retire green
         billing: record b1 blue live ships a:expand
         record v2 blue live ships a:expand c:contract
         apply c:contract               !contract-gate b1 is live in blue of billing
         billing: record b2 green ships a:expand c:contract
         billing: cutover green
         billing: router obeys
         billing: settle
         apply c:contract               !contract-gate a rollback to b1 in blue of billing
         billing: retire blue early
         apply c:contract
         rollback                       !rollback-gate",
    ),
];

#[test]
fn gates_refuse_what_they_must_and_nothing_else() {
    let mut wrong = Vec::new();
    for (name, before, course) in COURSES {
        let mut team = Course::new();
        for line in before.lines().chain(course.lines()) {
            let (line, expected) = match line.split_once('!') {
                Some((line, expected)) => (line.trim(), Some(expected.trim())),
                None => (line.trim(), None),
            };
            let Line::Command(command) = team.read(line) else {
                continue;
            };
            let refused = match team.run(&command) {
                Ok(_) => String::new(),
                Err(refusals) => {
                    let each = refusals.iter().map(|refusal| {
                        assert!(!refusal.unblock.is_empty(), "{name}: {line}: no way out");
                        format!("{} {}", refusal.rule.name(), refusal.reason)
                    });
                    each.collect::<Vec<_>>().join("; ")
                }
            };
            let as_expected = match expected {
                None => refused.is_empty(),
                Some(expected) => {
                    let (rule, words) = expected.split_once(' ').unwrap_or((expected, ""));
                    refused.contains(rule) && refused.contains(words.trim())
                }
            };
            if !as_expected {
                wrong.push(format!(
                    "{name}: `{line}` is refused with `{refused}`, not `{expected:?}`"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_case_in_which_it_refuses() {
    let mut refused = BTreeSet::new();
    for (_, before, course) in COURSES {
        let mut team = Course::new();
        for line in before.lines().chain(course.lines()) {
            let line = line.split('!').next().unwrap_or_default().trim();
            if let Line::Command(command) = team.read(line) {
                let refusals = team.run(&command).err().into_iter().flatten();
                refused.extend(refusals.map(|refusal| refusal.rule));
            }
        }
    }
    let all = [
        Rule::ContractGate,
        Rule::CutoverGate,
        Rule::RollbackGate,
        Rule::UndoGate,
        Rule::Lockstep,
        Rule::RollbackWindow,
        Rule::Slot,
        Rule::Order,
        Rule::MixedFile,
        Rule::Edited,
        Rule::UnknownOutcome,
        Rule::Record,
    ];
    assert_eq!(refused, BTreeSet::from(all));
}
