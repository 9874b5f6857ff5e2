//! Topics and their configuration.

use crate::queue::kafka::layout::{
    ERROR, I8, I16, I32, I32S, I64, Layout, MESSAGE, NAME, PARTITION, PARTITIONS, REST, TEXT, TOPIC,
    TOPIC_ID, Word, array, list, maybe,
};

pub(in crate::queue::kafka) const METADATA: Layout =
    &[array(&[TOPIC_ID.since(10), TOPIC]).is(Word::All), I8.since(4), I8.since(8).until(10), I8.since(8)];

pub(in crate::queue::kafka) const METADATA_ANSWER: Layout = &[
    I32.since(3),
    array(&[I32, TEXT, I32, TEXT.since(1)]),
    TEXT.since(2),
    I32.since(1),
    array(&[
        ERROR,
        TOPIC,
        TOPIC_ID.since(10),
        I8.since(1),
        array(&[ERROR, PARTITION, I32, I32.since(7), I32S, I32S, I32S.since(5)]),
        I32.since(8),
    ]),
    I32.since(8).until(10),
    ERROR.since(13),
];

pub(in crate::queue::kafka) const CREATE_TOPICS: Layout =
    &[array(&[TOPIC, I32, I16, array(&[I32, I32S]), array(&[TEXT.is(Word::Part), TEXT])]), I32, I8.since(1)];

pub(in crate::queue::kafka) const CREATED_TOPICS: Layout = &[
    I32.since(2),
    array(&[
        TOPIC,
        TOPIC_ID.since(7),
        ERROR,
        MESSAGE.since(1),
        I32.since(5),
        I16.since(5),
        array(&[TEXT, TEXT, I8, I8, I8]).since(5),
    ]),
];

pub(in crate::queue::kafka) const DELETE_TOPICS: Layout =
    &[array(&[TOPIC, TOPIC_ID]).since(6), list(&TOPIC).until(5), I32];

pub(in crate::queue::kafka) const DELETED_TOPICS: Layout =
    &[I32.since(1), array(&[TOPIC, TOPIC_ID.since(6), ERROR, MESSAGE.since(5)])];

pub(in crate::queue::kafka) const CREATE_PARTITIONS: Layout =
    &[array(&[TOPIC, I32, array(&[I32S])]), I32, I8];

pub(in crate::queue::kafka) const CREATED_PARTITIONS: Layout = &[I32, array(&[TOPIC, ERROR, MESSAGE])];

pub(in crate::queue::kafka) const ELECT_LEADERS: Layout = &[I8.since(1), array(&[TOPIC, PARTITIONS]), I32];

pub(in crate::queue::kafka) const ELECTED_LEADERS: Layout =
    &[I32, ERROR.since(1), array(&[TOPIC, array(&[PARTITION, ERROR, MESSAGE])])];

pub(in crate::queue::kafka) const REASSIGN: Layout = &[I32, array(&[TOPIC, array(&[PARTITION, I32S])])];

pub(in crate::queue::kafka) const REASSIGNED: Layout =
    &[I32, ERROR, MESSAGE, array(&[TOPIC, array(&[PARTITION, ERROR, MESSAGE])])];

pub(in crate::queue::kafka) const LIST_REASSIGNMENTS: Layout = &[I32, array(&[TOPIC, PARTITIONS])];

pub(in crate::queue::kafka) const DESCRIBE_PARTITIONS: Layout = &[array(&[TOPIC]), I32, maybe(&[TEXT, I32])];

pub(in crate::queue::kafka) const DESCRIBED_PARTITIONS: Layout = &[
    I32,
    array(&[
        ERROR,
        TOPIC,
        TOPIC_ID,
        I8,
        array(&[ERROR, PARTITION, I32, I32, I32S, I32S, I32S, I32S, I32S]),
        I32,
    ]),
    maybe(&[TEXT, I32]),
];

/// Values of a configuration may be secrets: only the names are told.
pub(in crate::queue::kafka) const DESCRIBE_CONFIGS: Layout =
    &[array(&[I8, NAME, list(&TEXT.is(Word::Part))]), I8.since(1), I8.since(3)];

pub(in crate::queue::kafka) const DESCRIBED_CONFIGS: Layout = &[
    I32,
    array(&[
        ERROR,
        MESSAGE,
        I8,
        TEXT,
        array(&[
            TEXT,
            TEXT,
            I8,
            I8.until(0),
            I8.since(1),
            I8,
            array(&[TEXT, TEXT, I8]).since(1),
            I8.since(3),
            TEXT.since(3),
        ]),
    ]),
];

pub(in crate::queue::kafka) const ALTER_CONFIGS: Layout =
    &[array(&[I8, NAME, array(&[TEXT.is(Word::Part), TEXT])]), I8];

pub(in crate::queue::kafka) const INCREMENTAL_CONFIGS: Layout =
    &[array(&[I8, NAME, array(&[TEXT.is(Word::Part), I8, TEXT])]), I8];

pub(in crate::queue::kafka) const ALTERED_CONFIGS: Layout = &[I32, array(&[ERROR, MESSAGE, I8, TEXT])];

pub(in crate::queue::kafka) const DESCRIBE_PRODUCERS: Layout = &[array(&[TOPIC, PARTITIONS])];

pub(in crate::queue::kafka) const DESCRIBED_PRODUCERS: Layout =
    &[I32, array(&[TOPIC, array(&[PARTITION, ERROR, MESSAGE, array(&[I64, I32, I32, I64, I32, I64])])])];

pub(in crate::queue::kafka) const ALTER_LOG_DIRS: Layout = &[array(&[TEXT, array(&[TOPIC, PARTITIONS])])];

pub(in crate::queue::kafka) const ALTERED_LOG_DIRS: Layout =
    &[I32, array(&[TOPIC, array(&[PARTITION, ERROR])])];

pub(in crate::queue::kafka) const DESCRIBE_LOG_DIRS: Layout = &[array(&[TOPIC, PARTITIONS])];

pub(in crate::queue::kafka) const DESCRIBED_LOG_DIRS: Layout = &[I32, ERROR.since(3), REST];
