//! Runs workers poll by poll: there is no runtime, so that a test decides at every await point who goes on and who is
//! dropped there.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// An await point: pending once, then ready. It wakes at once, for those who poll only what was woken.
pub async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(move |context| {
        if yielded {
            Poll::Ready(())
        } else {
            yielded = true;
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

/// Polls a future until it is done.
pub fn poll_through<F: Future>(future: F) -> F::Output {
    let mut run = Run::new(future);
    loop {
        if let Some(output) = run.step() {
            return output;
        }
    }
}

/// A worker under way. Dropping it is a crash at the await point that it has reached.
pub struct Run<'a, T>(Pin<Box<dyn Future<Output = T> + 'a>>);

impl<'a, T> Run<'a, T> {
    /// Nothing is done before the first step.
    pub fn new(future: impl Future<Output = T> + 'a) -> Self {
        Self(Box::pin(future))
    }

    /// Goes on to the next await point; the output when it is done.
    pub fn step(&mut self) -> Option<T> {
        match self.0.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// Goes on for at most `steps` await points; the output if it is done by then.
    pub fn steps(&mut self, steps: usize) -> Option<T> {
        (0..steps).find_map(|_| self.step())
    }

    /// Goes on until this is so, which must be before it is done.
    #[track_caller]
    pub fn until(&mut self, is_so: impl Fn() -> bool) {
        while !is_so() {
            assert!(self.step().is_none(), "it is done before");
        }
    }
}

impl<T, E: Debug> Run<'_, Result<T, E>> {
    /// Goes on to its end, which must be a good one.
    #[track_caller]
    pub fn finish(&mut self) -> T {
        // A loop that asks for the same step again and again would go on without an end.
        let end = self.steps(20_000).expect("it comes to an end");
        end.expect("what it began could be done")
    }
}
