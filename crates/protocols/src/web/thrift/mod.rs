//! Thrift's binary and compact protocols, in frames or without: <https://github.com/apache/thrift/tree/master/doc/specs>
//! (`thrift-binary-protocol.md`, `thrift-compact-protocol.md`, `thrift-rpc.md`, `HeaderFormat.md`).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a call | a request: method; arguments by their numbers as a parameter; service, where several share a connection, as target |
//! | the same one-way | oneway |
//! | a reply | the response with the same number; its result as a sample, an exception that the method declares as an error |
//! | an exception | an error by the kind of `TApplicationException` |
//! | a header before any of these (`THeader`) | a detail, credentials masked; what follows is unpacked, if zlib packed it |
//!
//! Nobody knows the names of fields: what methods about credentials are asked and say is masked as a whole, as in gRPC.
//!
//! Many clients number nothing and say 0 in every message (Apache's own of C++, Python, C# and PHP): those are answered in
//! turn, for every server of Apache's answers so, and all others by their number. The JSON protocol is not read.

mod answered;
mod asked;
mod encoding;
mod header;
mod session;
mod walk;
mod wire;
mod words;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static THRIFT: &dyn Protocol = &Thrift;

#[derive(Debug)]
struct Thrift;

impl Protocol for Thrift {
    fn name(&self) -> &'static str {
        "thrift"
    }

    fn ports(&self) -> &'static [u16] {
        &[9090]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        opening.judge(wire::begins)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Thrift>::default()
    }
}
