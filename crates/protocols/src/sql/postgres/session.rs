//! Messages become requests and responses: where a session stands, and what the server still owes.

use std::sync::Arc;

use model::conn::Speaker;
use model::event::Joined;
use model::exchange::{Exchange, Identity};

use crate::kit::chain::Chain;
use crate::kit::protocol::{Heard, Key, Read, Session, Sought, Stop};
use crate::kit::queue::Queue;
use crate::kit::reader::Reader;

use super::answer::Answer;
use super::chain::{chain, startup};
use super::shape::Forms;
use super::statements::{Statement, Store};
use super::wire::{Header, Packet, header, packet};

/// More open requests than this are not waited for; the pairing's own cap lies above it.
const OPEN: u16 = 4000;
/// More answers of the server than this are not waited for: a client that asks so much is not being answered.
const DUE: usize = 4 * OPEN as usize;

/// Where a session stands.
///
/// ```text
///            start-up             Z
///  Opening ───────────▶ Greeting ───▶ Talking ◀──╮
///     ▲ │                   ╰─ Q, P... ─▶ ╰──────╯
///   N │ │ asks for TLS or GSS
///     │ ▼
///   Asking ── S, G ──▶ Over: the clear layer goes on, under Opening
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The client has said nothing, or was refused encryption.
    Opening,
    /// The client asked for encryption.
    Asking,
    /// The client said who it is, and proves it.
    Greeting,
    /// Questions and answers.
    Talking,
}

/// What the server still owes, in the order in which it will give it.
#[derive(Debug)]
pub(super) enum Due {
    /// The end of the log-in.
    Login,
    /// The answer to a simple query.
    Query,
    /// The answer to a function call.
    Call,
    /// The end of a `Parse` of a named statement; if it fails, what the name meant `before` holds again.
    Parse { name: Box<[u8]>, before: Option<Arc<Statement>> },
    /// The end of a `Close` of a statement; if the server passes over it, what the name meant `before` holds again.
    Close { name: Box<[u8]>, before: Arc<Statement> },
    /// The description of a statement or of a portal's rows.
    Describe(Arc<Statement>),
    /// Rows, and what the statement did.
    Execute(Arc<Statement>, Forms, Then),
    /// `ReadyForQuery`; with an answer, when the batch held no `Execute` and was told as a request of its own.
    Sync(Telling),
    /// Bytes were lost: nobody knows what the server will answer here.
    Gap(Gap),
}

/// What is due behind an `Execute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// What stands behind it, if anything.
    Next,
    /// `ReadyForQuery` before that, as at the end of nearly every batch.
    Sync,
}

/// Whether a `Sync` is itself a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    Silent,
    Told,
}

/// Whether the server has answered since bytes were lost.
///
/// A client that takes turns speaks again only when it was answered. So when it does, what was lost is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    Unanswered,
    Answered,
}

impl Due {
    /// Whether the server says `ReadyForQuery` at its end, or behind it.
    pub(super) fn ends_turn(&self) -> bool {
        match self {
            Due::Login | Due::Query | Due::Call | Due::Sync(_) | Due::Gap(_) => true,
            Due::Execute(_, _, then) => *then == Then::Sync,
            Due::Parse { .. } | Due::Close { .. } | Due::Describe(_) => false,
        }
    }

    /// Whether it runs a prepared statement.
    pub(super) fn executes(&self) -> bool {
        matches!(self, Due::Execute(..))
    }

    #[inline]
    fn is_request(&self) -> bool {
        match self {
            Due::Login | Due::Query | Due::Call | Due::Execute(..) | Due::Sync(Telling::Told) => true,
            Due::Parse { .. }
            | Due::Close { .. }
            | Due::Describe(_)
            | Due::Sync(Telling::Silent)
            | Due::Gap(_) => false,
        }
    }
}

/// What the client said since its last `Sync`.
#[derive(Debug, Default)]
pub(super) enum Batch {
    /// Nothing that runs or prepares anything.
    #[default]
    Empty,
    /// It prepared or described a statement, and runs nothing yet.
    Prepared(Step, Arc<Statement>),
    /// It runs something.
    Asked,
}

/// A step towards running a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Parse,
    Bind,
    Describe,
}

