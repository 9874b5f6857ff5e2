//! Frames: sixteen bytes of head, and a body of the length that it says.

use crate::kit::chain::{Chain, Proof};
use crate::kit::protocol::Read;
use crate::kit::reader::Reader;

const MAGIC: [u8; 2] = [0xda, 0xbb];
/// The flags of the third byte; the rest of it is how the body is written.
const REQUEST: u8 = 0x80;
const TWO_WAYS: u8 = 0x40;
const EVENT: u8 = 0x20;
/// Servers take bodies of 8 MB by default (`payload`), and some of more.
const LONGEST: u32 = 256 << 20;

/// So many frames in a row prove a chain: the head says much by itself.
const PROOF: Proof = Proof { whole: 2, open: 1 };

/// How bodies are written, by the number that the head has for it (`Constants` of `dubbo-serialization-api`).
const FORMS: [(u8, &str); 14] = [
    (2, "hessian2"),
    (3, "java"),
    (4, "compactedjava"),
    (6, "fastjson"),
    (7, "nativejava"),
    (8, "kryo"),
    (9, "fst"),
    (10, "native-hessian"),
    (11, "avro"),
    (12, "protostuff"),
    (16, "gson"),
    (21, "protobuf-json"),
    (22, "protobuf"),
    (23, "fastjson2"),
];

/// How a response ended (`Response`).
const STATUSES: [(u8, &str); 12] = [
    (OK, "OK"),
    (25, "SERIALIZATION_ERROR"),
    (30, "CLIENT_TIMEOUT"),
    (31, "SERVER_TIMEOUT"),
    (35, "CHANNEL_INACTIVE"),
    (40, "BAD_REQUEST"),
    (50, "BAD_RESPONSE"),
    (60, "SERVICE_NOT_FOUND"),
    (70, "SERVICE_ERROR"),
    (80, "SERVER_ERROR"),
    (90, "CLIENT_ERROR"),
    (100, "SERVER_THREADPOOL_EXHAUSTED_ERROR"),
];

/// Where statuses are, those that are not known yet included.
const ENDINGS: std::ops::RangeInclusive<u8> = 20..=120;

/// The status of a response that has a result.
pub(super) const OK: u8 = 20;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Request,
    Oneway,
    Response,
    /// A heartbeat, or its answer, or that a server takes no more.
    Event,
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) sort: Sort,
    /// How the body is written.
    pub(super) form: &'static str,
    /// How a response ended.
    pub(super) status: u8,
    pub(super) id: u64,
    /// How long the body is.
    pub(super) length: u32,
}

impl Head {
    /// Reads a frame's head.
    pub(super) fn read(wire: &mut Reader<'_>) -> Read<Head> {
        let there = wire.rest();
        if !there.iter().zip(MAGIC).all(|(byte, magic)| *byte == magic) {
            return Err(wire.broken("a frame does not begin like one"));
        }
        let [_, _, flags, status] = wire.array()?;
        let (id, length) = (wire.be64()?, wire.be32()?);
        let form = FORMS.iter().find(|(number, _)| *number == flags & 0x1f);
        let sort = match (flags & REQUEST != 0, flags & TWO_WAYS != 0, flags & EVENT != 0) {
            (_, _, true) => Sort::Event,
            (true, true, false) => Sort::Request,
            (true, false, false) => Sort::Oneway,
            (false, _, false) => Sort::Response,
        };
        let is_ended = sort != Sort::Response || ENDINGS.contains(&status);
        match form.filter(|_| is_ended && length <= LONGEST) {
            Some((_, form)) => Ok(Head { sort, form, status, id, length }),
            None => Err(wire.broken("a frame has an impossible head")),
        }
    }
}

/// The name of a status.
pub(super) fn status_name(status: u8) -> Option<&'static str> {
    STATUSES.iter().find(|(number, _)| *number == status).map(|(_, name)| *name)
}

/// Whether bytes begin with frames.
pub(super) fn chain(bytes: &[u8]) -> Chain {
    PROOF.chain(bytes, |wire| {
        let head = Head::read(wire)?;
        let there = wire.rest().len() as u64;
        wire.skip(there.min(head.length.into()));
        Ok(())
    })
}
