//! A sample on trial: its changed deliveries, sent and judged.

use std::panic::{AssertUnwindSafe, catch_unwind};

use reseller_hooks::order::{OrderEvent, OrderKey, StorefrontKind};
use reseller_hooks::storefront::VerificationGuards;
use reseller_hooks::webhook::{Answer, Disposition, MAX_BODY_BYTES};

use super::change::{Change, Changed, Subject, bytes_changed};
use super::delivery::{Layer, NORTH, Request, SECRET, Standing, claims, envelope, judged, request, secret_document};
use super::samples::{SAMPLES, Sample, paid};
use super::wants::{Wants, merged};
use super::{Report, headers};
use crate::door::Door;
use crate::sim::rng::Rng;

/// One in so many tokens of Wix is rightly signed; the others go to a webhook that does not ask.
const SIGNED: u64 = 16;
/// How many findings are told; one is enough to fail.
const MOST_FINDINGS: usize = 5;

/// A sample, what it says unchanged, and what was found.
pub(super) struct Trial<'a> {
    sample: &'a Sample,
    door: Door<Standing>,
    /// A webhook that takes any signature of Wix: to make one costs a hundred times all the rest.
    open: Door<Standing>,
    path: String,
    layers: Vec<(Layer, Subject)>,
    /// As the storefront sends it.
    original: Request,
    said: Vec<OrderEvent>,
    /// The same, sent by another shop of the same storefront, with what is said then.
    north: (Request, Vec<OrderEvent>),
    /// An earlier, paid version of the same order, where there is one.
    before: Vec<OrderEvent>,
    most: Wants,
    most_after_before: Wants,
    pub(super) report: Report,
}

impl<'a> Trial<'a> {
    pub(super) fn new(sample: &'a Sample) -> Self {
        let door = Door::new(&secret_document(), Standing, VerificationGuards::default());
        let unchecked = VerificationGuards {
            signature_check: false,
            ..VerificationGuards::default()
        };
        let open = Door::new(&secret_document(), Standing, unchecked);
        let path = format!("/webhooks/{}", sample.kind);
        let body = sample.body.to_owned();
        let layers = if sample.kind == StorefrontKind::Wix {
            let (envelope, claims) = (envelope(sample.topic, &body), claims(&envelope(sample.topic, &body)));
            let layers = [
                (Layer::Body, body),
                (Layer::Envelope, envelope),
                (Layer::Claims, claims),
            ];
            layers.map(|(layer, text)| (layer, Subject::new(text))).into()
        } else {
            vec![(Layer::Body, Subject::new(body))]
        };
        let said = |sample: &Sample, secret: &str| {
            let request = request(sample, secret, Layer::Body, sample.body.as_bytes(), true);
            let (answer, stored) = door.post(&path, &request.headers, &request.body);
            let event = judged(sample, &request, &answer, &stored).expect("a sample is answered as it must be");
            assert_eq!(answer.status().as_u16(), 200, "{}: unchanged", sample.name);
            (request, event)
        };
        let (original, event) = said(sample, SECRET);
        let paid = SAMPLES.iter().find(|other| other.name == paid(sample.kind));
        let before = paid.map(|paid| said(paid, SECRET).1).unwrap_or_default();
        let together: Vec<&OrderEvent> = before.iter().chain(about(&event, &before)).collect();
        let north = said(sample, NORTH);
        let gift_cards = sample.body.matches("\"gift_card\": true").count();
        let after_before = Wants::after(&before.iter().collect::<Vec<_>>()).or(&Wants::after(&together));
        Self {
            most: Wants::after(&event.iter().collect::<Vec<_>>()).with_hidden(gift_cards),
            most_after_before: after_before.with_hidden(gift_cards),
            sample,
            path,
            layers,
            original,
            said: event,
            north,
            before,
            door,
            open,
            report: Report::default(),
        }
    }

    /// One random change of the body, one of the headers, one of the path; and now and then many of the body at once.
    pub(super) fn random(&mut self, case: u64) {
        let place = SAMPLES.iter().position(|sample| sample.name == self.sample.name);
        let place = u64::try_from(place.unwrap_or_default()).unwrap_or_default();
        let mut rng = Rng::new((place << 40) ^ case);
        self.report.counts.cases += 1;
        let layer = match rng.below(10) {
            0 => self.layers.len().saturating_sub(1),
            1 => self.layers.len() / 2,
            _ => 0,
        };
        let change = self.layers[layer].1.any(&mut rng);
        self.body(&format!("case {case}"), layer, &change, case);
        if case.is_multiple_of(10) {
            self.pile(case, layer, &mut rng);
        }
        self.headers(case, &mut rng);
        if case.is_multiple_of(4) {
            self.route(case, &mut rng);
        }
    }

