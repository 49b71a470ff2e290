//! Placeholders that another program fills in before the engine sees the text.

use super::lexer::Lexer;
use crate::model::Dialect;

#[derive(Clone, Copy, Default)]
/// Where a closing mark stands, as far as it was looked for.
pub(super) enum Closer {
    #[default]
    Unknown,
    At(usize),
    Nowhere,
}

/// A template's marks may lie this far apart, in bytes. What is longer was not meant as one, and taking it
/// for one would swallow statements.
const TEMPLATE_LIMIT_BYTES: usize = 2_000;

/// Whether a template may begin with this byte.
pub(super) const fn begins_template(byte: u8) -> bool {
    matches!(byte, b'{' | b'<' | b'#' | b'$')
}

impl Lexer<'_> {
    pub(super) fn template_length(&mut self) -> Option<usize> {
        match [self.peek(0), self.peek(1)] {
            [b'{', b'{'] => self.template_to(0, "}}"),
            [b'{', b'%'] => self.template_to(1, "%}"),
            // `<%` is an operator of pg_trgm, so a blank or a mark of the template language must follow.
            [b'<', b'%'] if matches!(self.peek(2), b' ' | b'=' | b'-' | b'#' | b'\n') => {
                self.template_to(2, "%>")
            }
            [b'#', b'{'] if !self.is(Dialect::Mysql) => self.braced_name(2),
            [b'$', b'{'] | [b'{', b'$'] => self.braced_name(2),
            [b'{', next] if next.is_ascii_alphabetic() || next == b'_' => self.braced_name(1),
            _ => None,
        }
    }

    pub(super) fn template_to(&mut self, which: usize, mark: &str) -> Option<usize> {
        let from = self.at + 2;
        let known = match self.closers[which] {
            Closer::At(at) if at >= from => Some(at),
            Closer::Nowhere => None,
            _ => self
                .source
                .get(from..)
                .and_then(|rest| rest.find(mark))
                .map(|length| from + length),
        };
        self.closers[which] = known.map_or(Closer::Nowhere, Closer::At);
        let length = known? + mark.len() - self.at;
        (length <= TEMPLATE_LIMIT_BYTES).then_some(length)
    }

    /// A name in braces, on one line, with what shells and Flyway allow in one: `${flyway:user}`, `${X:-1}`.
    pub(super) fn braced_name(&self, mark: usize) -> Option<usize> {
        let inside = &self.rest()[mark..];
        let length = inside
            .iter()
            .take(200)
            .take_while(|byte| !matches!(byte, b'{' | b'}' | b'\n' | b'\'' | b';'))
            .count();
        let single = mark == 1;
        let plain = !single
            || inside[..length]
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        (length > 0 && plain && inside.get(length) == Some(&b'}')).then_some(mark + length + 1)
    }
}
