//! Where everything stands as metrics, in the text format of Prometheus
//! (<https://prometheus.io/docs/instrumenting/exposition_formats>).

use super::board::Traffic;
use super::board::{PHASES, status_name};
use super::{Board, line};
use crate::gate::Role;

/// A family of metrics: its name, what it says, and its samples.
struct Gauge {
    name: &'static str,
    help: &'static str,
    samples: Vec<(Vec<(&'static str, String)>, i64)>,
}

/// All of it as metrics.
pub fn metrics(board: &Board<'_>) -> String {
    let state = board.state;
    let slot = |service: &str, slot: &str| {
        vec![("service", service.to_owned()), ("slot", slot.to_owned())]
    };
    let slots = || state.serving();
    let gauges = [
        up(1),
        Gauge {
            name: "bgmigrate_slot",
            help: "1 for the release and the role of each slot that holds one.",
            samples: slots()
                .map(|(id, held)| {
                    let mut labels = slot(&id.service, &id.slot);
                    labels.push(("release", held.version.clone()));
                    labels.push(("role", held.role.name().to_owned()));
                    (labels, 1)
                })
                .collect(),
        },
        Gauge {
            name: "bgmigrate_slot_since_timestamp_seconds",
            help: "Since when each slot has had its role.",
            samples: slots()
                .map(|(id, held)| (slot(&id.service, &id.slot), held.since.timestamp()))
                .collect(),
        },
        Gauge {
            name: "bgmigrate_slot_smoke_passed_timestamp_seconds",
            help: "When the smoke test of what a slot holds last passed.",
            samples: slots()
                .filter_map(|(id, held)| {
                    Some((slot(&id.service, &id.slot), held.smoked?.timestamp()))
                })
                .collect(),
        },
        Gauge {
            name: "bgmigrate_rollback_window_end_timestamp_seconds",
            help: "Until when each standby is kept for a rollback.",
            samples: slots()
                .filter(|(_, held)| held.role == Role::Standby)
                .map(|(id, held)| {
                    let until = held.since + board.sight.policy.rollback_window;
                    (slot(&id.service, &id.slot), until.timestamp())
                })
                .collect(),
        },
        Gauge {
            name: "bgmigrate_cutover_in_flight_since_timestamp_seconds",
            help: "Since when a cutover that is not settled has been under way.",
            samples: state
                .cutovers
                .iter()
                .map(|(service, cutover)| (slot(service, &cutover.to), cutover.since.timestamp()))
                .collect(),
        },
        Gauge {
            name: "bgmigrate_router_agrees",
            help: "1 where the router sends traffic to the slot that the record has live, or a cutover is under way; 0 \
                   where it does not, or could not be asked.",
            samples: board
                .traffic()
                .map(|(service, traffic)| {
                    let agrees = matches!(traffic, Traffic::Agrees(_) | Traffic::Moving(_));
                    (vec![("service", service.to_owned())], i64::from(agrees))
                })
                .collect(),
        },
        Gauge {
            name: "bgmigrate_pending_steps",
            help: "Migrations of the folder that are not applied, by phase and by how far they are.",
            samples: pending(board),
        },
        Gauge {
            name: "bgmigrate_applied_steps",
            help: "Migrations of the folder that are applied.",
            samples: vec![(Vec::new(), number(board.applied()))],
        },
        Gauge {
            name: "bgmigrate_lock_held",
            help: "1 while a run changes the schema.",
            samples: vec![(Vec::new(), i64::from(board.holder.is_some()))],
        },
        Gauge {
            name: "bgmigrate_events",
            help: "How many events the history has.",
            samples: vec![(Vec::new(), board.events)],
        },
    ];
    text(&gauges)
}

/// What there is to say when the record could not be asked.
pub fn no_metrics() -> String {
    text(&[up(0)])
}

fn up(value: i64) -> Gauge {
    Gauge {
        name: "bgmigrate_up",
        help: "1 when the record could be read, 0 when it could not.",
        samples: vec![(Vec::new(), value)],
    }
}

/// Phases without a pending step are 0, so that an alert sees them come and go.
fn pending(board: &Board<'_>) -> Vec<(Vec<(&'static str, String)>, i64)> {
    let mut samples = Vec::new();
    for phase in PHASES {
        for status in ["pending", "begun", "unknown", "undoing"] {
            let of_both = board.pending().filter(|(step, how)| {
                step.phase == phase && how.map_or("pending", status_name) == status
            });
            let labels = vec![("phase", phase.to_string()), ("status", status.to_owned())];
            samples.push((labels, number(of_both.count())));
        }
    }
    samples
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn text(gauges: &[Gauge]) -> String {
    let mut out = String::new();
    for Gauge {
        name,
        help,
        samples,
    } in gauges
    {
        if samples.is_empty() {
            continue;
        }
        line!(out, "# HELP {name} {help}");
        line!(out, "# TYPE {name} gauge");
        for (labels, value) in samples {
            let labels: Vec<_> = labels
                .iter()
                .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
                .collect();
            match &labels[..] {
                [] => line!(out, "{name} {value}"),
                labels => line!(out, "{name}{{{}}} {value}", labels.join(",")),
            }
        }
    }
    out
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_a_label_may_hold_anything() {
        let samples = vec![(vec![("release", "v\\1 \"x\"\ny".to_owned())], 1)];
        let gauge = Gauge {
            name: "a",
            help: "b",
            samples,
        };
        assert_eq!(
            text(&[gauge]),
            "# HELP a b\n# TYPE a gauge\na{release=\"v\\\\1 \\\"x\\\"\\ny\"} 1\n"
        );
    }

    #[test]
    fn without_an_answer_it_is_down_and_nothing_else_is_claimed() {
        assert!(no_metrics().ends_with("\nbgmigrate_up 0\n"));
        assert_eq!(no_metrics().lines().count(), 3);
    }
}
