//! Which page of a query comes next: pure, for the client's streams and for code that sends the calls in another way.

use super::body::PackagePage;
use super::calls::QueryPackages;
use super::error::{Error, Operation};
use super::query::PackageQuery;

/// The pages of a query: what to ask for, and what follows from each answer.
#[derive(Debug, Clone)]
pub struct Paging(Option<QueryPackages>);

impl Paging {
    /// Begins with the first page.
    pub fn new(query: PackageQuery) -> Self {
        Self(Some(query.into()))
    }

    /// The call for the next page; `None` after the last one, or after an error.
    pub fn call(&self) -> Option<QueryPackages> {
        self.0.clone()
    }

    /// Goes on after an answer, which it hands back. A page that names itself as the next one becomes an error: asking
    /// would never end.
    pub fn follow<R>(&mut self, answer: Result<R, Error>, page: impl Fn(&R) -> &PackagePage) -> Result<R, Error> {
        let Some(asked) = self.0.take() else {
            return answer;
        };
        let answer = answer?;
        match &page(&answer).next {
            Some(next) if asked.cursor.as_ref() == Some(next) => {
                let message = "Wix named the cursor of this very page as that of the next one";
                return Err(Error::unknown(Operation::QueryPackages, message));
            }
            Some(next) => {
                self.0 = Some(QueryPackages {
                    cursor: Some(next.clone()),
                    ..asked
                });
            }
            None => {}
        }
        Ok(answer)
    }
}
