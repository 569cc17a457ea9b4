//! Query Packages as a stream, by page or by package. The next page is asked for only when it is wanted, so memory
//! stays flat however many there are.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::body::PackagePage;
use super::client::{Client, Response};
use super::error::{Error, Operation};
use super::query::PackageQuery;
use super::types::Package;
use crate::ids::AccountId;

type PageFuture = Pin<Box<dyn Future<Output = Result<Response<PackagePage>, Error>> + Send>>;

/// The pages of a query, in order; one call each. Ends after the page without a next cursor, or after an error.
/// Dropping it, or the future of [`Pages::next`], loses nothing but a read.
pub struct Pages {
    client: Client,
    account: AccountId,
    query: PackageQuery,
    state: State,
}

enum State {
    /// To ask for: the first page, or the one at this cursor.
    Next(Option<String>),
    /// Asked for, at this cursor.
    Asked(Option<String>, PageFuture),
    Ended,
}

impl Pages {
    pub(super) const fn new(client: Client, account: AccountId, query: PackageQuery) -> Self {
        Self {
            client,
            account,
            query,
            state: State::Next(None),
        }
    }

    /// The next page; `None` after the last one.
    pub async fn next(&mut self) -> Option<Result<Response<PackagePage>, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for Pages {
    type Item = Result<Response<PackagePage>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Ended => return Poll::Ready(None),
                State::Next(cursor) => {
                    let cursor = cursor.take();
                    let (client, account) = (this.client.clone(), this.account.clone());
                    let body = this.query.body(cursor.as_deref());
                    let page = Box::pin(async move { client.query_body(&account, &body).await });
                    this.state = State::Asked(cursor, page);
                }
                State::Asked(cursor, page) => {
                    let answer = ready!(page.as_mut().poll(context));
                    let cursor = cursor.take();
                    let (state, item) = match answer {
                        Ok(page) if page.value.next.is_some() && page.value.next == cursor => {
                            // It would go on for ever.
                            let message = "Wix named the cursor of this very page as that of the next one";
                            (State::Ended, Err(Error::unknown(Operation::QueryPackages, message)))
                        }
                        Ok(page) => match page.value.next.clone() {
                            Some(next) => (State::Next(Some(next)), Ok(page)),
                            None => (State::Ended, Ok(page)),
                        },
                        Err(error) => (State::Ended, Err(error)),
                    };
                    this.state = state;
                    return Poll::Ready(Some(item));
                }
            }
        }
    }
}

/// The packages of a query, in order. Ends after the last one, or after an error.
pub struct Packages {
    pages: Pages,
    ready: VecDeque<Package>,
}

impl Packages {
    pub(super) const fn new(pages: Pages) -> Self {
        Self {
            pages,
            ready: VecDeque::new(),
        }
    }

    /// The next package; `None` after the last one.
    pub async fn next(&mut self) -> Option<Result<Package, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for Packages {
    type Item = Result<Package, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(package) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(package)));
            }
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                Some(Ok(page)) => this.ready = page.value.packages.into(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
