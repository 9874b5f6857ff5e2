//! Packets become requests and responses: where a session stands, and what the server still owes.

use std::sync::Arc;

use model::conn::Speaker;
use model::event::Joined;
use model::exchange::{Exchange, Identity, Text};

use crate::kit::chain::{Chain, seek};
use crate::kit::protocol::{Heard, Key, Read, Session, Sought};
use crate::kit::queue::Queue;
use crate::kit::reader::Reader;

use super::chain;
use super::packed::{self, Packing};
use super::reply::Reply;
use super::statements::{Statement, Store};
use super::wire::{capability, header};

/// More open requests than this are not waited for; the pairing's own cap lies above it.
const OPEN: u16 = 4000;

/// Where a session stands.
///
/// ```text
///            greeting            introduction           OK
///  Silent ─────────────▶ Greeted ─────────────▶ Proving ────▶ Talking ◀─╮
///    │ ╰─────────────────────────── introduction ──▲            ╰───────╯
///    │                      │
///    ╰───── asks for TLS ───┴─▶ Over: the clear layer goes on, and is Silent
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The server has said nothing, or said it before TLS began.
    Silent,
    /// The server said who it is.
    Greeted,
    /// The client said who it is, and proves it.
    Proving,
    /// Questions and answers.
    Talking,
}

/// What the server still owes, in the order in which it will give it.
#[derive(Debug)]
pub(super) enum Due {
    /// The end of the log-in.
    Login,
    /// The end of a log-in as this other user.
    ChangeUser(Arc<Identity>),
    /// What a statement does, or its rows.
    Query,
    /// The same of a statement that was prepared.
    Execute(Arc<Statement>),
    /// The number of a statement.
    Prepare(Arc<Statement>),
    /// More rows of a statement.
    Fetch(Arc<Statement>),
    /// The columns of a table.
    Fields,
    /// A line of text.
    Statistics,
    /// That all went well, which then means this.
    Simple(Meaning),
    /// Everything that the server ever changes.
    Stream,
    /// Bytes were lost: nobody knows what the server will answer here.
    Gap(Gap),
}

/// What it means for the session that a command went well.
#[derive(Debug)]
pub(super) enum Meaning {
    Nothing,
    /// It has another database.
    Database(Text),
    /// It begins anew.
    Reset,
}

/// Whether the server has answered since bytes were lost.
///
/// A client that takes turns speaks again only when it was answered. So when it does, what was lost is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    Unanswered,
    Answered,
}

/// Whether an EOF stands behind descriptions of columns (`CLIENT_DEPRECATE_EOF`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Unknown,
    Said,
    Unsaid,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Mysql {
    pub(super) state: State,
    /// What the server can do, and then what both can.
    pub(super) capabilities: u64,
    pub(super) ends: Ends,
    pub(super) due: Queue<Due>,
    /// How many of `due` are requests that the pairing knows.
    pub(super) open: u16,
    pub(super) reply: Reply,
    /// Whether the packet of this side goes on in its next one: the client's, the server's.
    pub(super) goes_on: [bool; 2],
    store: Option<Box<Store>>,
    pub(super) identity: Arc<Identity>,
    /// Whether the session is within a transaction, as its server last said.
    pub(super) in_transaction: bool,
    /// What opens packed packets, where they come so.
    packing: Option<Box<Packing>>,
}

impl Session for Mysql {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        // The answer to the log-in was lost: who asks was believed.
        if self.state == State::Proving
            && speaker == Speaker::Client
            && self.due.is_empty()
            && header(wire)?.sequence == 0
        {
            self.believed();
        }
        match self.packing.take() {
            None => self.read_plain(speaker, wire),
            Some(mut packing) => {
                let read = packed::read(&mut packing, self, speaker, wire);
                self.packing = Some(packing);
                read
            }
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        if let Some(packing) = &mut self.packing {
            packing.lost(speaker);
        }
        match speaker {
            Speaker::Client => self.lost_question(),
            Speaker::Server => self.lost_answer(),
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        // Nobody waits for what the server says: it answers nothing that we know of.
        if speaker == Speaker::Server && self.due.is_empty() && self.state != State::Silent {
            return Sought::Behind(wire.len());
        }
        seek(wire, 0..wire.len(), |bytes| self.begins(speaker, bytes))
    }
}

impl Mysql {
    /// A connection of which nothing was heard yet.
    pub(super) fn new(joined: Joined) -> Self {
        Mysql {
            state: match joined {
                Joined::AtStart => State::Silent,
                Joined::Midway => State::Talking,
            },
            capabilities: 0,
            ends: Ends::Unknown,
            due: Queue::default(),
            open: 0,
            reply: Reply::default(),
            goes_on: [false; 2],
            store: None,
            identity: Arc::default(),
            in_transaction: false,
            packing: None,
        }
    }

