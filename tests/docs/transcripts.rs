//! Transcripts: in a fenced `console` block each line that starts with `$ ` is a command, and what stands below it is
//! what it prints.

const OPEN: &str = "```console";
const CLOSE: &str = "```";
const PROMPT: &str = "$ ";

pub(crate) fn has_any(text: &str) -> bool {
    text.lines().any(|line| line == OPEN)
}

/// The text with what each command prints now.
pub(crate) fn renewed(text: &str, run: impl Fn(&str) -> String) -> String {
    let mut renewed = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        renewed.push_str(line);
        renewed.push('\n');
        if line == OPEN {
            let block: Vec<_> = lines.by_ref().take_while(|line| *line != CLOSE).collect();
            renewed.push_str(&transcript(&commands(&block), &run));
            renewed.push_str("```\n");
        }
    }
    renewed
}

/// The commands of a block; one that ends with a backslash goes on in the next line.
fn commands(block: &[&str]) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in block {
        if goes_on {
            let command = commands.last_mut().unwrap();
            command.push('\n');
            command.push_str(line);
            goes_on = line.ends_with('\\');
        } else if let Some(command) = line.strip_prefix(PROMPT) {
            commands.push(command.to_owned());
            goes_on = command.ends_with('\\');
        }
    }
    assert!(
        !commands.is_empty(),
        "a console block without a command: {block:?}"
    );
    commands
}

fn transcript(commands: &[String], run: &impl Fn(&str) -> String) -> String {
    let each = commands.iter().map(|command| {
        let printed = run(command);
        let lines: Vec<_> = printed.trim_end().lines().map(str::trim_end).collect();
        let printed = if lines.is_empty() {
            String::new()
        } else {
            lines.join("\n") + "\n"
        };
        format!("{PROMPT}{command}\n{printed}")
    });
    each.collect::<Vec<_>>().join("\n")
}

#[test]
fn only_what_stands_below_a_command_is_renewed() {
    let text =
        "# A\n\n```console\n$ one \\\n  two\nold\n\n$ three\n```\n\n```sh\n$ not this\n```\n";
    let renewed = renewed(text, |command| {
        format!("<{}>\n", command.replace('\n', " "))
    });
    let expected = "# A\n\n```console\n$ one \\\n  two\n<one \\   two>\n\n$ three\n<three>\n```\n\n```sh\n$ not this\n```\n";
    assert_eq!(renewed, expected);
}
