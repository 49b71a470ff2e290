//! Looks again and again, for a while, whether what was done still holds.

use super::Clock;

/// How long to look, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vigil {
    /// How long, in milliseconds.
    pub for_ms: u64,
    /// From the end of one look to the next, in milliseconds.
    pub every_ms: u64,
}

/// What a look came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look<F> {
    /// All is as it should be.
    Fine,
    /// This is not.
    Failed(F),
    /// There is nothing to watch any more, for this reason.
    Over(String),
}

/// Looks at once, then again and again, and for the last time when the time is up: what comes back is `Fine` only if
/// every look was. `look` is told how many milliseconds are left.
///
/// # Errors
/// When a look could not be taken, which is neither.
pub async fn watch<F, E>(
    vigil: Vigil,
    clock: &mut impl Clock,
    mut look: impl AsyncFnMut(u64) -> Result<Look<F>, E>,
) -> Result<Look<F>, E> {
    let end_ms = clock.now_ms().saturating_add(vigil.for_ms);
    loop {
        let left_ms = end_ms.saturating_sub(clock.now_ms());
        match look(left_ms).await? {
            Look::Fine if left_ms == 0 => return Ok(Look::Fine),
            Look::Fine => {}
            other => return Ok(other),
        }
        // A look takes its time too; what is left is only waited for.
        let left_ms = end_ms.saturating_sub(clock.now_ms());
        clock.wait_ms(vigil.every_ms.min(left_ms));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A clock that moves when it is waited on, and by what each look takes.
    struct Hands<'a>(&'a Cell<u64>);

    impl Clock for Hands<'_> {
        fn now_ms(&self) -> u64 {
            self.0.get()
        }

        fn wait_ms(&mut self, ms: u64) {
            self.0.set(self.0.get() + ms);
        }
    }

    fn complete<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(work)
    }

    /// When it was looked, if each look takes `look_ms` and the look of this number comes to something.
    fn looked(
        vigil: (u64, u64),
        look_ms: u64,
        turns: &(usize, Look<&'static str>),
    ) -> (Vec<u64>, Result<Look<&'static str>, &'static str>) {
        let now = Cell::new(0);
        let mut at = Vec::new();
        let (for_ms, every_ms) = vigil;
        let vigil = Vigil { for_ms, every_ms };
        let came = complete(watch(vigil, &mut Hands(&now), async |left_ms| {
            assert_eq!(left_ms, for_ms.saturating_sub(now.get()));
            at.push(now.get());
            now.set(now.get() + look_ms);
            if at.len() == turns.0 {
                return Ok(turns.1.clone());
            }
            Ok(Look::Fine)
        }));
        (at, came)
    }

    #[test]
    fn it_looks_at_once_then_each_time_and_when_the_time_is_up() {
        let never = (0, Look::Fine);
        let cases = [
            ((100, 25), 0, vec![0, 25, 50, 75, 100]),
            ((100, 40), 0, vec![0, 40, 80, 100]),
            ((100, 40), 5, vec![0, 45, 90, 100]),
            // A look that takes longer than all of it is not the last: that one comes when the time is up.
            ((100, 25), 300, vec![0, 300]),
            ((0, 25), 5, vec![0]),
        ];
        for (vigil, look_ms, expected) in cases {
            let (at, came) = looked(vigil, look_ms, &never);
            assert_eq!(at, expected, "{vigil:?}");
            assert_eq!(came, Ok(Look::Fine));
        }
    }

    #[test]
    fn it_ends_with_the_first_look_that_is_not_fine() {
        for turn in [Look::Failed("GET /up"), Look::Over("moved".to_owned())] {
            let (at, came) = looked((100, 25), 0, &(3, turn.clone()));
            assert_eq!(at, [0, 25, 50]);
            assert_eq!(came, Ok(turn));
        }
        let (at, came) = looked((100, 25), 0, &(5, Look::Failed("at last")));
        assert_eq!((at.len(), came), (5, Ok(Look::Failed("at last"))));
    }

    #[test]
    fn a_look_that_cannot_be_taken_is_no_verdict() {
        let now = Cell::new(0);
        let vigil = Vigil {
            for_ms: 10,
            every_ms: 1,
        };
        let gone = async |_| -> Result<Look<()>, _> { Err("the database is gone") };
        let came = complete(watch(vigil, &mut Hands(&now), gone));
        assert_eq!(came, Err("the database is gone"));
    }
}
