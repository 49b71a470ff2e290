//! Courses of events as text, one command a line, so that a table of them can be read.
//!
//! ```text
//! apply a:expand                        a migration runs, as one transaction
//! begin c:contract / send c 0 / done c 0 last / fail c 0 / doubt c / resolve c done
//! record v2 green ships a:expand b:migrate      … with `live`, `uses x y`, `unharmed c`
//! cutover green [25] / rollback / claim 25 / settle / abandon / follow [restored] / enforce / retire blue / retire blue early / undo a
//! smoke green passed | smoke green failed | smoke green passed of v1 2 hours-ago   the last for what was there then
//! router blue 3 | router blue | router nowhere | router silent | router none    what the router is seen to do from now
//!                                       on: under which epoch, none at all, …; `router obeys` is where the attempt aims
//! sessions blue 3 | sessions blue untold    so many are connected to the database from there, from now on
//! hours 25                              time passes
//! check a                               the check of a does not hold from now on
//! ```
//!
//! A line may begin with `billing:` for another service, and end with `!rule words` when it has to be refused by that
//! rule, with these words in it.

use std::collections::{BTreeMap, BTreeSet};

use bgmigrate::gate::{
    Adopted, Candidate, Command, Connected, Event, MigrationId, Observed, Policy, Proof, Refusal,
    Release, ReleaseId, Resolution, Shipped, Sight, SlotId, State, decide,
};
use bgmigrate::model::FilePhase;
use chrono::{DateTime, TimeDelta, Utc};

/// Where a course has come to.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    pub(crate) state: State,
    pub(crate) sight: Sight,
}

/// What a line asks for.
pub(crate) enum Line {
    /// A command.
    Command(Command),
    /// Something about the world changed.
    Seen,
}

impl Course {
    pub(crate) fn new() -> Self {
        let start = DateTime::<Utc>::from_timestamp(1_700_000_000, 0).unwrap();
        let sight = Sight {
            policy: Policy {
                rollback_window: TimeDelta::hours(24),
                smoke: false,
            },
            ..Sight::at(start)
        };
        Self {
            state: State::default(),
            sight,
        }
    }

