//! Text to changes: where each statement begins and ends, what it does, and what could not be understood.
//!
//! A text is split by our own splitter (exact byte ranges, [`split`]), each statement is described from
//! sqlparser's tree or, where sqlparser does not take it, by readers of our own over the same tokens. What
//! neither understands is opaque, with the reason; it spoils itself alone.

pub mod token;