    /// Every change of every value, to as many values.
    pub(super) fn structural(&mut self, most_values: usize) {
        let first = SAMPLES.iter().find(|other| other.kind == self.sample.kind);
        let is_first = first.is_some_and(|first| first.name == self.sample.name);
        for layer in 0..self.layers.len() {
            for (at, change) in (0..).zip(self.layers[layer].1.structural(most_values)) {
                // It is refused before anything of it is read: once for a storefront is enough of what costs so much.
                if matches!(change, Change::Swell(..)) && !is_first {
                    continue;
                }
                self.body("structural", layer, &change, at);
            }
        }
    }

    /// `nth` decides what is done of what costs much.
    fn body(&mut self, case: &str, layer: usize, change: &Change, nth: u64) {
        let signed = nth.is_multiple_of(SIGNED);
        let (layer, subject) = &self.layers[layer];
        let layer = *layer;
        let Some(Changed {
            mut bytes,
            may_have_grown,
        }) = subject.changed(change)
        else {
            return;
        };
        if self.sample.kind == StorefrontKind::Wix {
            // It stands as text in another JSON, which has nothing but UTF-8.
            bytes = String::from_utf8_lossy(&bytes).into_owned().into_bytes();
        }
        let says_another = self.sample.word.is_some_and(|word| subject.says_another(word, &bytes));
        // Lines of Wix have no unique ID, so a line that comes twice is two lines.
        let two_lines = matches!(change, Change::Repeat(_)) && self.sample.kind == StorefrontKind::Wix;
        let named = format!("{case}, {layer:?} {change:?}");

        // With the signature that it had.
        let mut old = Request {
            headers: self.original.headers.clone(),
            body: bytes.clone(),
        };
        if self.sample.kind == StorefrontKind::Wix {
            old.body = bytes_changed(&self.original.body, change);
        }
        let is_cheap = self.sample.kind != StorefrontKind::Wix;
        // What is too long is refused for that, and to trim it is a second of a debug build.
        let is_another = old.body.len() > MAX_BODY_BYTES || old.body.trim_ascii() != self.original.body.trim_ascii();
        if (is_cheap || nth.is_multiple_of(4)) && is_another {
            let sent = self.sent(&old, true);
            self.keep(&named, sent, |_, answer, _| {
                if matches!(answer.disposition, Disposition::Unverified | Disposition::TooLarge) {
                    return Ok(());
                }
                Err(format!("{:?} with the old signature", answer.disposition))
            });
        }

        // With a new one.
        let new = request(self.sample, SECRET, layer, &bytes, signed);
        let judge = if may_have_grown || says_another || two_lines {
            Self::is_answered
        } else {
            Self::buys_no_more
        };
        let verdicts = self.sent(&new, signed);
        self.keep(&named, verdicts, |trial, answer, event| {
            if !matches!(answer.status().as_u16(), 200 | 400 | 401 | 413) {
                return Err(format!("answered {}", answer.status()));
            }
            judge(trial, event)
        });
    }

    /// Many changes at once: they may make anything of the order, but no panic and no wrong answer.
    fn pile(&mut self, case: u64, layer: usize, rng: &mut Rng) {
        let (layer, subject) = &self.layers[layer];
        let mut text = subject.text.clone();
        for _ in 0..rng.between(2, 8) {
            let one = bytes_changed(text.as_bytes(), &subject.any(rng));
            text = String::from_utf8_lossy(&one).into_owned();
        }
        let signed = case.is_multiple_of(SIGNED * 10);
        let request = request(self.sample, SECRET, *layer, text.as_bytes(), signed);
        let verdicts = self.sent(&request, signed);
        self.keep(
            &format!("case {case}, many changes"),
            verdicts,
            |trial, answer, event| {
                if !matches!(answer.status().as_u16(), 200 | 400 | 401 | 413) {
                    return Err(format!("answered {}", answer.status()));
                }
                trial.is_answered(event)
            },
        );
    }

    fn headers(&mut self, case: u64, rng: &mut Rng) {
        let Some(headers) = headers::changed(&self.original.headers, rng) else {
            return;
        };
        let named = format!("case {case}, headers {headers:?}");
        let request = Request {
            headers,
            body: self.original.body.clone(),
        };
        let verdicts = self.sent(&request, true);
        self.keep(&named, verdicts, |trial, answer, event| {
            if !matches!(answer.status().as_u16(), 200 | 400 | 401) {
                return Err(format!("answered {}", answer.status()));
            }
            let known = |key: &OrderKey| trial.said.is_empty() || trial.said.iter().any(|said| said.key == *key);
            if let Some(other) = event.iter().find(|event| !known(&event.key)) {
                return Err(format!("the order {} instead of another", other.key));
            }
            trial.buys_no_more(event)
        });
    }

