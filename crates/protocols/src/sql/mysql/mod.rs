//! MySQL and MariaDB, and all that speak their protocol: <https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html>,
//! <https://mariadb.com/kb/en/clientserver-protocol/>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `SSLRequest` | over: what follows is encrypted, and begins with the client's introduction |
//! | greeting, `HandshakeResponse41` ... OK or ERR | an exchange `login`; who the session is; of the proof only its kind |
//! | ERR for a greeting | `login`, oneway, with what is wrong |
//! | `COM_QUERY` ... the last of its results | one exchange, however many results it has; rows summed |
//! | `COM_STMT_PREPARE` ... its last description | an exchange `PREPARE`, with the number that the statement is run by |
//! | `COM_STMT_EXECUTE`, MariaDB's bulk of it | an exchange with the statement's verb, text and parameters |
//! | `COM_STMT_FETCH` | an exchange `FETCH` with its rows |
//! | `COM_STMT_SEND_LONG_DATA` | a parameter of the next execution |
//! | `COM_STMT_CLOSE`, `COM_QUIT` | nothing |
//! | LOCAL INFILE and the file | bytes of the exchange that loads it |
//! | `COM_CHANGE_USER`, `COM_INIT_DB`, `USE`, changes of the schema that an OK tells | exchanges, and who the session then is |
//! | `COM_BINLOG_DUMP` and its kin | an exchange that ends when the stream begins; the stream is passed over |
//! | any other command | an exchange by its name: `PING`, `STATISTICS`, `PROCESS_KILL` |
//! | frames of zlib and zstd | what is in them |
//!
//! `transaction` is `open` where the server last said, before the request, that one is. `code` of a failure is the server's
//! number, beside it in the details stands the SQLSTATE.

mod again;
mod answered;
mod asked;
mod chain;
mod described;
mod login;
mod packed;
mod parameters;
mod reply;
mod reports;
mod session;
mod shape;
mod statements;
mod types;
mod values;
mod wire;

use model::event::Joined;

use crate::kit::chain::Chain;
use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static MYSQL: &dyn Protocol = &Mysql;

#[derive(Debug)]
struct Mysql;

impl Protocol for Mysql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn ports(&self) -> &'static [u16] {
        &[3306, 3307, 4000, 6033]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        match opening.joined {
            Joined::AtStart => begins(opening),
            Joined::Midway => goes_on(opening, self.ports()),
        }
    }

    fn open(&self, joined: Joined) -> Box<dyn Session> {
        Box::new(session::Mysql::new(joined))
    }
}

/// The server speaks first; inside of TLS, where it did so before, the client does.
fn begins(opening: &Opening<'_>) -> Guess {
    if opening.server.is_empty() || chain::introduction(opening.client) == Chain::Sound {
        return guess(chain::introduction(opening.client));
    }
    match (chain::greeting(opening.server), chain::introduction(opening.client)) {
        (Chain::Sound, Chain::Sound | Chain::Open) => Guess::Yes,
        (Chain::Open, Chain::Sound | Chain::Open) => Guess::Unsure,
        (Chain::Broken, _) | (_, Chain::Broken) => Guess::No,
    }
}

fn guess(chain: Chain) -> Guess {
    match chain {
        Chain::Sound => Guess::Yes,
        Chain::Open => Guess::Unsure,
        Chain::Broken => Guess::No,
    }
}

/// Midway, a command and its answer are ours; one of them alone is if hardly anything else looks like it.
fn goes_on(opening: &Opening<'_>, ports: &[u16]) -> Guess {
    if chain::introduction(opening.client) == Chain::Sound || chain::greeting(opening.server) == Chain::Sound
    {
        return Guess::Yes;
    }
    let is_usual = opening.port.is_some_and(|port| ports.contains(&port));
    let side = |bytes: &[u8], chains: [fn(&[u8]) -> Chain; 2]| {
        let judged = chains.map(|chain| if bytes.is_empty() { Chain::Open } else { chain(bytes) });
        match judged {
            [Chain::Sound, _] | [_, Chain::Sound] => Chain::Sound,
            [Chain::Broken, Chain::Broken] => Chain::Broken,
            [Chain::Open | Chain::Broken, _] => Chain::Open,
        }
    };
    let client = side(opening.client, [chain::command, packed::command]);
    let server = side(opening.server, [chain::answer, packed::answer]);
    match (client, server) {
        (Chain::Sound, Chain::Sound) => Guess::Yes,
        (Chain::Sound, Chain::Open) if chain::is_certain(opening.client) => Guess::Yes,
        // The server's piece began within an answer.
        (Chain::Sound, Chain::Broken) if is_usual => Guess::Yes,
        (Chain::Broken, Chain::Broken) if !is_usual => Guess::No,
        (Chain::Sound | Chain::Open | Chain::Broken, _) => Guess::Unsure,
    }
}
