//! The gates, weakened in one way each.

use bgmigrate::gate::{Command, Event, Observed, Refusal, Role, Sight, State, decide};
use bgmigrate::model::FilePhase;

use crate::model::{Decide, SHOP};

const SERVICE: &str = SHOP.0;

type Decision = Result<Vec<Event>, Vec<Refusal>>;

/// Each with what it does wrong.
pub(crate) const ALL: &[(&str, Decide)] = &[
    ("take from the standby", |state, command, sight| {
        without(state, command, sight, is_contract, |role| {
            role == Role::Standby
        })
    }),
    ("take from what is staged", |state, command, sight| {
        without(state, command, sight, is_contract, |role| {
            role == Role::Staged
        })
    }),
    ("take from what is live", |state, command, sight| {
        // Nobody looks at the router either: that it disagrees would give it away.
        let mut sight = sight.clone();
        if is_contract(command) {
            sight.routers.clear();
        }
        without(state, command, &sight, is_contract, |role| {
            role == Role::Live
        })
    }),
    (
        "let a release say that it ships everything",
        |state, command, sight| {
            let mut state = state.clone();
            let all: Vec<_> = state
                .releases
                .values()
                .flat_map(|release| release.ships.clone())
                .collect();
            if is_contract(command) {
                state
                    .releases
                    .values_mut()
                    .for_each(|release| release.ships.extend(all.clone()));
            }
            decide(&state, command, sight)
        },
    ),
    (
        "forget expand steps at the cutover",
        |state, command, sight| forgetting(state, command, sight, FilePhase::Expand),
    ),
    (
        "forget migrate steps at the cutover",
        |state, command, sight| forgetting(state, command, sight, FilePhase::Migrate),
    ),
    ("undo what a release ships", |state, command, sight| {
        without(
            state,
            command,
            sight,
            |command| matches!(command, Command::Undo { .. }),
            |_| true,
        )
    }),
    (
        "undo what only the standby ships",
        |state, command, sight| {
            without(
                state,
                command,
                sight,
                |command| matches!(command, Command::Undo { .. }),
                |role| role == Role::Standby,
            )
        },
    ),
    ("believe that the router obeyed", |state, command, sight| {
        let mut sight = sight.clone();
        if let (Command::Settle { .. }, Some(cutover)) = (command, state.cutovers.get(SERVICE)) {
            let obeyed = Observed::At {
                slot: cutover.to.clone(),
                epoch: Some(state.epochs(SERVICE).claimed),
            };
            sight.routers.insert(SERVICE.to_owned(), obeyed);
        }
        decide(state, command, &sight)
    }),
    (
        "believe that the router did nothing",
        |state, command, sight| {
            let Command::Settle { service, epoch } = command else {
                return decide(state, command, sight);
            };
            let nothing = Command::Abandon {
                service: service.clone(),
                epoch: *epoch,
                reason: "it did nothing".to_owned(),
            };
            decide(state, &nothing, sight)
        },
    ),
    ("deploy over the standby", |state, command, sight| {
        without(
            state,
            command,
            sight,
            |command| matches!(command, Command::Record { .. }),
            |role| role == Role::Standby,
        )
    }),
    ("deploy over what is live", |state, command, sight| {
        without(
            state,
            command,
            sight,
            |command| matches!(command, Command::Record { .. }),
            |role| role == Role::Live,
        )
    }),
    ("retire what is live", |state, command, sight| {
        let Command::Retire { slot, .. } = command else {
            return decide(state, command, sight);
        };
        let mut state = state.clone();
        if let Some(there) = state.slots.get_mut(slot) {
            there.role = Role::Standby;
        }
        decide(&state, command, sight)
    }),
    ("forget the rollback window", |state, command, sight| {
        let mut sight = sight.clone();
        sight.policy.rollback_window = chrono::TimeDelta::zero();
        decide(state, command, &sight)
    }),
    (
        "move while a cutover is in flight",
        |state, command, sight| {
            let mut state = state.clone();
            let ends = matches!(
                command,
                Command::Settle { .. } | Command::Claim { .. } | Command::Abandon { .. }
            );
            if !ends {
                state.cutovers.clear();
            }
            decide(&state, command, sight)
        },
    ),
];

/// Contract steps look at the releases of one service alone.
pub(crate) const ONE_SERVICE: Decide = |state, command, sight| {
    let (mut state, mut sight) = (state.clone(), sight.clone());
    if is_contract(command) {
        state.slots.retain(|id, _| id.service == SERVICE);
        // That the record knows no release where the router sends traffic would give it away.
        sight.routers.retain(|service, _| service == SERVICE);
    }
    decide(&state, command, &sight)
};

fn is_contract(command: &Command) -> bool {
    matches!(command, Command::Apply(candidate) if candidate.phase == FilePhase::Contract)
}

/// Decides `of` such commands as if no slot of a role were there.
fn without(
    state: &State,
    command: &Command,
    sight: &Sight,
    of: fn(&Command) -> bool,
    role: fn(Role) -> bool,
) -> Decision {
    let mut state = state.clone();
    if of(command) {
        state.slots.retain(|_, slot| !role(slot.role));
    }
    decide(&state, command, sight)
}

/// Decides a cutover as if releases shipped nothing of a phase.
fn forgetting(state: &State, command: &Command, sight: &Sight, phase: FilePhase) -> Decision {
    let mut state = state.clone();
    if matches!(command, Command::Cutover { .. }) {
        for release in state.releases.values_mut() {
            release.ships.retain(|_, shipped| shipped.phase != phase);
        }
    }
    decide(&state, command, sight)
}
