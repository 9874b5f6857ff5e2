//! Commands of four letters: "ZooKeeper Commands" in the administrator's guide.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use model::exchange::{Column, Outcome};

use crate::kit::protocol::{Guess, Heard, Key, Opening, Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::{lossy, utf8};

use super::session::ZooKeeper;

const COMMANDS: [&str; 18] = [
    "conf", "cons", "crst", "dirs", "dump", "envi", "gtmk", "hash", "isro", "lead", "mntr", "ruok", "srst",
    "srvr", "stat", "wchc", "wchp", "wchs",
];
/// What the answers to most of them begin with, or hold.
const BEGINS: [&[u8]; 7] = [
    b"imok",
    b"Zookeeper version: ",
    b"clientPort=",
    b"zk_version\t",
    b"Environment:\n",
    b"SessionTracker dump:",
    b"This ZooKeeper instance is not currently serving requests",
];
const REFUSED: &[u8] = b" is not executed because it is not in the whitelist.";
/// So much of an answer is read.
const READ: usize = 16 << 10;
/// So many lines of an answer are kept.
const SAMPLES: usize = 20;

static LINE: LazyLock<Arc<[Column]>> = LazyLock::new(|| {
    Arc::new([Column { name: "line".into(), kind: Cow::Borrowed("text"), table: None, origin: None }])
});

/// The command that bytes begin with.
fn command(bytes: &[u8]) -> Option<&'static str> {
    let word = utf8(bytes.get(..4)?)?;
    COMMANDS.iter().find(|command| **command == word).copied()
}

/// Whether the client said a command and nothing else.
pub(super) fn is_command(bytes: &[u8]) -> bool {
    command(bytes).is_some() && bytes.len() <= 6
}

/// Whether this is a command with its answer.
pub(super) fn recognise(opening: &Opening<'_>) -> Guess {
    let server = opening.server;
    if server.is_empty() {
        return Guess::Unsure;
    }
    let begins = BEGINS.iter().any(|text| server.starts_with(text));
    let refused = server.get(4..).is_some_and(|rest| rest.starts_with(REFUSED));
    if begins || refused { Guess::Yes } else { Guess::No }
}

impl ZooKeeper {
    /// A command.
    pub(super) fn commanded(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let Some(word) = command(wire.rest()) else { return Err(wire.broken("this is no command")) };
        self.command = true;
        wire.skip(wire.rest().len() as u64);
        let mut exchange = wire.blank();
        exchange.request.operation = Cow::Borrowed(word);
        exchange.request.statement.write(word);
        Ok(Heard::Request(Key::Turn, exchange))
    }
}

/// Its answer, which ends when the server closes.
pub(super) fn replied(wire: &mut Reader<'_>) -> Read<Heard> {
    let said = wire.rest();
    if said.is_empty() || wire.ahead() == Ahead::Open && said.len() < READ {
        return Err(Stop::Short);
    }
    if let Some(answer) = wire.answer() {
        let text = said.strip_suffix(b"\n").unwrap_or(said);
        let lines = text.split(|byte| *byte == b'\n');
        answer.outcome = Outcome::Ok;
        answer.columns = Some(Arc::clone(&LINE));
        for line in lines.clone().take(SAMPLES) {
            answer.samples.add(line.len(), |row| row.push(&lossy(line)));
        }
        answer.rows = Some(lines.count() as u64);
    }
    wire.skip(said.len() as u64);
    Ok(Heard::Response(Key::Turn))
}
