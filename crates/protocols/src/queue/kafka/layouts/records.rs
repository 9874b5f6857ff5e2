//! Records: produced, fetched, and where they stand.

use crate::queue::kafka::layout::{
    ERROR, Field, GROUP, I8, I8S, I16, I32, I32S, I64, I64S, Layout, MESSAGE, OFFSET, PARTITION, RECORDS,
    TEXT, TOPIC, TOPIC_ID, TRANSACTION, UUID, Word, array, structure,
};

pub(in crate::queue::kafka) const PRODUCE: Layout = &[
    TRANSACTION.since(3),
    I16.is(Word::Acks),
    I32,
    array(&[TOPIC.until(12), TOPIC_ID.since(13), array(&[PARTITION, RECORDS])]),
];

pub(in crate::queue::kafka) const PRODUCED: Layout = &[
    array(&[
        TOPIC.until(12),
        TOPIC_ID.since(13),
        array(&[
            PARTITION,
            ERROR,
            I64.is(Word::BaseOffset),
            I64.since(2),
            I64.since(5),
            array(&[I32, MESSAGE]).since(8),
            MESSAGE.since(8),
        ]),
    ]),
    I32.since(1),
];

pub(in crate::queue::kafka) const FETCH: Layout = &[
    I32.until(14),
    I32,
    I32,
    I32.since(3),
    I8.since(4),
    I32.since(7),
    I32.since(7),
    array(&[
        TOPIC.until(12),
        TOPIC_ID.since(13),
        array(&[PARTITION, I32.since(9), OFFSET, I32.since(12), I64.since(5), I32]),
    ]),
    array(&[TEXT.until(12), UUID.since(13), I32S]).since(7),
    TEXT.since(11),
];

pub(in crate::queue::kafka) const FETCHED: Layout = &[
    I32.since(1),
    ERROR.since(7),
    I32.since(7),
    array(&[
        TOPIC.until(12),
        TOPIC_ID.since(13),
        array(&[
            PARTITION,
            ERROR,
            I64,
            I64.since(4),
            I64.since(5),
            array(&[I64, I64]).since(4),
            I32.since(11),
            RECORDS,
        ]),
    ]),
];

const ACKNOWLEDGED: Field = array(&[I64, I64, I8S]);

pub(in crate::queue::kafka) const SHARE_FETCH: Layout = &[
    GROUP,
    TEXT,
    I32,
    I32,
    I32,
    I32,
    I32.since(1),
    I32.since(1),
    I8.since(2),
    I8.since(2),
    array(&[TOPIC_ID, array(&[PARTITION, I32.until(0), ACKNOWLEDGED])]),
    array(&[UUID, I32S]),
];

pub(in crate::queue::kafka) const SHARE_FETCHED: Layout = &[
    I32,
    ERROR,
    MESSAGE,
    I32.since(1),
    array(&[
        TOPIC_ID,
        array(&[
            PARTITION,
            ERROR,
            MESSAGE,
            ERROR,
            MESSAGE,
            structure(&[I32, I32]),
            RECORDS,
            array(&[I64, I64, I16]),
        ]),
    ]),
    array(&[I32, TEXT, I32, TEXT]),
];

pub(in crate::queue::kafka) const SHARE_ACKNOWLEDGE: Layout =
    &[GROUP, TEXT, I32, I8.since(2), array(&[TOPIC_ID, array(&[PARTITION, ACKNOWLEDGED])])];

pub(in crate::queue::kafka) const LIST_OFFSETS: Layout = &[
    I32,
    I8.since(2),
    array(&[TOPIC, array(&[PARTITION, I32.since(4), I64.is(Word::Time), I32.until(0)])]),
    I32.since(10),
];

pub(in crate::queue::kafka) const LISTED_OFFSETS: Layout = &[
    I32.since(2),
    array(&[TOPIC, array(&[PARTITION, ERROR, I64S.until(0), I64.since(1), I64.since(1), I32.since(4)])]),
];

pub(in crate::queue::kafka) const LEADER_EPOCH: Layout =
    &[I32.since(3), array(&[TOPIC, array(&[PARTITION, I32.since(2), I32])])];

pub(in crate::queue::kafka) const LEADER_EPOCHS: Layout =
    &[I32.since(2), array(&[TOPIC, array(&[ERROR, PARTITION, I32.since(1), I64])])];

pub(in crate::queue::kafka) const DELETE_RECORDS: Layout =
    &[array(&[TOPIC, array(&[PARTITION, OFFSET])]), I32];

pub(in crate::queue::kafka) const DELETED_RECORDS: Layout =
    &[I32, array(&[TOPIC, array(&[PARTITION, I64, ERROR])])];
