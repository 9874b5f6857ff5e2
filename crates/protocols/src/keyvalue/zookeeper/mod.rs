//! ZooKeeper, client side: <https://github.com/apache/zookeeper/blob/master/zookeeper-jute/src/main/resources/zookeeper.jute>
//! (the records) and `org.apache.zookeeper.ZooDefs.OpCode` (the operations).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `ConnectRequest`, `ConnectResponse` | `connect` with time-out and session; the session's password is not told |
//! | `RequestHeader` and a record | a request: the operation's name; its path as target; its data as parameter |
//! | `multi` | one request: its operations in the statement, their paths as targets |
//! | `ReplyHeader` and a record | the answer to the request with its `xid`: data, children and rules as rows |
//! | `err` | an error by its name (`NONODE`) |
//! | `xid` -1, a `WatcherEvent` | `notification`, oneway |
//! | `auth` | the scheme; of `digest` the user, who is the session's once the server agrees; the proof is masked |
//! | a command of four letters (`ruok`, `mntr`) | a request, and the lines that come back, up to the close |
//!
//! What servers say among themselves (ports 2888 and 3888) is another protocol.

mod answered;
mod asked;
mod commands;
mod operations;
mod records;
mod session;
mod wire;

use model::conn::Speaker;
use model::event::Joined;

use crate::kit::chain::Chain;
use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static ZOOKEEPER: &dyn Protocol = &ZooKeeper;

#[derive(Debug)]
struct ZooKeeper;

impl Protocol for ZooKeeper {
    fn name(&self) -> &'static str {
        "zookeeper"
    }

    fn ports(&self) -> &'static [u16] {
        &[2181, 2182, 2281]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        if commands::is_command(opening.client) {
            return commands::recognise(opening);
        }
        let begins = match opening.joined {
            Joined::AtStart => wire::greets,
            Joined::Midway => wire::begins,
        };
        let [client, server] = [(Speaker::Client, opening.client), (Speaker::Server, opening.server)]
            .map(|(speaker, bytes)| Guess::from(Chain::from(begins(speaker, bytes))));
        match (opening.joined, client, server) {
            (_, Guess::Yes, Guess::Yes | Guess::Unsure) => client,
            (Joined::Midway, Guess::Unsure, Guess::Yes) => server,
            (_, Guess::No, _) | (_, _, Guess::No) => Guess::No,
            _ => Guess::Unsure,
        }
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::ZooKeeper>::default()
    }
}
