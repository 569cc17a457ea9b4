//! Draws a history before it happens: its Wix and its troubles, its orders with all that will be delivered of them, and who
//! works on it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::attacks::attacks;
use super::jobs::Processes;
use super::keys::Keys;
use super::ledger::SimLedger;
use super::queue::Queues;
use super::restore::Restore;
use super::rng::Rng;
use super::scheduler::{CATALOGS, Sim};
use super::shop;
use super::trouble::Trouble;
use super::watch::Watch;
use super::{History, Profile};
use crate::world::{START, World};

impl Sim {
    pub(super) fn new(seed: u64, profile: &Profile, tell: bool, watch: Watch) -> Self {
        let mut rng = Rng::new(seed);
        let (mut trouble, config) = Trouble::draw(&mut rng, profile);
        trouble.leave_out(profile);
        let mut world = World::with_catalog(config, CATALOGS[0].clone());
        world.settings = profile.settings.clone();
        world.careless = profile.careless || profile.mute;
        world.mute = profile.mute;
        let clock = &world.clock;
        let ledger = SimLedger::new(
            clock.clone(),
            Rng::new(rng.draw()),
            trouble.ledger,
            profile.rev_condition,
        );
        let queues = Queues::new(clock.clone(), Rng::new(rng.draw()), trouble.queues);
        let keys = Keys::new(clock.clone());
        world.ledger = ledger.inner();
        // After a restore nothing is bought for up to weeks, of which every minute is walked through.
        let mut profile = profile.clone();
        if Restore::draw(seed, profile.restored).is_some() {
            profile.without.insert("months");
        }
        if profile.late {
            // What a lost ledger bought can only be looked up, and here packages are shown later than is assumed.
            profile.without.insert("restore");
        }
        let profile = &profile;
        let shared_site = rng.one_in(24);
        let (mut orders, mut deliveries) = (Vec::new(), Vec::new());
        let mut odd = Rng::new(seed.wrapping_mul(0xc2b2_ae3d_27d4_eb4f));
        let most = if profile.mute { 1 } else { 3 };
        for index in 0..=rng.index(most) {
            let (its, told) = shop::orders(&mut rng, &mut odd, index, shared_site, profile);
            if !profile.lacks(&format!("order{}", index + 1)) {
                orders.extend(its);
                deliveries.extend(told);
            }
        }
        let last = deliveries.iter().map(|delivery| delivery.at).max().unwrap_or(START);
        if rng.one_in(8) {
            let attacks = attacks(&mut rng, &deliveries);
            deliveries.extend(attacks.into_iter().filter(|_| !profile.lacks("attacks")));
        }
        let posts = deliveries
            .iter()
            .enumerate()
            .map(|(at, d)| Reverse((d.at, at)))
            .collect();
        let calm_at = last + Duration::from_secs(rng.pick(&[5, 60, 600, 86_400]));
        let mut sim = Self {
            rng,
            world,
            ledger,
            queues,
            keys,
            door: profile.door,
            watch,
            orders,
            deliveries,
            posts,
            processes: Processes::default(),
            tasks: Vec::new(),
            trouble,
            calm: false,
            calm_at,
            mend_at: None,
            operator_paused: false,
            resumes_at: None,
            away: Duration::ZERO,
            swept_at: START,
            unreachable: Arc::default(),
            failed_in_a_row: 0,
            covers: profile.coverage,
            catalog_changed: false,
            workers: 0,
            calls_told: 0,
            story: tell.then(Vec::new),
            result: History::default(),
            told: BTreeMap::new(),
            begun: BTreeSet::new(),
            replaced: BTreeSet::new(),
            restore: Restore::draw(seed, profile.restored).filter(|_| !profile.lacks("restore")),
            has_weather: !profile.lacks("weather"),
            operators: seed
                .is_multiple_of(3)
                .then(|| (Rng::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)), 12))
                .filter(|_| !profile.lacks("operators")),
        };
        let (wix, trouble) = (sim.world.look().config().idempotency, sim.trouble.clone());
        sim.tell(|| format!("Wix: keys {wix:?}; {trouble:?}"));
        sim
    }
}
