//! Queues as SQS has them: what was accepted comes at least once, in any order, in batches; what was received and not
//! deleted comes again, five times, and is then a dead letter. They fail: before they stored, after, and for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use reseller_hooks::queue::{Queue, QueueError};
use reseller_hooks::storefront::OrderQueue;
use reseller_hooks::time::{Clock, Timestamp};

use super::rng::Rng;
use crate::world::{VirtualClock, yield_once};

/// How long a message that was received is hidden, and how often it is received before it is a dead letter: as in the
/// template.
const VISIBILITY: Duration = Duration::from_secs(360);
const MOST_RECEIVES: u32 = 5;

/// One of the queues, as `webhook` sees it; `None` is the queue for parked deliveries.
#[derive(Clone)]
pub(super) struct SimQueue {
    trigger: Option<OrderQueue>,
    queues: Queues,
}

/// All queues of a history.
#[derive(Clone)]
pub(super) struct Queues {
    clock: VirtualClock,
    state: Arc<Mutex<State>>,
}

struct State {
    rng: Rng,
    /// So many sends of a thousand fail, or are stored twice.
    permille: u32,
    away_until: Timestamp,
    next: u64,
    messages: Vec<Message>,
    dead: Vec<Message>,
    /// An operator redrives dead letters as they come.
    redrives: bool,
    parked: Vec<String>,
    kept: Vec<String>,
    /// What was stored since it was asked last.
    stored: Vec<String>,
    story: Vec<String>,
}

struct Message {
    id: u64,
    trigger: OrderQueue,
    body: String,
    visible_at: Timestamp,
    received: u32,
}

impl Queues {
    /// Empty queues.
    pub(super) fn new(clock: VirtualClock, rng: Rng, permille: u32) -> Self {
        let state = State {
            rng,
            permille,
            away_until: Timestamp::EPOCH,
            next: 0,
            messages: Vec::new(),
            dead: Vec::new(),
            redrives: false,
            parked: Vec::new(),
            kept: Vec::new(),
            stored: Vec::new(),
            story: Vec::new(),
        };
        Self {
            clock,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// The queue of a trigger, or the one for parked deliveries.
    pub(super) fn queue(&self, trigger: Option<OrderQueue>) -> SimQueue {
        SimQueue {
            trigger,
            queues: self.clone(),
        }
    }

    /// Nothing fails from now on; dead letters are redriven, some of them after days.
    pub(super) fn calm(&self) {
        let mut state = self.state();
        state.permille = 0;
        state.away_until = Timestamp::EPOCH;
        state.redrives = true;
        state.redrive(self.clock.now());
    }

    /// They take nothing for a while.
    pub(super) fn go_away(&self, until: Timestamp) {
        self.state().away_until = until;
    }

    /// When the next message can be received.
    pub(super) fn next_visible(&self) -> Option<Timestamp> {
        self.state().messages.iter().map(|message| message.visible_at).min()
    }

    /// Receives a batch of up to `most` messages of a queue: their IDs, and the event that a worker gets.
    pub(super) fn receive(&self, trigger: OrderQueue, most: usize) -> Option<(Vec<u64>, SqsEvent)> {
        let now = self.clock.now();
        let mut state = self.state();
        let state = &mut *state;
        let mut visible: Vec<usize> = (0..state.messages.len())
            .filter(|at| state.messages[*at].trigger == trigger && state.messages[*at].visible_at <= now)
            .collect();
        let mut ids = Vec::new();
        let mut event = SqsEvent::default();
        let mut over = Vec::new();
        while !visible.is_empty() && ids.len() < most {
            let at = visible.swap_remove(state.rng.index(visible.len()));
            let message = &mut state.messages[at];
            if message.received >= MOST_RECEIVES {
                over.push(message.id);
                continue;
            }
            message.received += 1;
            message.visible_at = now + VISIBILITY;
            ids.push(message.id);
            let mut record = SqsMessage::default();
            record.message_id = Some(message.id.to_string());
            record.body = Some(message.body.clone());
            event.records.push(record);
        }
        for id in over {
            if let Some(at) = state.messages.iter().position(|message| message.id == id) {
                state.story.push(format!("message {id} becomes a dead letter"));
                let message = state.messages.remove(at);
                state.dead.push(message);
            }
        }
        if state.redrives {
            state.redrive(now);
        }
        (!ids.is_empty()).then_some((ids, event))
    }

    /// Deletes what a worker has consumed.
    pub(super) fn delete(&self, ids: impl Iterator<Item = u64>) {
        let mut state = self.state();
        for id in ids {
            state.messages.retain(|message| message.id != id);
        }
    }

    /// What was parked, which nothing should be but what nobody can understand.
    pub(super) fn parked(&self) -> usize {
        self.state().parked.len()
    }

    /// What was parked beside the first `known` had to be: it is kept where an operator finds it.
    pub(super) fn keep_parked(&self, known: usize) {
        let state = &mut *self.state();
        state.kept.extend(state.parked.drain(known..));
    }

    /// What had to be parked.
    pub(super) fn kept(&self) -> Vec<String> {
        self.state().kept.clone()
    }

    /// What was stored since it was asked last.
    pub(super) fn stored(&self) -> Vec<String> {
        std::mem::take(&mut self.state().stored)
    }

    /// How many messages nobody has consumed.
    pub(super) fn left(&self) -> usize {
        let state = self.state();
        state.messages.len() + state.dead.len()
    }

    /// What went wrong since it was asked last.
    pub(super) fn story(&self) -> Vec<String> {
        std::mem::take(&mut self.state().story)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, trigger: Option<OrderQueue>, body: &str) -> Result<(), QueueError> {
        let now = self.clock.now();
        let mut state = self.state();
        let state = &mut *state;
        let name = trigger.map_or("parked", OrderQueue::as_str);
        let away = || QueueError::Unavailable {
            queue: name.to_owned(),
            reason: "the simulation says so".to_owned(),
        };
        if state.away_until > now {
            return Err(away());
        }
        let fails = state.permille;
        let (copies, answers) = match state.rng.permille(fails).then(|| state.rng.below(3)) {
            None => (1, true),
            Some(0) => (0, false),
            Some(1) => (1, false),
            Some(_) => (2, true),
        };
        if copies != 1 || !answers {
            let answer = if answers { "says so" } else { "does not answer" };
            state
                .story
                .push(format!("the queue {name} stores {copies} copies and {answer}"));
        }
        if copies > 0 && trigger.is_some() {
            state.stored.push(body.to_owned());
        }
        for _ in 0..copies {
            match trigger {
                None => state.parked.push(body.to_owned()),
                Some(trigger) => {
                    state.next += 1;
                    let after = state.rng.within(Duration::from_millis(200));
                    state.messages.push(Message {
                        id: state.next,
                        trigger,
                        body: body.to_owned(),
                        visible_at: now + after,
                        received: 0,
                    });
                }
            }
        }
        if answers { Ok(()) } else { Err(away()) }
    }
}

impl State {
    /// Dead letters go back to their queues, some of them after days.
    fn redrive(&mut self, now: Timestamp) {
        for message in std::mem::take(&mut self.dead) {
            let after = self.rng.delay();
            self.messages.push(Message {
                visible_at: now + after,
                received: 0,
                ..message
            });
        }
    }
}

impl Queue for SimQueue {
    async fn send(&self, body: &str) -> Result<(), QueueError> {
        yield_once().await;
        let answer = self.queues.send(self.trigger, body);
        yield_once().await;
        answer
    }
}
