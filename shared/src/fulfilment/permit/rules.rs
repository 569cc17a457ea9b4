//! The rules: what a process tries next for a permit, and what Wix's throttling does to the limit.

use std::time::Duration;

use super::{Ask, Class, LAST, Pause, Permit, Switch, Terms, pause_of};
use crate::ledger::limit::{Change, Limit, Step, Take, Turned, Window};
use crate::time::Timestamp;

/// How many windows after Wix throttled, or after the limit rose last, it rises by one call a window: a minute.
const RISES_AFTER: i64 = 12;

/// Answers 429 within so many windows are about the same calls: the limit is halved once.
const ONE_THROTTLING: i64 = 2;

/// How many windows nobody calls at the most, whatever Wix asks for: a minute.
const LONGEST_REST: i64 = 12;

/// A window that is opened so far ahead was opened by a clock that is wrong.
const FAR: i64 = LONGEST_REST + 3;

/// What to do about a permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Try this change. Done, it gives this permit; refused, it answers with the item as it is.
    Try(Change, Permit),
    /// There are no calls for this class before this time.
    Full(Timestamp),
    /// Nobody calls Wix.
    Paused(Pause),
    /// Nothing is bought, since then.
    Braked(Turned),
    /// More was bought in this hour than an hour may have: put the brake on.
    Brake(Change),
}

/// What a process tries for a permit. `seen` is the item as it was seen last (`None`: there is none as far as is known),
/// and `fresh` says that it is the answer of a moment ago: what forbids calls for long is believed only then.
pub fn verdict(ask: &Ask, seen: Option<&Limit>, fresh: bool, terms: &Terms, home: &str, now: Timestamp) -> Verdict {
    let here = Window::of(now);
    let Some(seen) = seen else {
        let begun = Limit::new(home, terms.top, here);
        return replaced(ask, None, begun, terms, now);
    };
    // The audit reads, and a restored ledger is audited before anybody resumes.
    let is_restored = seen.home != home && ask.class != Class::Audit;
    let is_braked = ask.units > 0 && seen.braked.is_some();
    if let (true, Some(stop)) = (fresh, stop(seen, home, is_restored, is_braked)) {
        return stop;
    }
    let is_stopped = is_restored || is_braked || seen.paused.is_some();
    let is_far = seen.window.after(here) > FAR;
    let wanted = if is_far { here } else { here.max(seen.window) };
    if !is_stopped && (seen.top != terms.top || is_far) {
        return replaced(ask, Some(seen.rev), corrected(seen, is_far, terms, here), terms, now);
    }
    let step = Step::between(seen.window, wanted);
    let same_hour = seen.window >= wanted.hour();
    if !is_stopped && ask.units > 0 && same_hour && seen.bought >= terms.most {
        return Verdict::Brake(braked(seen, terms, now));
    }
    if !is_stopped && step != Step::Same && seen.cap < seen.top && rise(seen, wanted) > 0 {
        return replaced(ask, Some(seen.rev), risen(seen, wanted), terms, now);
    }
    match take(ask, seen, wanted, terms, home, now) {
        Ok((take, permit)) => Verdict::Try(Change::Take(take), permit),
        // The item that says so is known to be so: within a window calls only become fewer.
        Err(until) => Verdict::Full(until),
    }
}

fn stop(seen: &Limit, home: &str, is_restored: bool, is_braked: bool) -> Option<Verdict> {
    let own = if is_restored { home } else { &seen.home };
    let pause = pause_of(seen, own);
    let braked = seen.braked.clone().filter(|_| is_braked);
    pause.map(Verdict::Paused).or_else(|| braked.map(Verdict::Braked))
}

/// The update that takes the calls of a window, and the permit that it gives; else when there may be some.
fn take(
    ask: &Ask,
    seen: &Limit,
    window: Window,
    terms: &Terms,
    home: &str,
    now: Timestamp,
) -> Result<(Take, Permit), Timestamp> {
    let step = Step::between(seen.window, window);
    let (left, next) = seen.at(step);
    // Of a window that has not come by this clock nothing is kept free for later.
    let is_last = now + LAST >= window.ends();
    let leave = if is_last { 0 } else { ask.class.leaves(seen.cap) };
    let most = seen.cap.saturating_sub(leave).max(1);
    let whole = ask.calls.saturating_add(ask.then).min(most);
    let is_split = is_last && ask.then > 0;
    // Who waits anyway takes what follows from the next window; who does not has both, as far as there are so many.
    let (calls, ahead) = match ask.class {
        Class::Sweep | Class::Audit if is_split => (ask.calls.min(most), ask.then.min(seen.cap)),
        Class::Begun | Class::Fresh if is_split && left < whole => (ask.calls.min(most), ask.then.min(seen.cap)),
        Class::Begun | Class::Fresh if is_split => (whole, ask.then.min(seen.cap).min(next)),
        Class::Begun | Class::Fresh | Class::Sweep | Class::Audit => (whole, 0),
    };
    if left < calls.saturating_add(leave) || next < ahead {
        let only_kept = left >= calls && !is_last;
        let until = if only_kept { window.ends() - LAST } else { window.ends() };
        return Err(until.max(now + Duration::from_millis(1)));
    }
    let take = Take {
        window,
        step,
        new_hour: step != Step::Same && seen.window < window.hour(),
        calls,
        ahead,
        leave,
        units: ask.units,
        most: terms.most,
        top: terms.top,
        home: if ask.class == Class::Audit {
            seen.home.clone()
        } else {
            home.to_owned()
        },
    };
    Ok((take, Permit::new(window, calls, ahead)))
}

