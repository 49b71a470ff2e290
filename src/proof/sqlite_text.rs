//! What SQLite keeps nowhere but in the text of a table or an index.

/// The expressions of the CHECKs in a CREATE TABLE, with white space made even.
pub(super) fn checks(sql: &str) -> Vec<String> {
    let pieces = pieces(sql);
    let mut found = Vec::new();
    let mut rest = &pieces[..];
    while let Some(at) = rest
        .iter()
        .position(|piece| piece.eq_ignore_ascii_case("check"))
    {
        rest = &rest[at + 1..];
        if let Some(inside) = brackets(rest) {
            found.push(inside.join(" "));
            rest = &rest[inside.len()..];
        }
    }
    found
}

/// Column and collation, for each column of a CREATE TABLE that states one.
pub(super) fn collations(sql: &str) -> Vec<(String, String)> {
    let pieces = pieces(sql);
    let body = pieces
        .iter()
        .position(|piece| *piece == "(")
        .and_then(|open| brackets(&pieces[open..]));
    let parts = commas(body.unwrap_or_default());
    parts
        .iter()
        .filter_map(|part| {
            let collate = part
                .iter()
                .position(|piece| piece.eq_ignore_ascii_case("collate"))?;
            Some((
                unquoted(part.first()?).to_lowercase(),
                unquoted(part.get(collate + 1)?).to_lowercase(),
            ))
        })
        .collect()
}

/// The columns or expressions of a CREATE INDEX, and the predicate that it may have.
pub(super) fn index(sql: &str) -> (Vec<String>, Option<String>) {
    let pieces = pieces(sql);
    let Some(open) = pieces.iter().position(|piece| *piece == "(") else {
        return (Vec::new(), None);
    };
    let inside = brackets(&pieces[open..]).unwrap_or_default();
    let ordering =
        |piece: &&str| piece.eq_ignore_ascii_case("asc") || piece.eq_ignore_ascii_case("desc");
    let columns = commas(inside).into_iter().map(|part| {
        let length = part.len() - usize::from(part.last().is_some_and(ordering));
        part[..length].join(" ")
    });
    // Behind the brackets stands nothing or WHERE with the predicate.
    let predicate = pieces[open..]
        .get(inside.len() + 3..)
        .filter(|predicate| !predicate.is_empty());
    (
        columns.collect(),
        predicate.map(|predicate| predicate.join(" ")),
    )
}

/// What stands between the bracket that `pieces` begins with and the one that closes it.
fn brackets<'p, 's>(pieces: &'p [&'s str]) -> Option<&'p [&'s str]> {
    let mut depth = 0_usize;
    let end = pieces.iter().position(|piece| {
        match *piece {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })?;
    pieces.get(1..end)
}

/// The parts between the commas that stand in no brackets.
fn commas<'p, 's>(pieces: &'p [&'s str]) -> Vec<&'p [&'s str]> {
    let mut depth = 0_usize;
    pieces
        .split(|piece| {
            match *piece {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && *piece == ","
        })
        .collect()
}

fn unquoted(piece: &str) -> String {
    piece.trim_matches(['"', '`', '[', ']', '\'']).to_owned()
}

/// Words, quoted texts, operators and single signs; comments and white space are left out.
fn pieces(sql: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' | '`' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ if is_word(first) => run(rest, is_word),
            _ if is_operator(first) => run(rest, is_operator),
            _ => first.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        if !piece.starts_with("--") && !piece.starts_with("/*") {
            pieces.push(piece);
        }
        rest = after.trim_start();
    }
    pieces
}

fn run(text: &str, belongs: fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || c == '.'
}

fn is_operator(c: char) -> bool {
    matches!(c, '<' | '>' | '=' | '!' | '|')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_and_collations_are_read_out_of_the_text_of_a_table() {
        let sql = "CREATE TABLE t (a INT CHECK (a>0), -- check (b)\n b TEXT DEFAULT 'check (x)' COLLATE NOCASE,\n \
                   CONSTRAINT c CHECK(length(b)  IN (1,2) OR a != 3))";
        assert_eq!(
            checks(sql),
            ["a > 0", "length ( b ) IN ( 1 , 2 ) OR a != 3"]
        );
        assert_eq!(collations(sql), [("b".to_owned(), "nocase".to_owned())]);
    }

    #[test]
    fn expressions_and_predicate_are_read_out_of_the_text_of_an_index() {
        let (columns, predicate) =
            index("CREATE UNIQUE INDEX i ON t (lower(b) DESC, \"c\")\nWHERE c > 1");
        assert_eq!(columns, ["lower ( b )", "\"c\""]);
        assert_eq!(predicate.as_deref(), Some("c > 1"));
        assert_eq!(index("CREATE INDEX i ON t(a, b)").1, None);
    }
}
