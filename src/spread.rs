//! Work that is spread over the cores, its results in the order of the work.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What `work` makes of each of `items`, in their order. A core takes `share` items at a time, so that a thread is
/// never started for less.
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
    let helpers = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(shares.len())
        - 1;
    let mut done = thread::scope(|scope| {
        let helpers: Vec<_> = (0..helpers).map(|_| scope.spawn(take_shares)).collect();
        let mut done = take_shares();
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
        }
    }
}
