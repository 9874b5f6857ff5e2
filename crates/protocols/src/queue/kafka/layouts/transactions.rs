//! Producers that write exactly once, and their transactions.

use crate::queue::kafka::layout::{
    ERROR, GROUP, I8, I16, I32, I32S, I64, I64S, Layout, OFFSET, PARTITION, PARTITIONS, REST, TEXT, TEXTS,
    TOPIC, TRANSACTION, Word, array, list,
};

pub(in crate::queue::kafka) const INIT_PRODUCER: Layout =
    &[TRANSACTION, I32, I64.since(3), I16.since(3), I8.since(6), I8.since(6)];

pub(in crate::queue::kafka) const ADD_PARTITIONS: Layout = &[
    array(&[TRANSACTION, I64, I16, I8, array(&[TOPIC, PARTITIONS])]).since(4),
    TRANSACTION.until(3),
    I64.until(3),
    I16.until(3),
    array(&[TOPIC, PARTITIONS]).until(3),
];

pub(in crate::queue::kafka) const ADDED_PARTITIONS: Layout = &[
    I32,
    ERROR.since(4),
    array(&[TEXT, array(&[TOPIC, array(&[PARTITION, ERROR])])]).since(4),
    array(&[TOPIC, array(&[PARTITION, ERROR])]).until(3),
];

pub(in crate::queue::kafka) const ADD_OFFSETS: Layout = &[TRANSACTION, I64, I16, GROUP];

pub(in crate::queue::kafka) const END: Layout = &[TRANSACTION, I64, I16, I8.is(Word::Committed)];

pub(in crate::queue::kafka) const ENDED: Layout = &[I32, ERROR, I64.since(5), I16.since(5)];

pub(in crate::queue::kafka) const PRODUCER: Layout = &[I32, ERROR, I64, I16, REST];

pub(in crate::queue::kafka) const WRITE_MARKERS: Layout =
    &[array(&[I64, I16, I8.is(Word::Committed), array(&[TOPIC, PARTITIONS]), I32, I8.since(2)])];

pub(in crate::queue::kafka) const WRITTEN_MARKERS: Layout =
    &[array(&[I64, array(&[TOPIC, array(&[PARTITION, ERROR])])])];

pub(in crate::queue::kafka) const COMMIT_OFFSETS: Layout = &[
    TRANSACTION,
    GROUP,
    I64,
    I16,
    I32.since(3),
    TEXT.since(3),
    TEXT.since(3),
    array(&[TOPIC, array(&[PARTITION, OFFSET, I32.since(2), TEXT])]),
];

pub(in crate::queue::kafka) const COMMITTED_OFFSETS: Layout =
    &[I32, array(&[TOPIC, array(&[PARTITION, ERROR])])];

pub(in crate::queue::kafka) const DESCRIBE: Layout = &[list(&TRANSACTION)];

pub(in crate::queue::kafka) const DESCRIBED: Layout =
    &[I32, array(&[ERROR, TEXT, TEXT, I32, I64, I64, I16, array(&[TEXT, I32S])])];

pub(in crate::queue::kafka) const LIST: Layout = &[TEXTS, I64S, I64.since(1), TEXT.since(2)];
