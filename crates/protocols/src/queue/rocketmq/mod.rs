//! RocketMQ's remoting, between clients and name servers, brokers, or proxies:
//! <https://github.com/apache/rocketmq/blob/develop/docs/en/design.md> (its frame) and the classes `RemotingCommand`,
//! `RocketMQSerializable`, `RequestCode`, `ResponseCode`, `MessageDecoder`, which are all the specification that there is.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a command with a code | a request by its name, answered by the response with its `opaque`; topic as target, group and queue as details |
//! | the same with the flag of one way | oneway |
//! | the same by the server | the same, with the detail `from` = `server` |
//! | the body of `SEND_MESSAGE`, also of the short form (V2), and of batches | parameters; what is compressed is told as such |
//! | properties of messages | a detail, credentials masked |
//! | the body of other requests | a parameter, where it is JSON; secrets masked |
//! | the response to `PULL_MESSAGE`, `POP_MESSAGE` and the like | messages as rows: topic, body, properties, offset |
//! | a code that is not 0 | an error by its name, with its remark; that there is no message is none |
//! | `AccessKey` | the user; `Signature` and `SecurityToken` are not told |

mod answered;
mod asked;
mod codes;
mod header;
mod messages;
mod session;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Ids, Opening, Protocol, Session};

/// The protocol.
pub static ROCKETMQ: &dyn Protocol = &RocketMq;

#[derive(Debug)]
struct RocketMq;

impl Protocol for RocketMq {
    fn name(&self) -> &'static str {
        "rocketmq"
    }

    fn ports(&self) -> &'static [u16] {
        &[9876, 10909, 10911]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        opening.judge(|_, bytes| wire::chain(bytes))
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::RocketMq>::default()
    }

    fn ids(&self) -> Ids {
        // `RemotingCommand.requestId` counts, for all connections of a program.
        Ids::Counted
    }
}