    /// Reads the next packet of `speaker`, or those up to the end of a response, where they are not packed.
    pub(super) fn read_plain(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match (self.state, speaker) {
            (State::Silent | State::Greeted, Speaker::Client) => self.introduced(wire),
            (State::Proving | State::Talking, Speaker::Client) => self.asked(wire),
            (State::Silent, Speaker::Server) => self.greeted(wire),
            (State::Greeted | State::Proving | State::Talking, Speaker::Server) => self.answered(wire),
        }
    }

    /// Whether what `speaker` goes on with begins here.
    fn begins(&mut self, speaker: Speaker, rest: &[u8]) -> Chain {
        if speaker == Speaker::Server {
            return match (self.state, &self.packing) {
                (State::Silent, _) => chain::greeting(rest),
                (State::Proving, _) => chain::proof(rest),
                (_, Some(_)) => packed::answer(rest),
                (_, None) => match (self.due.front(), chain::answer(rest)) {
                    (Some(Due::ChangeUser(_)), _) => chain::proof(rest),
                    (Some(Due::Fetch(_) | Due::Execute(_) | Due::Stream), Chain::Broken) => chain::rows(rest),
                    (_, found) => found,
                },
            };
        }
        match chain::introduction(rest) {
            Chain::Broken => {}
            Chain::Sound => {
                (self.state, self.packing) = (State::Greeted, None);
                self.reply = Reply::default();
                return Chain::Sound;
            }
            Chain::Open => return Chain::Open,
        }
        let plain = if self.packing.is_some() { Chain::Broken } else { chain::command(rest) };
        let is_new = plain == Chain::Broken && self.packing.is_none();
        match plain {
            Chain::Broken => {
                let packed = packed::command(rest);
                if is_new && packed == Chain::Sound {
                    self.pack();
                }
                self.join(packed)
            }
            Chain::Sound | Chain::Open => self.join(plain),
        }
    }

    /// A command was found: whatever came before it was missed.
    fn join(&mut self, found: Chain) -> Chain {
        if found == Chain::Sound && self.state != State::Talking {
            (self.state, self.capabilities, self.ends) = (State::Talking, 0, Ends::Unknown);
        }
        found
    }

    /// The client has proved who it is, or is sent away.
    pub(super) fn believed(&mut self) {
        self.state = State::Talking;
        if self.capabilities & (capability::COMPRESS | capability::ZSTD) != 0 {
            self.pack();
        }
    }

    /// From now on, packets come packed.
    pub(super) fn pack(&mut self) {
        self.packing = Some(Box::default());
        (self.reply.begins, self.reply.sequence) = (None, None);
    }

    /// Whether packets come packed.
    pub(super) fn is_packed(&self) -> bool {
        self.reply.begins.is_none()
    }

    /// What the client prepared; most sessions prepare nothing, and hold no room for it.
    pub(super) fn store(&mut self) -> &mut Store {
        self.store.get_or_insert_default()
    }

    /// The session holds nothing that was prepared any more.
    pub(super) fn forget_statements(&mut self) {
        self.store = None;
    }

    /// A request begins to wait.
    #[inline(always)]
    pub(super) fn ask(&mut self, due: Due, exchange: Box<Exchange>) -> Heard {
        self.open += 1;
        self.due.push_back(due);
        Heard::Request(Key::Turn, exchange)
    }

    /// The answer ends, and with it the oldest of what is due.
    #[inline(always)]
    pub(super) fn respond(&mut self, wire: &mut Reader<'_>) -> Heard {
        self.pop();
        self.reply.finish(wire.answer());
        Heard::Response(Key::Turn)
    }

    /// The oldest of what is due is over.
    #[inline(always)]
    fn pop(&mut self) {
        match self.due.front() {
            None => return,
            Some(Due::Gap(_)) => {}
            Some(_) => self.open -= 1,
        }
        drop(self.due.pop_front());
    }

    /// Whether more is due than is waited for.
    #[inline]
    pub(super) fn overflows(&self) -> bool {
        self.open >= OPEN
    }

