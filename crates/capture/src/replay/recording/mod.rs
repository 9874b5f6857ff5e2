//! Recordings: events as they were, in a file (`.events`), to be replayed.
//!
//! All numbers are little-endian. The file begins with [`MAGIC`] and a 32-bit [`VERSION`]. Then frames follow:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | the body's length, at most [`BODY_MAX`] |
//! | 4 | the body's CRC-32 (IEEE) |
//! | .. | the body |
//!
//! A body is the moment (8, nanoseconds since 1970), the connection (`tgid` 4, `fd` 4, `generation` 8), one byte for
//! what happened, and then:
//!
//! | what | then |
//! |---|---|
//! | 0 opened | transport, role, joined (1 each), client and server address, process, peer, weight (4) |
//! | 1 said | layer, speaker (1 each), offset (8), the bytes up to the body's end |
//! | 2 lost | layer, speaker, cause (1 each), offset (8), length (8) |
//! | 3 sealed | speaker (1), length (8) |
//! | 4 secured | how sure (1) |
//! | 5 closed | nothing |
//! | 6 counted | of client and server each: whether the socket counted (1), its bytes (8), those before (8), seen on the wire and in clear (8 each), twice likewise |
//!
//! Enumerations are numbered in the order of their declaration in `model`. An address is 0 (unknown), 4 or 6 with
//! its bytes and the port (2), or 1 (Unix) with a text. A text is its length (4) and its UTF-8. What may be absent
//! begins with 0 or 1. A process is pid, name, exe, command, uid, user, the count of its parents (1) and their
//! names, and container. A peer is named as the connection is.
//!
//! A frame that is cut or whose CRC differs ends the reading with a warning: what came before it is good.

mod reading;
mod writing;

pub(super) use reading::Recording;
pub use writing::Recorder;

/// What a recording begins with. Like PNG's, it shows at once that a transfer mangled the file.
const MAGIC: [u8; 8] = *b"\x89PSE\r\n\x1a\n";
/// The version of the format; readers refuse others.
const VERSION: u32 = 2;
/// The longest body: a megabyte of bytes said (longer ones are split) or of process facts.
const BODY_MAX: usize = 2 << 20;

const OPENED: u8 = 0;
const SAID: u8 = 1;
const LOST: u8 = 2;
const SEALED: u8 = 3;
const SECURED: u8 = 4;
const CLOSED: u8 = 5;
const COUNTED: u8 = 6;
