//! Replay, end to end: files in, events out.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod packets;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod streams;
