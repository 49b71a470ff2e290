//! Work that is spread over the cores, its results in the order of the work.

use std::cmp::Reverse;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use std::thread;

/// What `work` makes of each of `items`, in their order. A core takes `share` items at a time, so that a thread is
/// never started for less. Work that is spread inside of spread work takes only the cores that are idle.
pub(crate) fn spread<'a, T: Sync, R: Send>(
    items: &'a [T],
    share: usize,
    work: impl Fn(&'a T) -> R + Sync,
) -> Vec<R> {
    let shares: Vec<_> = items.chunks(share).collect();
    if shares.len() < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take_shares = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(share) = shares.get(at) else {
                return done;
            };
            done.push((at, share.iter().map(&work).collect::<Vec<_>>()));
        }
    };
    let mut done = thread::scope(|scope| {
        let helpers: Vec<_> = (1..shares.len())
            .map_while(|_| Core::idle())
            .map(|core| {
                scope.spawn(|| {
                    let done = take_shares();
                    drop(core);
                    done
                })
            })
            .collect();
        let mut done = take_shares();
        if helpers.is_empty() {
            return done;
        }
        // While this thread waits, its core may serve what the helpers spread in turn.
        let _lent = Core::lend();
        for helper in helpers {
            done.extend(
                helper
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

/// As [`spread`], one item at a time, those with the greatest `weight` first: else the greatest might be left to one
/// core alone at the end.
pub(crate) fn spread_heaviest_first<'a, T: Sync, R: Send>(
    items: &'a [T],
    weight: impl Fn(&T) -> usize,
    work: impl Fn(&'a T) -> R + Sync,
) -> Vec<R> {
    let mut order: Vec<_> = items.iter().enumerate().collect();
    order.sort_by_cached_key(|(_, item)| Reverse(weight(item)));
    let mut done = spread(&order, 1, |(at, item)| (*at, work(item)));
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// A core besides that of the main thread, taken for one thread.
struct Core;

/// How many cores work besides that of the main thread.
static TAKEN: AtomicIsize = AtomicIsize::new(0);

impl Core {
    fn idle() -> Option<Self> {
        /// To ask the system takes as long as starting a thread.
        static OTHERS: LazyLock<isize> = LazyLock::new(|| {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            isize::try_from(cores - 1).unwrap_or(isize::MAX)
        });
        let taken = TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            (taken < *OTHERS).then_some(taken + 1)
        });
        // Made only where one was taken: dropped, it gives one back.
        taken.is_ok().then(|| Self)
    }

    /// Gives this thread's own core away for a while.
    fn lend() -> LentCore {
        TAKEN.fetch_sub(1, Ordering::Relaxed);
        LentCore
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        TAKEN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// This thread's own core, while the thread waits.
struct LentCore;

impl Drop for LentCore {
    fn drop(&mut self) {
        TAKEN.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_keep_the_order_of_the_work() {
        for count in [0, 1, 7, 64, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<_> = items.iter().map(|item| item * 2).collect();
            for share in [1, 64] {
                assert_eq!(spread(&items, share, |item| item * 2), doubled);
            }
            let by_last_digit = spread_heaviest_first(&items, |item| item % 10, |item| item * 2);
            assert_eq!(by_last_digit, doubled);
        }
    }

    #[test]
    fn spread_work_does_not_start_more_threads_than_there_are_cores() {
        let (working, most) = (AtomicIsize::new(0), AtomicIsize::new(0));
        let work = |_: &usize| {
            let now = working.fetch_add(1, Ordering::Relaxed) + 1;
            most.fetch_max(now, Ordering::Relaxed);
            thread::sleep(std::time::Duration::from_micros(100));
            working.fetch_sub(1, Ordering::Relaxed);
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let items: Vec<usize> = (0..20 * cores).collect();
        spread(&items, 1, |_| {
            spread(&items, 1, work);
        });
        let most = usize::try_from(most.into_inner()).unwrap();
        // A thread that has waited goes on while the core that it lent may still be in use.
        assert!(most <= 2 * cores, "{most} threads on {cores} cores");
    }

    #[test]
    fn spread_work_may_spread_its_own_work() {
        let items: Vec<usize> = (0..100).collect();
        let sums = spread(&items, 1, |item| -> usize {
            spread(&items, 1, |other| item * other).into_iter().sum()
        });
        let expected: Vec<usize> = items.iter().map(|item| item * 4950).collect();
        assert_eq!(sums, expected);
    }
}
