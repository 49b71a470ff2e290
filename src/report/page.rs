//! Where everything stands as one page, whole in itself: nothing is fetched from anywhere but where it came from.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::board::{PHASES, Traffic, minute, span, status_name};
use super::guard::guard_line;
use super::record::subject;
use super::{Board, Paint, line};
use crate::gate::{Role, Slot, SlotId};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// What a browser may do with the page, as the value of `Content-Security-Policy`: run this very script, use this very
/// style, and ask its own server.
pub fn content_security() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// All of it; `recent` are the last events of the history, the newest last.
pub fn page(board: &Board<'_>, recent: &[Value]) -> String {
    let mut main = String::new();
    head(
        &mut main,
        board.target,
        &format!("as of {}", board.sight.now.format("%Y-%m-%d %H:%M:%S UTC")),
    );
    notes(&mut main, board);
    slots(&mut main, board);
    pending(&mut main, board);
    events(&mut main, recent);
    let (standing, dialect) = board.guard;
    let guard = guard_line(standing, dialect, Paint(false));
    line!(main, "<p class=\"soft\">{}</p>", escaped(&guard));
    let live: Vec<_> = board
        .state
        .serving()
        .filter(|(_, slot)| slot.role == Role::Live)
        .map(|(id, slot)| format!("{} in {}", slot.version, id.slot))
        .collect();
    let title = if live.is_empty() {
        "nothing is live".to_owned()
    } else {
        live.join(", ")
    };
    whole(&title, &main)
}

/// What there is to show when the record could not be asked.
pub fn no_page(target: &str, why: &str) -> String {
    let mut main = String::new();
    head(&mut main, target, "not reached");
    line!(
        main,
        "<p class=\"note bad\" role=\"alert\">The record could not be asked: {}</p>",
        escaped(why)
    );
    whole("not reached", &main)
}

fn whole(title: &str, main: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{} · bgmigrate</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <div id=\"stale\" role=\"alert\">This page is out of date: its server does not answer.</div>\n\
         <main>\n{main}</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        escaped(title)
    )
}

fn head(out: &mut String, target: &str, when: &str) {
    line!(
        out,
        "<header><h1>bgmigrate</h1><span class=\"soft\">{} · {}</span></header>",
        escaped(target),
        escaped(when)
    );
}

/// What somebody has to know, or to do something about.
fn notes(out: &mut String, board: &Board<'_>) {
    let mut note = |class: &str, text: String| {
        line!(out, "<p class=\"note {class}\" role=\"status\">{text}</p>");
    };
    for (service, cutover) in &board.state.cutovers {
        note(
            "wait",
            format!(
                "A cutover of {} to <b>{}</b> is under way since {}. If nobody is at it, <code>bgmigrate resume</code> \
                 finishes or undoes it.",
                escaped(service),
                escaped(&cutover.to),
                minute(cutover.since)
            ),
        );
    }
    for (service, traffic) in board.traffic() {
        let service = escaped(service);
        match traffic {
            Traffic::Differs(_, refusal) => note(
                "bad",
                format!(
                    "{}: <code>{}</code>.",
                    escaped(&refusal.reason),
                    escaped(&refusal.unblock)
                ),
            ),
            Traffic::Unknown(why) => note(
                "bad",
                format!(
                    "The router of {service} could not be asked: {}",
                    escaped(&why)
                ),
            ),
            Traffic::Agrees(_) | Traffic::Moving(_) => {}
        }
    }
    if let Some(holder) = board.holder {
        note("wait", format!("At work: {}", escaped(holder)));
    }
}

fn slots(out: &mut String, board: &Board<'_>) {
    let mut services: Vec<_> = board.state.serving().map(|(id, _)| &id.service).collect();
    services.dedup();
    if services.is_empty() {
        line!(out, "<h2>Slots</h2>");
        line!(out, "<p class=\"note\">No release is recorded yet.</p>");
    }
    for service in services {
        let traffic = board.traffic().find(|(name, _)| name == service);
        let traffic = traffic.map_or_else(String::new, |(_, traffic)| chip_of(&traffic));
        line!(out, "<h2>{} {traffic}</h2>", escaped(service));
        line!(out, "<div class=\"slots\">");
        for (id, slot) in board.state.of(service) {
            card(out, board, id, slot);
        }
        line!(out, "</div>");
    }
}

fn chip_of(traffic: &Traffic) -> String {
    let (class, text) = match traffic {
        Traffic::Agrees(at) => ("agrees", format!("traffic goes to {at}")),
        Traffic::Moving(at) => ("moving", format!("moving: {at}")),
        Traffic::Differs(at, _) => ("differs", format!("traffic goes to {at}")),
        Traffic::Unknown(_) => ("unknown", "nobody can tell".to_owned()),
    };
    format!("<span class=\"chip {class}\">{}</span>", escaped(&text))
}