impl Step {
    /// The operation of a request that goes no further.
    pub(super) fn operation(self) -> &'static str {
        match self {
            Step::Parse => "PARSE",
            Step::Bind => "BIND",
            Step::Describe => "DESCRIBE",
        }
    }
}

/// Whether the session is within a transaction, as its server last said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transaction {
    Idle,
    Open,
    Failed,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Postgres {
    pub(super) state: State,
    pub(super) due: Queue<Due>,
    /// How many of `due` are requests that the pairing knows.
    pub(super) open: u16,
    store: Option<Box<Store>>,
    pub(super) answer: Answer,
    pub(super) identity: Arc<Identity>,
    pub(super) transaction: Transaction,
}

impl Session for Postgres {
    fn read(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Heard> {
        match (self.state, speaker) {
            (State::Opening | State::Asking, Speaker::Client) => self.opening(wire),
            (State::Asking, Speaker::Server) => self.negotiated(wire),
            (State::Greeting | State::Talking, Speaker::Client) => self.asked(wire),
            (State::Opening | State::Greeting | State::Talking, Speaker::Server) => self.answered(wire),
        }
    }

    fn lost(&mut self, speaker: Speaker) {
        match speaker {
            Speaker::Client => self.lost_question(),
            Speaker::Server => self.lost_answer(),
        }
    }

    fn resync(&mut self, speaker: Speaker, wire: &[u8]) -> Sought {
        let mut open = wire.len();
        for at in 0..wire.len() {
            let rest = wire.get(at..).unwrap_or_default();
            let opening = if speaker == Speaker::Client { startup(rest) } else { Chain::Broken };
            match (opening, chain(speaker, rest)) {
                (Chain::Sound, _) => self.state = State::Opening,
                (_, Chain::Sound) => self.join(),
                (Chain::Open, _) | (_, Chain::Open) => {
                    open = open.min(at);
                    continue;
                }
                (Chain::Broken, Chain::Broken) => continue,
            }
            return Sought::At(at);
        }
        Sought::Behind(open)
    }
}

impl Postgres {
    /// A connection of which nothing was heard yet.
    pub(super) fn new(joined: Joined) -> Self {
        Postgres {
            state: match joined {
                Joined::AtStart => State::Opening,
                Joined::Midway => State::Talking,
            },
            due: Queue::default(),
            open: 0,
            store: None,
            answer: Answer::default(),
            identity: Arc::default(),
            transaction: Transaction::Idle,
        }
    }

    /// The client's packets before the first tagged message.
    #[inline(never)]
    fn opening(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if self.state == State::Asking && wire.rest().first() == Some(&0x16) {
            // A TLS hand-shake: the server's consent was not seen.
            return Err(Stop::Over);
        }
        let (packet, length) = packet(wire)?;
        let heard = match packet {
            Packet::Encrypt => {
                self.state = State::Asking;
                Heard::Nothing
            }
            Packet::Cancel(process) => Heard::Oneway(super::login::cancel(process, wire.blank())),
            Packet::Startup(minor, body) => {
                let identity = super::login::identity(body);
                if identity != *self.identity {
                    // The same packet is read again for the request, which then bears the identity.
                    self.identity = wire.share(identity);
                    return Ok(Heard::Identity(Arc::clone(&self.identity)));
                }
                self.state = State::Greeting;
                self.ask(Due::Login, super::login::request(minor, body, wire.blank()))
            }
        };
        wire.skip(length as u64);
        Ok(heard)
    }

    /// The server's one byte after a request for encryption.
    #[inline(never)]
    fn negotiated(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        match wire.peek(1)? {
            b"S" | b"G" => {
                wire.skip(1);
                Err(Stop::Over)
            }
            b"N" => {
                wire.skip(1);
                self.state = State::Opening;
                Ok(Heard::Nothing)
            }
            // Servers too old for the question answer with an error.
            b"E" => self.answered(wire),
            _ => Err(wire.broken("a request for encryption has an unknown answer")),
        }
    }

    /// What the client prepared; most sessions prepare nothing, and hold no room for it.
    pub(super) fn store(&mut self) -> &mut Store {
        self.store.get_or_insert_default()
    }

    /// What the client said since its last `Sync`.
    pub(super) fn batch(&self) -> &Batch {
        self.store.as_ref().map_or(&Batch::Empty, |store| &store.batch)
    }

