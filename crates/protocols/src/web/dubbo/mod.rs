//! Dubbo 2, by which programs in Java call each other: <https://cn.dubbo.apache.org/en/docs3-v2/java-sdk/reference-manual/protocol/dubbo/>
//! (its frame), the classes `DubboCodec` and `RpcInvocation` (its bodies), and <http://hessian.caucho.com/doc/hessian-serialization.html>
//! (how values are written).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a request of two ways | a request: method; service as target; arguments as parameters; answered by the response with its id |
//! | the same of one way | oneway |
//! | the same by the server (callbacks) | the same, with the detail `from` = `server` |
//! | versions, group, types of parameters, attachments | details, credentials masked; the calling program's name is the session's |
//! | a response with a value | it, as a sample: JSON with the names of fields |
//! | a response with an exception | an error by the class of the exception |
//! | a response whose status is not OK | an error by the name of the status |
//! | events: heartbeats, and that a server ends | nothing |
//!
//! Bodies in Hessian 2 are read as a whole, those of Kryo as far as they are texts. Of others (Java's own, Fastjson, FST,
//! Protocol Buffers) the kind and the length are told. Arguments have no names: what methods about credentials are asked
//! and say is masked, as in gRPC, but for fields whose names tell that they are none.

mod answered;
mod asked;
mod hessian;
mod invocation;
mod kryo;
mod session;
mod told;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static DUBBO: &dyn Protocol = &Dubbo;

#[derive(Debug)]
struct Dubbo;

impl Protocol for Dubbo {
    fn name(&self) -> &'static str {
        "dubbo"
    }

    fn ports(&self) -> &'static [u16] {
        &[20880]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        // Both sides ask for heartbeats, so a server may say anything that a client may.
        opening.judge(|_, bytes| wire::chain(bytes))
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Dubbo>::default()
    }
}