fn card(out: &mut String, board: &Board<'_>, id: &SlotId, slot: &Slot) {
    let role = slot.role.name();
    line!(
        out,
        "<section class=\"slot {role}\" aria-label=\"slot {}\">",
        escaped(&id.slot)
    );
    line!(
        out,
        "<h3>{} <span class=\"chip {role}\">{role}</span></h3>",
        escaped(&id.slot)
    );
    line!(
        out,
        "<div class=\"release\">{}</div>",
        escaped(&slot.version)
    );
    line!(
        out,
        "<div class=\"soft\">since {}</div>",
        minute(slot.since)
    );
    if let Some(at) = slot.smoked {
        line!(
            out,
            "<div class=\"soft\">smoke test passed {}</div>",
            minute(at)
        );
    }
    match board.window(slot) {
        Some((until, left)) => {
            let whole_s = board.sight.policy.rollback_window.num_seconds();
            line!(
                out,
                "<div>rollback possible, window until {}</div>",
                minute(until)
            );
            line!(
                out,
                "<meter min=\"0\" max=\"{whole_s}\" value=\"{}\" aria-label=\"rollback window left\"></meter>",
                left.num_seconds()
            );
            line!(out, "<div class=\"soft\">{} left</div>", span(left));
        }
        None if slot.role == Role::Standby => {
            line!(
                out,
                "<div>rollback possible; its window has passed: <code>bgmigrate retire {}</code></div>",
                escaped(&id.slot)
            );
        }
        None => {}
    }
    line!(out, "</section>");
}

fn pending(out: &mut String, board: &Board<'_>) {
    let all = board.steps.len();
    line!(
        out,
        "<h2>Migrations <span class=\"soft\">{} of {all} applied</span></h2>",
        board.applied()
    );
    if board.pending().next().is_none() {
        line!(out, "<p class=\"note\">Nothing is pending.</p>");
        return;
    }
    line!(
        out,
        "<div class=\"wide\"><table><thead><tr><th>phase</th><th>migration</th><th>state</th><th>waits for</th></tr></thead><tbody>"
    );
    for phase in PHASES {
        for (step, how) in board.pending().filter(|(step, _)| step.phase == phase) {
            let status = how.map_or("pending", status_name);
            let mut waits = String::new();
            for refusal in board.held(step) {
                let until = refusal
                    .until
                    .map(|until| format!(", until {}", minute(until)));
                let _ = write!(
                    waits,
                    "<div>{}{}: <code>{}</code></div>",
                    escaped(&refusal.reason),
                    until.unwrap_or_default(),
                    escaped(&refusal.unblock)
                );
            }
            line!(
                out,
                "<tr><td>{phase}</td><td><code>{}</code></td><td><span class=\"chip {status}\">{status}</span></td><td>{waits}</td></tr>",
                escaped(&step.file)
            );
        }
    }
    line!(out, "</tbody></table></div>");
}

fn events(out: &mut String, recent: &[Value]) {
    if recent.is_empty() {
        return;
    }
    line!(out, "<h2>Lately</h2>");
    line!(
        out,
        "<div class=\"wide\"><table><thead><tr><th>when</th><th>what</th><th>about</th><th>who</th></tr></thead><tbody>"
    );
    for event in recent.iter().rev() {
        let text = |key: &str| escaped(event[key].as_str().unwrap_or_default());
        let at = text("at");
        let at = at.get(..19).unwrap_or(&at).replace('T', " ");
        line!(
            out,
            "<tr><td class=\"soft\">{at}</td><td>{}</td><td>{}</td><td class=\"soft\">{}</td></tr>",
            text("event"),
            escaped(&subject(event)),
            text("actor")
        );
    }
    line!(out, "</tbody></table></div>");
}

/// As text or as the value of an attribute in HTML.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_record_is_text_and_never_markup() {
        let page = no_page("<b>'db'</b>", "\"</main><script>alert(1)</script>\" & more");
        assert!(page.contains("&lt;b&gt;&#39;db&#39;&lt;/b&gt;"), "{page}");
        assert!(!page.contains("alert(1)</script>"), "{page}");
        assert_eq!(page.matches("<script>").count(), 1);
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        let page = no_page("db", "it is gone");
        for elsewhere in ["http:", "https:", "src=", "@import", "url("] {
            assert!(!page.contains(elsewhere), "{elsewhere}");
        }
    }
}
