//! How many states of one version are kept beside each other, so that a record stays one that can be written.

/// The most states of one version that are kept.
pub(super) const MAX_STATES: usize = 4;
/// The most lines that the states of one version may have together. The first state is always kept.
pub(super) const MAX_LINES: usize = 2_000;

/// How many of the first states are kept. A prefix of the sorted states stays one under any further merge, which keeps
/// the merge associative.
pub(super) fn kept(lines: impl Iterator<Item = usize>) -> usize {
    let mut sum = 0_usize;
    let fits = lines.take(MAX_STATES).enumerate().take_while(|(at, lines)| {
        sum = sum.saturating_add(*lines);
        *at == 0 || sum <= MAX_LINES
    });
    fits.count()
}