/// The item replaced by another one, of which the calls are taken at once.
fn replaced(ask: &Ask, seen: Option<u64>, mut item: Limit, terms: &Terms, now: Timestamp) -> Verdict {
    let window = Window::of(now).max(item.window);
    let home = item.home.clone();
    let mut permit = Permit::default();
    if let Ok((take, given)) = take(ask, &item, window, terms, &home, now)
        && let Some(taken) = take.from(&item)
    {
        (item, permit) = (taken, given);
    }
    item.rev = seen.map_or(1, |seen| seen + 1);
    let item = Box::new(item);
    Verdict::Try(Change::Put { seen, item }, permit)
}

/// The item with the configured limit, and in the present.
fn corrected(seen: &Limit, is_far: bool, terms: &Terms, here: Window) -> Limit {
    let mut item = seen.clone();
    if is_far {
        // Whose clock it was may have given calls: this window has none.
        (item.window, item.left, item.moved) = (here, 0, here);
    }
    if item.top != terms.top {
        let used = item.cap.saturating_sub(item.left);
        let given = item.cap.saturating_sub(item.next);
        (item.top, item.cap) = (terms.top, terms.top);
        item.left = terms.top.saturating_sub(used);
        item.next = terms.top.saturating_sub(given);
        item.moved = here;
    }
    item
}

/// By how many calls the limit has risen in a window.
const fn rise(seen: &Limit, window: Window) -> i64 {
    window.after(seen.moved) / RISES_AFTER
}

fn risen(seen: &Limit, window: Window) -> Limit {
    let by = u32::try_from(rise(seen, window)).unwrap_or(u32::MAX);
    let cap = seen.cap.saturating_add(by).min(seen.top);
    let given = seen.cap.saturating_sub(seen.next);
    Limit {
        cap,
        next: cap.saturating_sub(given),
        moved: window,
        ..seen.clone()
    }
}

/// The item after Wix answered 429: nobody calls any more in this window, nor before Wix wants it, and a window has half
/// as many calls. `None` where that is so already.
pub fn after_throttling(seen: &Limit, retry_after: Option<Duration>, now: Timestamp) -> Option<Limit> {
    let here = Window::of(now);
    let wanted = Window::of(now + retry_after.unwrap_or_default());
    let rest = if wanted.after(here) > LONGEST_REST {
        here.plus(LONGEST_REST)
    } else {
        wanted
    };
    let window = rest.max(seen.window);
    let is_known = here.after(seen.slowed).abs() < ONE_THROTTLING;
    if is_known && window == seen.window && seen.left == 0 {
        return None;
    }
    let cap = if is_known { seen.cap } else { (seen.cap / 2).max(1) };
    let given = if window == seen.window {
        seen.cap.saturating_sub(seen.next)
    } else {
        0
    };
    Some(Limit {
        rev: seen.rev + 1,
        window,
        left: 0,
        next: cap.saturating_sub(given),
        cap,
        moved: if is_known { seen.moved } else { here },
        slowed: if is_known { seen.slowed } else { here },
        // What was bought is of the hour that it was bought in.
        bought: if seen.window < window.hour() { 0 } else { seen.bought },
        ..seen.clone()
    })
}

fn braked(seen: &Limit, terms: &Terms, now: Timestamp) -> Change {
    let braked = Turned {
        by: "max_purchases_per_hour".to_owned(),
        reason: format!(
            "{} units were bought in one hour, and the catalog allows {}",
            seen.bought, terms.most
        ),
        at: now,
    };
    Change::Put {
        seen: Some(seen.rev),
        item: Box::new(Limit {
            rev: seen.rev + 1,
            braked: Some(braked),
            ..seen.clone()
        }),
    }
}

/// The item after an operator turned the switch; `None` where it stands so already. Who paused first stays named.
pub fn switched(seen: Option<&Limit>, switch: &Switch, home: &str, top: u32, now: Timestamp) -> Option<Limit> {
    let turned = Turned {
        by: switch.by.clone(),
        reason: switch.reason.clone(),
        at: now,
    };
    match (seen, switch.pauses) {
        (None, true) => Some(Limit {
            paused: Some(turned),
            ..Limit::new(home, top, Window::of(now))
        }),
        (None, false) => None,
        (Some(seen), true) => seen.paused.is_none().then(|| Limit {
            rev: seen.rev + 1,
            paused: Some(turned),
            ..seen.clone()
        }),
        (Some(seen), false) => {
            let stands = pause_of(seen, home).is_some() || seen.braked.is_some();
            stands.then(|| resumed(seen, home, now))
        }
    }
}

/// The item after an operator resumed: no pause, no brake, the count begins again, and a restored ledger is at home. Which
/// table that is may not have been looked at yet: the ID of the one before says nothing any more.
pub(super) fn resumed(seen: &Limit, home: &str, now: Timestamp) -> Limit {
    Limit {
        restored: if seen.home == home { seen.restored } else { Some(now) },
        home: home.to_owned(),
        table: seen.table.clone().filter(|_| seen.home == home),
        rev: seen.rev + 1,
        bought: 0,
        paused: None,
        braked: None,
        ..seen.clone()
    }
}

/// The item in a table of this ID; `None` where that is known. A table that was restored under its old name has another ID than
/// the one that wrote the item: then nobody calls Wix until somebody resumes.
pub fn in_table(seen: &Limit, table: &str) -> Option<Limit> {
    let home = match &seen.table {
        Some(known) if known == table => return None,
        Some(known) => format!("{} ({known})", seen.home),
        None => seen.home.clone(),
    };
    Some(Limit {
        home,
        rev: seen.rev + 1,
        table: Some(table.to_owned()),
        ..seen.clone()
    })
}