    /// At the cap: what is due is given up, and the next answers answer nobody.
    #[cold]
    pub(super) fn give_up(&mut self) -> Heard {
        let open = std::mem::take(&mut self.open);
        self.due.clear();
        self.due.push_back(Due::Gap(Gap::Unanswered));
        self.reply.finish(None);
        Heard::Abandoned(usize::from(open))
    }

    /// A gap that the server has answered is over when the client speaks again.
    #[inline(always)]
    pub(super) fn bridge(&mut self) {
        if let Some(Due::Gap(Gap::Answered)) = self.due.front()
            && self.due.len() == 1
        {
            self.due.clear();
        }
    }

    /// The server speaks at a gap: what was asked behind it may have been answered or not.
    pub(super) fn answered_at_gap(&mut self) -> Heard {
        if let Some(Due::Gap(Gap::Answered)) = self.due.front()
            && self.open == 0
        {
            return Heard::Nothing;
        }
        let gaps = self.due.iter().filter(|due| matches!(due, Due::Gap(_))).count();
        let open = std::mem::take(&mut self.open);
        self.due.clear();
        self.due.push_back(Due::Gap(if gaps > 1 { Gap::Unanswered } else { Gap::Answered }));
        self.reply.finish(None);
        match open {
            0 => Heard::Response(Key::Turn),
            open => Heard::Abandoned(usize::from(open)),
        }
    }

    fn lost_question(&mut self) {
        self.goes_on[0] = false;
        match self.due.back_mut() {
            Some(Due::Gap(gap)) => *gap = Gap::Unanswered,
            Some(_) | None => self.due.push_back(Due::Gap(Gap::Unanswered)),
        }
    }

    fn lost_answer(&mut self) {
        let in_doubt = self.due.iter().any(|due| matches!(due, Due::Gap(_))) || self.open > 1;
        self.due.clear();
        (self.open, self.goes_on[1]) = (0, false);
        self.reply.finish(None);
        // One answer ends before a client that takes turns speaks again; of several, nobody knows which comes next.
        if in_doubt {
            self.due.push_back(Due::Gap(Gap::Unanswered));
        }
    }
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker::{self, Client, Server};
    use model::event::Joined;
    use model::exchange::{Exchange, Outcome};
    use model::time::Time;

    use crate::kit::conversation::Conversation;
    use crate::kit::desk::Desk;
    use crate::sql::mysql::MYSQL;
    use crate::sql::mysql::wire::FULL;

    /// What comes of these bytes of either side, said piece by piece.
    fn heard(said: &[(Speaker, Vec<u8>)]) -> Vec<Box<Exchange>> {
        let mut conversation = Conversation::open(&MYSQL, Joined::Midway);
        let mut desk = Desk::default();
        for (speaker, bytes) in said {
            for piece in bytes.chunks(64 << 10) {
                conversation.hear(*speaker, Time(0), piece, &mut desk);
                assert!(conversation.held() <= 512 << 10, "{} bytes are held", conversation.held());
            }
        }
        assert_eq!(conversation.tally().breaches, 0);
        desk.exchanges
    }

    fn packet(sequence: u8, body: &[u8]) -> Vec<u8> {
        let mut packet = u32::try_from(body.len()).unwrap().to_le_bytes();
        packet[3] = sequence;
        [&packet, body].concat()
    }

    #[test]
    fn packets_of_more_than_16_megabytes_go_on_in_the_next() {
        let full = FULL as usize;
        let mut statement = b"\x03SELECT '".to_vec();
        statement.resize(full + 100, b'x');
        let asked = [packet(0, &statement[..full]), packet(1, &statement[full..])].concat();
        let column = b"\x03def\0\0\0\x01a\0\x0c\xff\0\xff\xff\xff\0\xfb\0\0\x1f\0\0";
        let mut row = b"\xfd\x40\0\0\x01".to_vec();
        row.resize(full, b'y');
        let eof = b"\xfe\0\0\x02\0";
        let answer = [
            packet(1, b"\x01"),
            packet(2, column),
            packet(3, eof),
            packet(4, &row),
            packet(5, &[b'y'; 60]),
            packet(6, b"\x01z"),
            packet(7, eof),
        ]
        .concat();
        let length = (asked.len() as u64, answer.len() as u64);
        let told = heard(&[(Client, asked), (Server, answer)]);
        let [only] = &*told else { panic!("{} exchanges", told.len()) };
        assert_eq!((only.request_bytes, only.response_bytes), length);
        assert_eq!((only.response.rows, only.response.outcome), (Some(2), Outcome::Ok));
        assert!(only.request.details.iter().any(|(name, _)| *name == "statement_bytes"));
    }
}
