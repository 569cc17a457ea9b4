//! Desired states merge to the same whatever the order, the number and the grouping of what is told, and come to what the
//! shop's own book says. The book ([`book`]) reads the plain list of statements; nothing of it is the code under test.
#![expect(clippy::expect_used, reason = "helpers of tests")]

mod book;
mod histories;
mod kinds;
mod laws;
mod money;