    /// What the client said together ends.
    pub(super) fn take_batch(&mut self) -> Batch {
        self.store.as_mut().map_or(Batch::Empty, |store| std::mem::take(&mut store.batch))
    }

    /// The header of the next message of `speaker`, passed over.
    #[inline]
    pub(super) fn message(&mut self, speaker: Speaker, wire: &mut Reader<'_>) -> Read<Header> {
        let header = header(speaker, wire)?;
        wire.skip(super::wire::HEADER as u64);
        Ok(header)
    }

    /// A request begins to wait.
    #[inline(always)]
    pub(super) fn ask(&mut self, due: Due, exchange: Box<Exchange>) -> Heard {
        self.open += 1;
        self.due.push_back(due);
        Heard::Request(Key::Turn, exchange)
    }

    /// The answer ends, and with it the oldest of what is due.
    pub(super) fn respond(&mut self, wire: &mut Reader<'_>) -> Heard {
        self.respond_here(wire)
    }

    /// The same, where most answers end.
    #[inline(always)]
    pub(super) fn respond_here(&mut self, wire: &mut Reader<'_>) -> Heard {
        match self.due.front() {
            Some(Due::Query) => {
                self.open -= 1;
                self.pass();
            }
            _ => self.pop(),
        }
        self.answer.finish(wire.answer());
        Heard::Response(Key::Turn)
    }

    /// The oldest of what is due is over.
    #[inline]
    pub(super) fn pop(&mut self) {
        match self.due.front_mut() {
            Some(due @ Due::Execute(_, _, Then::Sync)) => {
                *due = Due::Sync(Telling::Silent);
                self.open -= 1;
            }
            Some(_) | None => {
                let due = self.due.pop_front();
                self.open -= u16::from(due.is_some_and(|due| due.is_request()));
            }
        }
    }

    /// The oldest of what is due is over, and holds nothing that must be given back.
    #[inline(always)]
    pub(super) fn pass(&mut self) {
        std::mem::forget(self.due.pop_front());
    }

    /// Whether more is due than is waited for.
    #[inline]
    pub(super) fn overflows(&self) -> bool {
        self.open >= OPEN || self.due.len() >= DUE
    }

    /// At the cap: what is due is given up, and the next answers answer nobody.
    #[cold]
    pub(super) fn give_up(&mut self) -> Heard {
        let open = std::mem::take(&mut self.open);
        self.due.clear();
        self.due.push_back(Due::Gap(Gap::Unanswered));
        Heard::Abandoned(usize::from(open))
    }

    /// A gap that the server has answered is over when the client speaks again.
    #[inline(always)]
    pub(super) fn bridge(&mut self) {
        if self.due.len() == 1 && matches!(self.due.front(), Some(Due::Gap(Gap::Answered))) {
            self.due.clear();
        }
    }

    /// The server is ready, at a gap: what was asked behind it may have been answered or not.
    pub(super) fn ready_at_gap(&mut self) -> Heard {
        let gaps = self.due.iter().filter(|d| matches!(d, Due::Gap(_))).count();
        let open = std::mem::take(&mut self.open);
        self.due.clear();
        self.due.push_back(Due::Gap(if gaps > 1 { Gap::Unanswered } else { Gap::Answered }));
        self.answer = Answer::default();
        match open {
            0 => Heard::Response(Key::Turn),
            open => Heard::Abandoned(usize::from(open)),
        }
    }

    fn lost_question(&mut self) {
        self.take_batch();
        if let Some(store) = &mut self.store {
            store.doubt();
        }
        match self.due.back_mut() {
            Some(Due::Gap(gap)) => *gap = Gap::Unanswered,
            _ => self.due.push_back(Due::Gap(Gap::Unanswered)),
        }
    }

    fn lost_answer(&mut self) {
        let turns = self.due.iter().filter(|d| d.ends_turn()).count();
        let in_doubt =
            self.due.iter().any(|d| matches!(d, Due::Gap(_))) || !matches!(self.batch(), Batch::Empty);
        self.due.clear();
        self.open = 0;
        self.answer = Answer::default();
        // One turn ends before a client that takes turns speaks again; of several, nobody knows which is answered next.
        if turns > 1 || in_doubt {
            self.due.push_back(Due::Gap(Gap::Unanswered));
        }
    }

