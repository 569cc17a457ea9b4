//! The audit: what it finds, what it leaves alone, and that a run which is stopped anywhere is taken up where it was.

#[cfg(test)]
mod findings;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod strays;
#[cfg(test)]
mod worlds;
