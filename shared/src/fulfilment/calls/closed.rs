//! What a person has closed about instances: it stays closed, and is opened again when what it stands on has moved.

use super::change::{change_of, is_kept, is_stopped, moves_of};
use crate::fulfilment::record::{Change, HeldPackage, Holder, OrderRecord, RecordError};
use crate::fulfilment::view::View;
use crate::time::Timestamp;

/// A person has settled the problem of these instances. Of one that floats it is about the site of now.
pub(crate) fn close(record: &mut OrderRecord, holder: &Holder, instances: &[usize]) -> Result<(), RecordError> {
    let moves: Vec<u32> = instances.iter().map(|at| moves_of(record, holder, *at)).collect();
    let held = record.held_mut(holder)?;
    held.close(instances);
    for (at, moves) in instances.iter().zip(moves) {
        let floats = held
            .instances()
            .get(*at)
            .is_some_and(|instance| instance.site().is_none());
        if floats {
            held.reach(*at, Change::Move, moves);
        }
    }
    Ok(())
}

/// Opens again what a person has closed and what stands on another desired state by now: an instance whose refused change
/// is not the one that it needs, or that floats and is to be on another site than the one that was refused.
pub(crate) fn reopen_moved(record: &mut OrderRecord, now: Timestamp) -> Result<(), RecordError> {
    let is_closed = |held: &HeldPackage| {
        let mut instances = held.instances().iter();
        !held.is_gone() && !held.is_unread() && instances.any(|i| i.is_closed() && !i.has_ended())
    };
    if !record.holdings().any(|(_, _, held)| is_closed(held)) {
        return Ok(());
    }
    let view = View::of(record, now);
    type Stale = Vec<(usize, Option<u32>)>;
    let mut moved: Vec<(Holder, Stale)> = Vec::new();
    for (holder, _, held) in record.holdings().filter(|(_, _, held)| is_closed(held)) {
        let Some(purchase) = record.purchase_of(&holder) else {
            continue;
        };
        let each = held
            .instances()
            .iter()
            .enumerate()
            .filter(|(_, i)| i.is_closed() && !i.has_ended());
        let mut stale = Vec::new();
        for (at, instance) in each {
            let moves = moves_of(record, &holder, at);
            let floats = instance.site().is_none();
            // It stays without its site, whatever else is asked for meanwhile: an adjustment, a state that is unclear.
            let kept = || {
                let item = record.item_of(&holder, purchase, at);
                item.is_some_and(|item| is_kept(&view, &holder, purchase, item, instance))
            };
            let stays_off = floats && is_stopped(record, instance, Change::Assign) && kept();
            let needed = change_of(&view, &holder, purchase, at, instance);
            if floats && instance.reached(Change::Move) < moves {
                stale.push((at, Some(moves)));
            } else if !stays_off && !needed.is_some_and(|(change, ..)| is_stopped(record, instance, change)) {
                stale.push((at, None));
            }
        }
        moved.push((holder, stale));
    }
    for (holder, stale) in moved {
        let held = record.held_mut(&holder)?;
        for (at, moves) in stale {
            held.reopen(at);
            // Where it is to be now is what its problem is about from here on.
            if let Some(turn) = moves {
                held.reach(at, Change::Move, turn);
            }
        }
    }
    Ok(())
}