    /// Tagged messages were found: whatever came before them was missed.
    fn join(&mut self) {
        self.state = match self.state {
            State::Opening | State::Asking | State::Greeting => State::Greeting,
            State::Talking => State::Talking,
        };
    }
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker::{self, Client, Server};
    use model::event::Joined;
    use model::exchange::Outcome;
    use model::time::Time;

    use crate::kit::conversation::Conversation;
    use crate::kit::desk::Desk;
    use crate::sql::postgres::POSTGRESQL;

    /// The statements of what was asked and how it ended, after these bytes of either side.
    fn heard(said: &[(Speaker, &[&[u8]])]) -> Vec<(Option<String>, Outcome)> {
        let mut conversation = Conversation::open(&POSTGRESQL, Joined::Midway);
        let mut desk = Desk::default();
        for (speaker, messages) in said {
            conversation.hear(*speaker, Time(0), &messages.concat(), &mut desk);
        }
        let told = desk.exchanges.iter();
        told.map(|e| (e.request.statement.as_deref().map(str::to_owned), e.response.outcome)).collect()
    }

    const PARSE: &[u8] = b"P\0\0\0\x11a\0SELECT 1\0\0\0";
    const PARSE_OTHER: &[u8] = b"P\0\0\0\x11a\0SELECT 2\0\0\0";
    const CLOSE: &[u8] = b"C\0\0\0\x07Sa\0";
    const BIND: &[u8] = b"B\0\0\0\x0d\0a\0\0\0\0\0\0\0";
    const EXECUTE: &[u8] = b"E\0\0\0\x09\0\0\0\0\0";
    const SYNC: &[u8] = b"S\0\0\0\x04";
    const PARSED: &[u8] = b"1\0\0\0\x04";
    const BOUND: &[u8] = b"2\0\0\0\x04";
    const CLOSED: &[u8] = b"3\0\0\0\x04";
    const DONE: &[u8] = b"C\0\0\0\x0dSELECT 1\0";
    const FAILED: &[u8] = b"E\0\0\0\x16SERROR\0C22012\0Mx\0\0";
    const READY: &[u8] = b"Z\0\0\0\x05I";

    const RUN: (Speaker, &[&[u8]]) = (Client, &[BIND, EXECUTE, SYNC]);
    const RAN: (Speaker, &[&[u8]]) = (Server, &[BOUND, DONE, READY]);

    fn told(statement: Option<&str>, outcome: Outcome) -> (Option<String>, Outcome) {
        (statement.map(str::to_owned), outcome)
    }

    #[test]
    fn a_close_that_the_server_passes_over_closes_nothing() {
        let first = (Client, &[PARSE, SYNC][..]);
        let parsed = (Server, &[PARSED, READY][..]);
        let fails = (Client, &[BIND, EXECUTE, CLOSE, SYNC][..]);
        let failed = (Server, &[BOUND, FAILED, READY][..]);
        assert_eq!(
            heard(&[first, parsed, fails, failed, RUN, RAN]),
            [told(Some("SELECT 1"), Outcome::Error), told(Some("SELECT 1"), Outcome::Ok)]
        );
        let closes = (Client, &[CLOSE, SYNC][..]);
        let closed = (Server, &[CLOSED, READY][..]);
        assert_eq!(heard(&[first, parsed, closes, closed, RUN, RAN]), [told(None, Outcome::Ok)]);
    }

    #[test]
    fn a_name_means_what_it_did_before_a_batch_that_is_passed_over() {
        let first = (Client, &[PARSE, SYNC][..]);
        let parsed = (Server, &[PARSED, READY][..]);
        // The batch gives the name another meaning, twice, and fails before.
        let fails = (Client, &[BIND, EXECUTE, CLOSE, PARSE_OTHER, CLOSE, PARSE_OTHER, SYNC][..]);
        let failed = (Server, &[BOUND, FAILED, READY][..]);
        assert_eq!(
            heard(&[first, parsed, fails, failed, RUN, RAN]),
            [told(Some("SELECT 1"), Outcome::Error), told(Some("SELECT 1"), Outcome::Ok)]
        );
    }
}
