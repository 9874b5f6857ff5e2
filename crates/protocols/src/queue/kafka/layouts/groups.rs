//! Groups of consumers and their offsets.

use crate::queue::kafka::layout::{
    BYTES, ERROR, GROUP, I8, I32, I32S, I64, Layout, MESSAGE, NAME, OFFSET, PARTITION, PARTITIONS, REST,
    TEXT, TEXTS, TOPIC, TOPIC_ID, Word, array, list, maybe,
};

pub(in crate::queue::kafka) const OFFSET_COMMIT: Layout = &[
    GROUP,
    I32.since(1),
    TEXT.since(1),
    TEXT.since(7),
    I64.since(2).until(4),
    array(&[
        TOPIC.until(9),
        TOPIC_ID.since(10),
        array(&[PARTITION, OFFSET, I32.since(6), I64.since(1).until(1), TEXT]),
    ]),
];

pub(in crate::queue::kafka) const OFFSET_COMMITTED: Layout =
    &[I32.since(3), array(&[TOPIC.until(9), TOPIC_ID.since(10), array(&[PARTITION, ERROR])])];

pub(in crate::queue::kafka) const OFFSET_FETCH: Layout = &[
    GROUP.until(7),
    array(&[TOPIC, PARTITIONS]).is(Word::All).until(7),
    array(&[
        GROUP,
        TEXT.since(9),
        I32.since(9),
        array(&[TOPIC.until(9), TOPIC_ID.since(10), PARTITIONS]).is(Word::All),
    ])
    .since(8),
    I8.since(7),
];

pub(in crate::queue::kafka) const OFFSET_FETCHED: Layout = &[
    I32.since(3),
    array(&[TOPIC, array(&[PARTITION, I64, I32.since(5), TEXT, ERROR])]).until(7),
    ERROR.since(2).until(7),
    array(&[
        TEXT,
        array(&[TOPIC.until(9), TOPIC_ID.since(10), array(&[PARTITION, I64, I32, TEXT, ERROR])]),
        ERROR,
    ])
    .since(8),
];

pub(in crate::queue::kafka) const FIND_COORDINATOR: Layout =
    &[NAME.until(3), I8.since(1), list(&NAME).since(4)];

pub(in crate::queue::kafka) const COORDINATORS: Layout = &[
    I32.since(1),
    ERROR.until(3),
    MESSAGE.since(1).until(3),
    I32.until(3),
    TEXT.until(3),
    I32.until(3),
    array(&[TEXT, I32, TEXT, I32, ERROR, MESSAGE]).since(4),
];

pub(in crate::queue::kafka) const JOIN_GROUP: Layout = &[
    GROUP,
    I32,
    I32.since(1),
    TEXT,
    TEXT.since(5),
    TEXT,
    array(&[TEXT, BYTES.is(Word::Subscription)]),
    TEXT.since(8),
];

pub(in crate::queue::kafka) const JOINED_GROUP: Layout = &[
    I32.since(2),
    ERROR,
    I32,
    TEXT.since(7),
    TEXT,
    TEXT,
    I8.since(9),
    TEXT,
    array(&[TEXT, TEXT.since(5), BYTES]),
];

pub(in crate::queue::kafka) const HEARTBEAT: Layout = &[GROUP, I32, TEXT, TEXT.since(3)];

/// How long to wait, from the first version on that says so, and an error: so end most answers that give nothing.
pub(in crate::queue::kafka) const THROTTLED_ERROR: Layout = &[I32.since(1), ERROR];

pub(in crate::queue::kafka) const LEAVE_GROUP: Layout =
    &[GROUP, TEXT.until(2), array(&[TEXT, TEXT, TEXT.since(5)]).since(3)];

pub(in crate::queue::kafka) const LEFT_GROUP: Layout =
    &[I32.since(1), ERROR, array(&[TEXT, TEXT, ERROR]).since(3)];

pub(in crate::queue::kafka) const SYNC_GROUP: Layout =
    &[GROUP, I32, TEXT, TEXT.since(3), TEXT.since(5), TEXT.since(5), array(&[TEXT, BYTES])];

pub(in crate::queue::kafka) const SYNCED_GROUP: Layout =
    &[I32.since(1), ERROR, TEXT.since(5), TEXT.since(5), BYTES];

pub(in crate::queue::kafka) const DESCRIBE_GROUPS: Layout = &[list(&GROUP), I8.since(3)];

pub(in crate::queue::kafka) const DESCRIBED_GROUPS: Layout = &[
    I32.since(1),
    array(&[
        ERROR,
        MESSAGE.since(6),
        TEXT,
        TEXT,
        TEXT,
        TEXT,
        array(&[TEXT, TEXT.since(4), TEXT, TEXT, BYTES, BYTES]),
        I32.since(3),
    ]),
];

pub(in crate::queue::kafka) const LIST_GROUPS: Layout = &[TEXTS.since(4), TEXTS.since(5)];

pub(in crate::queue::kafka) const LISTED_GROUPS: Layout =
    &[I32.since(1), ERROR, array(&[TEXT, TEXT, TEXT.since(4), TEXT.since(5)])];

pub(in crate::queue::kafka) const DELETE_GROUPS: Layout = &[list(&GROUP)];

pub(in crate::queue::kafka) const DELETED_GROUPS: Layout = &[I32, array(&[TEXT, ERROR])];

pub(in crate::queue::kafka) const OFFSET_DELETE: Layout = &[GROUP, array(&[TOPIC, array(&[PARTITION])])];

pub(in crate::queue::kafka) const OFFSET_DELETED: Layout =
    &[ERROR, I32, array(&[TOPIC, array(&[PARTITION, ERROR])])];

pub(in crate::queue::kafka) const CONSUMER_HEARTBEAT: Layout =
    &[GROUP, TEXT, I32, TEXT, TEXT, I32, list(&TOPIC), TEXT.since(1), TEXT, array(&[TOPIC_ID, PARTITIONS])];

const ASSIGNMENT: Layout = &[array(&[TOPIC_ID, I32S])];

pub(in crate::queue::kafka) const HEARD_CONSUMER: Layout =
    &[I32, ERROR, MESSAGE, TEXT, I32, I32, maybe(ASSIGNMENT)];

pub(in crate::queue::kafka) const SHARE_HEARTBEAT: Layout = &[GROUP, TEXT, I32, TEXT, list(&TOPIC)];

/// Groups that are described: what stands behind the first one's error is not asked for.
pub(in crate::queue::kafka) const DESCRIBED_FIRST: Layout = &[I32, array(&[ERROR, MESSAGE, REST])];

pub(in crate::queue::kafka) const DESCRIBE_NEW: Layout = &[list(&GROUP), I8];

pub(in crate::queue::kafka) const GROUP_FIRST: Layout = &[GROUP, REST];