    fn route(&mut self, case: u64, rng: &mut Rng) {
        let by_north = rng.one_in(2);
        let ends = ["", "/", "/north", "/north/", "/south"];
        let path = headers::changed_path(&format!("{}{}", self.path, rng.pick(&ends)), rng);
        let request = if by_north { &self.north.0 } else { &self.original };
        let (answer, stored) = self.door.post(&path, &request.headers, &request.body);
        let event = judged(self.sample, request, &answer, &stored);
        let said = if by_north { &self.north.1 } else { &self.said };
        // What the path names chooses among keys and readers, and is nothing of the order.
        let verdict = event.and_then(|event| match answer.status().as_u16() {
            200 if event == *said => Ok(()),
            401 | 404 => Ok(()),
            status => Err(format!("answered {status}, with {event:?} instead of {said:?}")),
        });
        self.count(&answer);
        if let Err(what) = verdict {
            self.found(&format!("case {case}, {path:?}"), &what);
        }
    }

    /// Whatever it says, it says the same whenever it comes.
    fn is_answered(&self, events: &[OrderEvent]) -> Result<(), String> {
        let first: Vec<&OrderEvent> = events.iter().chain(&self.said).collect();
        let last: Vec<&OrderEvent> = self.said.iter().chain(events).collect();
        // The history tells in which order they came; what is compared is what was said.
        let said = |events: &[&OrderEvent]| -> Vec<_> {
            let records = merged(events).into_iter();
            records.map(|(key, record)| (key, record.desired().clone())).collect()
        };
        let (first, last) = (said(&first), said(&last));
        if first == last {
            Ok(())
        } else {
            Err(format!("{first:?} and, the other way round, {last:?}"))
        }
    }

    /// It buys no more than the unchanged one: alone, with it, and after what was paid before.
    fn buys_no_more(&self, events: &[OrderEvent]) -> Result<(), String> {
        self.is_answered(events)?;
        let own: Vec<&OrderEvent> = events.iter().collect();
        let said: Vec<&OrderEvent> = about(&self.said, events).collect();
        let before: Vec<&OrderEvent> = about(&self.before, events).collect();
        let after = |parts: &[&[&OrderEvent]]| Wants::after(&parts.concat());
        let mut all = vec![
            ("alone", after(&[&own]), &self.most),
            ("with the unchanged one", after(&[&own, &said]), &self.most),
        ];
        if !before.is_empty() {
            let most = &self.most_after_before;
            all.push(("after a paid one", after(&[&before, &own]), most));
            all.push(("with both", after(&[&before, &own, &said]), most));
        }
        for (when, wants, most) in all {
            if let Some(more) = wants.beyond(most) {
                return Err(format!("{when} it buys {more}: {events:?}"));
            }
        }
        Ok(())
    }

    /// Sends it and judges the answer by itself.
    fn sent(&mut self, request: &Request, signed: bool) -> Result<(Answer, Vec<OrderEvent>), String> {
        let door = if signed || self.sample.kind != StorefrontKind::Wix {
            &self.door
        } else {
            &self.open
        };
        let posted = catch_unwind(AssertUnwindSafe(|| {
            door.post(&self.path, &request.headers, &request.body)
        }));
        let (answer, stored) = posted.map_err(|_| "a panic".to_owned())?;
        self.count(&answer);
        let event = judged(self.sample, request, &answer, &stored)?;
        Ok((answer, event))
    }

    fn keep(
        &mut self,
        named: &str,
        sent: Result<(Answer, Vec<OrderEvent>), String>,
        judge: impl Fn(&Self, &Answer, &[OrderEvent]) -> Result<(), String>,
    ) {
        let verdict = sent.and_then(|(answer, event)| judge(self, &answer, &event));
        if let Err(what) = verdict {
            self.found(named, &what);
        }
    }

    fn count(&mut self, answer: &Answer) {
        let counts = &mut self.report.counts;
        counts.deliveries += 1;
        *counts.answers.entry(answer.status().as_u16()).or_default() += 1;
        counts.stored += u64::from(answer.disposition == Disposition::Stored);
        counts.parked += u64::from(answer.disposition == Disposition::Parked);
    }

    fn found(&mut self, named: &str, what: &str) {
        if self.report.findings.len() < MOST_FINDINGS {
            let what: String = what.chars().take(2_000).collect();
            self.report
                .findings
                .push(format!("{}, {named}: {what}", self.sample.name));
        }
    }
}

/// Those of these events that are about an order of the others.
fn about<'a>(events: &'a [OrderEvent], others: &[OrderEvent]) -> impl Iterator<Item = &'a OrderEvent> {
    let is_about = |event: &&OrderEvent| others.iter().any(|other| other.key == event.key);
    events.iter().filter(is_about)
}
