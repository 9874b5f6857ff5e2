//! The cluster, its versions, and what brokers say among themselves.

use crate::queue::kafka::layout::{
    BYTES, ERROR, I8, I8S, I16, I32, Layout, MESSAGE, REST, TEXT, TEXTS, UUID, Word, array,
};

pub(in crate::queue::kafka) const API_VERSIONS: Layout =
    &[TEXT.since(3).is(Word::Software), TEXT.since(3).is(Word::Software)];

pub(in crate::queue::kafka) const API_VERSIONS_ANSWER: Layout =
    &[ERROR, array(&[I16, I16, I16]), I32.since(1)];

/// The error is the first thing that is said, and nothing else is asked for.
pub(in crate::queue::kafka) const ERROR_FIRST: Layout = &[ERROR, REST];

/// How long to wait, and the error.
pub(in crate::queue::kafka) const THROTTLED: Layout = &[I32, ERROR, REST];

/// The same, with what the server says of it.
pub(in crate::queue::kafka) const EXPLAINED: Layout = &[I32, ERROR, MESSAGE, REST];

/// Nobody asks what is said.
pub(in crate::queue::kafka) const ANY: Layout = &[REST];

/// How long to wait, and of the first of several things its error.
pub(in crate::queue::kafka) const FIRST_ERROR: Layout = &[I32, array(&[ERROR, MESSAGE, REST])];

pub(in crate::queue::kafka) const DESCRIBE_CLUSTER: Layout = &[I8, I8.since(1), I8.since(2)];

pub(in crate::queue::kafka) const TELEMETRY: Layout = &[UUID];

pub(in crate::queue::kafka) const TELEMETRY_ANSWER: Layout =
    &[I32, ERROR, UUID, I32, I8S, I32, I32, I8, TEXTS];

pub(in crate::queue::kafka) const PUSH: Layout = &[UUID, I32, I8, I8, BYTES];

pub(in crate::queue::kafka) const PUSHED: Layout = &[I32, ERROR];

pub(in crate::queue::kafka) const ONE_NUMBER: Layout = &[I32];