    /// Reads a line without its expectation; what changes in the world changes at once.
    pub(crate) fn read(&mut self, line: &str) -> Line {
        let (service, line) = match line.split_once(": ") {
            Some((service, line)) => (service, line),
            None => ("app", line),
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        let service = service.to_owned();
        let slot = |name: &str| SlotId::new(&service, name);
        let command = match words[..] {
            ["hours", hours] => {
                self.sight.now += TimeDelta::hours(hours.parse().unwrap());
                return Line::Seen;
            }
            ["smoke-needed"] => {
                self.sight.policy.smoke = true;
                return Line::Seen;
            }
            ["check", id] => {
                let failing = (MigrationId::from(id), "3 rows".to_owned());
                self.sight.failing_checks.push(failing);
                return Line::Seen;
            }
            ["sessions", at, count] => {
                let connected = match count {
                    "untold" => Connected::Unreadable("no right to ask".to_owned()),
                    count => Connected::Sessions(count.parse().unwrap()),
                };
                self.sight.sessions.insert(slot(at), connected);
                return Line::Seen;
            }
            ["router", "obeys"] => {
                let epoch = Some(self.state.epochs(&service).claimed);
                let Some(cutover) = self.state.cutovers.get(&service) else {
                    return Line::Seen;
                };
                let slot = match cutover.share {
                    100 => Some(cutover.to.clone()),
                    0 => cutover.from.clone(),
                    _ => None,
                };
                let seen = match slot {
                    Some(slot) => Observed::At { slot, epoch },
                    None => Observed::Elsewhere("two slots".to_owned()),
                };
                self.sight.routers.insert(service, seen);
                return Line::Seen;
            }
            ["router", place, ref epoch @ ..] => {
                let epoch = epoch.first().map(|epoch| epoch.parse().unwrap());
                let seen = match place {
                    "none" => {
                        self.sight.routers.remove(&service);
                        return Line::Seen;
                    }
                    "nowhere" => Observed::Elsewhere("two slots".to_owned()),
                    "silent" => Observed::Unreadable("timed out".to_owned()),
                    slot => Observed::At {
                        slot: slot.to_owned(),
                        epoch,
                    },
                };
                self.sight.routers.insert(service, seen);
                return Line::Seen;
            }
            ["record", version, at, ref rest @ ..] => Command::Record {
                slot: slot(at),
                version: version.to_owned(),
                live: rest.contains(&"live"),
                release: release(rest),
            },
            ["adopt", ref all @ ..] => Command::Adopt {
                migrations: all.iter().map(|one| adopted(one)).collect(),
                gone: Vec::new(),
            },
            ["gone", id] => Command::Adopt {
                migrations: Vec::new(),
                gone: vec![id.into()],
            },
            ["apply", one, ref rest @ ..] => Command::Apply(self.candidate(one, rest)),
            ["begin", one, ref rest @ ..] => Command::Begin(self.candidate(one, rest)),
            ["send", id, at] => Command::Send {
                migration: id.into(),
                statement: at.parse().unwrap(),
            },
            ["done", id, at, ref rest @ ..] => Command::Done {
                migration: id.into(),
                statement: at.parse().unwrap(),
                last: rest.contains(&"last"),
            },
            ["fail", id, at] => Command::Fail {
                migration: id.into(),
                statement: at.parse().unwrap(),
                error: "no".to_owned(),
            },
            ["doubt", id] => Command::Doubt {
                migration: id.into(),
                why: "nobody saw".to_owned(),
            },
            ["resolve", id, how, ref rest @ ..] => Command::Resolve {
                migration: id.into(),
                how: match how {
                    "done" => Resolution::Done,
                    "retry" => Resolution::Retry,
                    _ => Resolution::Skip,
                },
                last: rest.contains(&"last"),
                reason: "looked".to_owned(),
            },
            ["undo", id, ref rest @ ..] => Command::Undo {
                migration: id.into(),
                dependents: after(rest, "before").map(MigrationId::from).collect(),
                whole: !rest.contains(&"slowly"),
            },
            ["undone", id] => Command::Undone {
                migration: id.into(),
            },
            ["cutover", to, "meant", release] => Command::Cutover {
                to: slot(to),
                release: Some(release.to_owned()),
                share: 100,
            },
            ["cutover", to, ref share @ ..] => Command::Cutover {
                to: slot(to),
                release: None,
                share: share.first().map_or(100, |share| share.parse().unwrap()),
            },
            ["rollback", ref epoch @ ..] => Command::Rollback {
                service,
                after: epoch.first().map(|epoch| epoch.parse().unwrap()),
            },
            ["claim", share] => Command::Claim {
                epoch: self.state.epochs(&service).claimed,
                service,
                share: share.parse().unwrap(),
            },
            ["settle"] => Command::Settle {
                epoch: self.state.epochs(&service).claimed,
                service,
            },
            ["settle", epoch] => Command::Settle {
                epoch: epoch.parse().unwrap(),
                service,
            },
            ["abandon"] => Command::Abandon {
                epoch: self.state.epochs(&service).claimed,
                service,
                reason: "no route to host".to_owned(),
            },
            ["follow", ref rest @ ..] => Command::Follow {
                service,
                restored: rest.contains(&"restored"),
            },
            ["enforce"] => Command::Enforce { service },
            ["retire", at, ref rest @ ..] => Command::Retire {
                slot: slot(at),
                early: rest.contains(&"early").then(|| "a reason".to_owned()),
            },
            ["smoke", at, how, ref rest @ ..] => {
                let slot = slot(at);
                let held = self.state.slots.get(&slot);
                let version = held.map_or("", |held| held.version.as_str());
                let (version, hours_ago) = match *rest {
                    ["of", version, hours, "hours-ago"] => (version, hours.parse().unwrap()),
                    _ => (version, 0),
                };
                let since = held.map_or(self.sight.now, |held| held.since);
                Command::Smoke {
                    version: version.to_owned(),
                    since: since - TimeDelta::hours(hours_ago),
                    failed: match how {
                        "passed" => Vec::new(),
                        _ => vec!["GET /up".to_owned()],
                    },
                    slot,
                }
            }
            _ => panic!("no such line: {line}"),
        };
        Line::Command(command)
    }

    /// What the gates say of a command, which happens if they let it.
    pub(crate) fn run(&mut self, command: &Command) -> Result<Vec<Event>, Vec<Refusal>> {
        let events = decide(&self.state, command, &self.sight)?;
        for event in &events {
            self.state = self.state.clone().evolve(event, self.sight.now);
        }
        Ok(events)
    }

    /// `unused-by v1` proves it of what v1 is recorded with now.
    fn candidate(&self, one: &str, rest: &[&str]) -> Candidate {
        let (id, phase) = migration(one);
        let proofs = after(rest, "unused-by").map(|version| {
            let release = ReleaseId::new("app", version);
            self.state.proof(&release).unwrap_or(Proof {
                release,
                digest: "of nothing".to_owned(),
            })
        });
        Candidate {
            unused_by: proofs.collect(),
            unused_since: after(rest, "unused-since").next().map(str::to_owned),
            behind: after(rest, "behind")
                .map(|id| (id.into(), "`users`".to_owned()))
                .collect(),
            checksum: after(rest, "text").next().unwrap_or("text").to_owned(),
            migration: id,
            phase,
        }
    }
}

/// The words behind one, up to the next that opens a list of its own.
fn after<'a>(words: &'a [&'a str], which: &str) -> impl Iterator<Item = &'a str> {
    const OPENERS: [&str; 10] = [
        "ships",
        "uses",
        "unharmed",
        "live",
        "unused-by",
        "unused-since",
        "behind",
        "text",
        "before",
        "slowly",
    ];
    let from = words.iter().position(|word| *word == which);
    let list = &words[from.map_or(words.len(), |at| at + 1)..];
    list.iter()
        .copied()
        .take_while(|word| !OPENERS.contains(word))
}

fn migration(text: &str) -> (MigrationId, FilePhase) {
    let (id, phase) = text.split_once(':').unwrap();
    let phase = match phase.trim_end_matches('+') {
        "expand" => FilePhase::Expand,
        "migrate" => FilePhase::Migrate,
        "contract" => FilePhase::Contract,
        "mixed" => FilePhase::Mixed,
        other => panic!("no phase {other}"),
    };
    (id.into(), phase)
}

/// `b:migrate+` may complete after the cutover.
fn release(words: &[&str]) -> Release {
    let ships: BTreeMap<_, _> = after(words, "ships")
        .map(|one| {
            let (id, phase) = migration(one);
            let after_cutover = one.ends_with('+');
            let shipped = Shipped {
                phase,
                after_cutover,
            };
            (id, shipped)
        })
        .collect();
    let uses: Vec<_> = after(words, "uses").collect();
    let unharmed_by: BTreeSet<_> = after(words, "unharmed").map(MigrationId::from).collect();
    Release {
        uses: (!uses.is_empty()).then(|| serde_json::json!(uses)),
        unharmed_by,
        ..Release::shipping(ships)
    }
}

fn adopted(one: &str) -> Adopted {
    let (migration, phase) = migration(one);
    Adopted {
        migration,
        phase,
        checksum: "text".to_owned(),
    }
}
