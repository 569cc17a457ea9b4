//! Query Packages as a stream, by page or by package. The next page is asked for only when it is wanted, so memory
//! stays flat however many there are.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::body::PackagePage;
use super::calls::QueryPackages;
use super::client::{Client, Response};
use super::error::Error;
use super::http::HttpTransport;
use super::package::Package;
use super::paging::Paging;
use super::query::PackageQuery;
use super::transport::Transport;
use crate::ids::AccountId;
use crate::time::{SystemClock, Timer};

type PageFuture = Pin<Box<dyn Future<Output = Result<Response<PackagePage>, Error>> + Send>>;

impl<T: Transport + 'static, C: Timer + 'static> Client<T, C> {
    /// Query Packages, page by page.
    pub fn pages(&self, account: &AccountId, query: PackageQuery) -> Pages<T, C> {
        Pages {
            client: self.clone(),
            account: account.clone(),
            paging: Paging::new(query),
            asked: None,
        }
    }

    /// Query Packages, package by package.
    pub fn packages(&self, account: &AccountId, query: PackageQuery) -> Packages<T, C> {
        Packages {
            pages: self.pages(account, query),
            ready: VecDeque::new(),
        }
    }
}

/// The pages of a query, in order; one call each. Ends after the page without a next cursor, or after an error.
/// Dropping it, or the future of [`Pages::next`], loses nothing but a read.
pub struct Pages<T = HttpTransport, C = SystemClock> {
    client: Client<T, C>,
    account: AccountId,
    paging: Paging,
    asked: Option<PageFuture>,
}

impl<T: Transport + 'static, C: Timer + 'static> Pages<T, C> {
    /// The next page; `None` after the last one.
    pub async fn next(&mut self) -> Option<Result<Response<PackagePage>, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    fn ask(&self, call: QueryPackages) -> PageFuture {
        let (client, account) = (self.client.clone(), self.account.clone());
        Box::pin(async move { client.execute(&account, &call).await })
    }
}

impl<T: Transport + 'static, C: Timer + 'static> Stream for Pages<T, C> {
    type Item = Result<Response<PackagePage>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.asked.is_none() {
            this.asked = this.paging.call().map(|call| this.ask(call));
        }
        let Some(asked) = &mut this.asked else {
            return Poll::Ready(None);
        };
        let answer = ready!(asked.as_mut().poll(context));
        this.asked = None;
        Poll::Ready(Some(this.paging.follow(answer, |response| &response.value)))
    }
}

/// The packages of a query, in order. Ends after the last one, or after an error.
pub struct Packages<T = HttpTransport, C = SystemClock> {
    pages: Pages<T, C>,
    ready: VecDeque<Package>,
}

impl<T: Transport + 'static, C: Timer + 'static> Packages<T, C> {
    /// The next package; `None` after the last one.
    pub async fn next(&mut self) -> Option<Result<Package, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T: Transport + 'static, C: Timer + 'static> Stream for Packages<T, C> {
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
