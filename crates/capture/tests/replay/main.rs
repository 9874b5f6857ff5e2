//! Replay, end to end: files in, events out.
#![expect(clippy::cast_possible_truncation, reason = "tests build small packets")]

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod packets;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod streams;
