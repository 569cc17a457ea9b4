//! The instructions of a start and of a warm event: whole processes are counted, and what one with more events has more.
//!
//! Under callgrind a start takes two seconds, and a function gives up warming its connections after one. What was cut off
//! then is missing in the start, and is done again, connections too, in the first event.

use super::Bench;
use crate::bench::instructions;
use crate::failure::Failure;

/// How often a start is counted.
const STARTS: usize = 3;
/// Events at which instructions are counted: the difference is what these many cost when all is warm.
const FEW: usize = 2;
const MORE: usize = 12;
/// How often that is tried.
const PAIRS: usize = 4;

/// What callgrind counted of a process, and how many connections it opened meanwhile.
struct Counted {
    instructions: u64,
    connections: u64,
}

impl Bench {
    /// The instructions until it first asks for work, and for each further event.
    pub(super) async fn instructions(&mut self, function: &'static str) -> Result<(Option<u64>, Option<u64>), Failure> {
        // Whole starts differ by a thousandth; one that was cut off has up to a twentieth less: the highest.
        let mut start = None;
        for _ in 0..STARTS {
            start = start.max(Some(self.counted(function, 0).await?.instructions));
        }
        for _ in 0..PAIRS {
            let few = self.least(function, FEW).await?;
            let more = self.least(function, MORE).await?;
            // Over TLS opening one costs most of an order: it would be taken for a part of each event.
            if few.connections == more.connections {
                let events = u64::try_from(MORE - FEW).unwrap_or(1);
                let further = more.instructions.saturating_sub(few.instructions);
                return Ok((start, Some(further / events)));
            }
        }
        println!("  {function}: the machine is too busy to count the instructions for an event.");
        Ok((start, None))
    }

    /// Of two processes the one that did nothing over again.
    async fn least(&mut self, function: &'static str, events: usize) -> Result<Counted, Failure> {
        let (one, other) = (
            self.counted(function, events).await?,
            self.counted(function, events).await?,
        );
        let by = |run: &Counted| (run.connections, run.instructions);
        Ok(if by(&one) <= by(&other) { one } else { other })
    }

    /// The whole of a process that works on so many events.
    async fn counted(&mut self, function: &'static str, events: usize) -> Result<Counted, Failure> {
        let mut all = Vec::new();
        for _ in 0..events {
            all.push(self.event(function).await?);
        }
        let before = self.opened();
        let output = self.folder.join(format!("callgrind-{function}-{events}"));
        let running = self.start(function, Some(&output)).await?;
        for event in &all {
            self.invoke(&running, event).await?;
        }
        self.end(&running).await?;
        Ok(Counted {
            instructions: instructions::total(&output)?,
            connections: self.opened() - before,
        })
    }
}
