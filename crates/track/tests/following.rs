//! What the tracker makes of events: one connection with two layers, two ends, wrong guesses, losses, strangers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::Arc;

use model::access::Access;
use model::conn::{Address, ConnId, Layer, Paired, Role, Speaker, Transport};
use model::event::{Cause, Event, Joined, Lost, Opened, Said, What};
use model::exchange::Outcome;
use model::process::Process;
use model::time::Time;
use track::tracker::Tracker;
use track::unknown::Show;

const STARTUP: &[u8] = b"\x00\x00\x00\x20\x00\x03\x00\x00user\x00app\x00database\x00shop\x00\x00";
const WELCOME: &[u8] = b"R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I";
const QUERY: &[u8] = b"Q\x00\x00\x00\x0dselect 1\x00";
const ANSWER: &[u8] = b"T\x00\x00\x00\x21\x00\x01?column?\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00\
D\x00\x00\x00\x0b\x00\x01\x00\x00\x00\x011C\x00\x00\x00\x0dSELECT 1\x00Z\x00\x00\x00\x05I";
const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const FOUND: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const CLIENT: Speaker = Speaker::Client;
const SERVER: Speaker = Speaker::Server;

/// A tracker, a clock that ticks a millisecond an event, and each direction's position.
struct Story {
    tracker: Tracker,
    now: u64,
    positions: HashMap<(ConnId, Layer, Speaker), u64>,
    heard: Vec<Access>,
}

impl Story {
    fn new(show: Show) -> Self {
        Story { tracker: Tracker::new(show), now: 0, positions: HashMap::new(), heard: Vec::new() }
    }

    fn tell(&mut self, conn: ConnId, what: What<'_>) {
        self.now += 1_000_000;
        self.tracker.follow(Event { at: Time(self.now), conn, what }, &mut self.heard);
    }

    fn open(&mut self, conn: ConnId, role: Role, peer: Option<ConnId>) {
        let name: Arc<str> = if role == Role::Server { "server".into() } else { "client".into() };
        let opened = Opened {
            transport: Transport::Tcp,
            role,
            joined: Joined::AtStart,
            client: Address::Inet("127.0.0.1:50000".parse().unwrap()),
            server: Address::Inet("127.0.0.1:9999".parse().unwrap()),
            process: Some(Arc::new(Process { pid: conn.tgid, name, ..Process::default() })),
            peer: peer.map(Box::new),
            weight: 1,
        };
        self.tell(conn, What::Opened(Arc::new(opened)));
    }

    fn say(&mut self, conn: ConnId, layer: Layer, speaker: Speaker, bytes: &[u8]) {
        let position = self.positions.entry((conn, layer, speaker)).or_default();
        let offset = *position;
        *position += bytes.len() as u64;
        self.tell(conn, What::Said(Said { layer, speaker, offset, bytes }));
    }

    fn lose(&mut self, conn: ConnId, speaker: Speaker, length: u64) {
        let position = self.positions.entry((conn, Layer::Wire, speaker)).or_default();
        let offset = *position;
        *position += length;
        self.tell(
            conn,
            What::Lost(Lost { layer: Layer::Wire, speaker, offset, length, cause: Cause::RingFull }),
        );
    }

    fn operations(&self) -> Vec<&str> {
        self.heard.iter().map(|access| &*access.exchange.request.operation).collect()
    }
}

fn conn(tgid: u32) -> ConnId {
    ConnId { tgid, fd: 3, generation: 1 }
}

#[test]
fn a_connection_that_turns_to_tls_stays_one_with_one_session() {
    let mut story = Story::new(Show::Count);
    let c = conn(1);
    story.open(c, Role::Client, None);
    story.say(c, Layer::Wire, CLIENT, b"\x00\x00\x00\x08\x04\xd2\x16\x2f");
    story.say(c, Layer::Wire, SERVER, b"S");
    story.tell(c, What::Secured(Paired::Certain));
    story.tell(c, What::Sealed { speaker: CLIENT, length: 500 });
    for (speaker, bytes) in [(CLIENT, STARTUP), (SERVER, WELCOME), (CLIENT, QUERY), (SERVER, ANSWER)] {
        story.say(c, Layer::Clear, speaker, bytes);
    }
    assert_eq!(story.operations(), ["login", "SELECT"]);
    let select = &story.heard[1];
    assert_eq!((select.layer, select.paired), (Layer::Clear, Some(Paired::Certain)));
    assert_eq!(select.exchange.identity.as_ref().unwrap().user.as_deref(), Some("app"));
    assert_eq!(select.exchange.response.rows, Some(1));
    story.tell(c, What::Closed);
    let tally = story.tracker.tally();
    assert_eq!((tally.connections, tally.dark.is_empty()), (1, true));
}

#[test]
fn ciphertext_alone_is_dark_and_counted_under_its_program() {
    let mut story = Story::new(Show::Count);
    story.open(conn(1), Role::Client, None);
    story.tell(conn(1), What::Sealed { speaker: CLIENT, length: 77 });
    let tally = story.tracker.tally();
    let dark: Vec<_> = tally.dark.iter().map(|(name, dark)| (name, dark.connections, dark.pid)).collect();
    assert_eq!((dark, tally.sealed_bytes), (vec![("client", 1, Some(1))], 77));
}

#[test]
fn two_ends_on_this_host_are_one_connection_that_names_both() {
    let mut story = Story::new(Show::Count);
    story.open(conn(2), Role::Server, None);
    story.open(conn(1), Role::Client, Some(conn(2)));
    story.say(conn(2), Layer::Wire, CLIENT, GET);
    // The other end may show the layer in its turn: positions are the same on both.
    story.say(conn(1), Layer::Wire, SERVER, FOUND);
    assert_eq!(story.operations(), ["GET"]);
    let access = &story.heard[0];
    assert_eq!(access.opened.role, Role::Both);
    assert_eq!(
        (&*access.actor.as_ref().unwrap().name, &*access.peer.as_ref().unwrap().name),
        ("client", "server")
    );
    assert_eq!(story.tracker.tally().connections, 1);
}

/// Two processors announce the two ends of a connection in an order that nobody can promise.
#[test]
fn two_ends_are_one_connection_whichever_is_announced_first() {
    let mut story = Story::new(Show::Count);
    story.open(conn(1), Role::Client, Some(conn(2)));
    story.open(conn(2), Role::Server, None);
    story.say(conn(1), Layer::Wire, CLIENT, GET);
    story.say(conn(1), Layer::Wire, SERVER, FOUND);
    let access = &story.heard[0];
    assert_eq!((access.opened.role, access.conn), (Role::Both, conn(1)));
    assert_eq!((access.actor.as_ref().unwrap().pid, access.peer.as_ref().unwrap().pid), (1, 2));
    assert_eq!(story.tracker.tally().connections, 1);
}

/// Who is read may be put aside while it writes: its answer is told after the other end got it, and left.
#[test]
fn an_answer_is_heard_after_the_end_that_asked_is_gone() {
    for (asks, answers) in [(conn(1), conn(2)), (conn(2), conn(1))] {
        let mut story = Story::new(Show::Count);
        story.open(conn(1), Role::Client, None);
        story.open(conn(2), Role::Server, Some(conn(1)));
        story.say(answers, Layer::Wire, CLIENT, GET);
        story.tell(asks, What::Closed);
        assert!(story.heard.is_empty(), "nobody knows yet that it was not answered");
        story.say(answers, Layer::Wire, SERVER, FOUND);
        let access = &story.heard[0];
        assert_eq!((access.conn, access.exchange.response.outcome), (conn(1), Outcome::Ok));
        assert_eq!((access.actor.as_ref().unwrap().pid, access.peer.as_ref().unwrap().pid), (1, 2));
        story.tell(answers, What::Closed);
        assert_eq!((story.tracker.tally().connections, story.tracker.open()), (1, 0));
    }
}

/// A body that ends with the connection is whole when who reads it leaves, whenever who sent it does.
#[test]
fn an_answer_that_ends_with_the_connection_is_told_when_its_reader_leaves() {
    for layer in [Layer::Wire, Layer::Clear] {
        let mut story = Story::new(Show::Count);
        story.open(conn(1), Role::Client, None);
        story.open(conn(2), Role::Server, Some(conn(1)));
        story.say(if layer == Layer::Wire { conn(2) } else { conn(1) }, layer, CLIENT, GET);
        story.say(conn(1), layer, SERVER, b"HTTP/1.0 200 OK\r\n\r\nall there is");
        assert!(story.heard.is_empty());
        story.tell(conn(1), What::Closed);
        assert_eq!(story.heard[0].exchange.response.outcome, Outcome::Ok);
        story.tell(conn(2), What::Closed);
        assert_eq!((story.heard.len(), story.tracker.open()), (1, 0));
    }
}

#[test]
fn a_session_found_after_its_first_bytes_is_joined_in_the_middle() {
    let mut story = Story::new(Show::Count);
    story.open(conn(1), Role::Client, None);
    story.say(conn(1), Layer::Clear, SERVER, WELCOME);
    story.say(conn(1), Layer::Clear, CLIENT, QUERY);
    story.say(conn(1), Layer::Clear, SERVER, ANSWER);
    assert_eq!(story.operations(), ["SELECT"]);
}

#[test]
fn what_breaks_before_it_proves_itself_is_undone_and_read_again() {
    let mut story = Story::new(Show::Hex(64));
    story.open(conn(1), Role::Client, None);
    // Begins like HTTP, and goes on like nothing.
    story.say(conn(1), Layer::Wire, CLIENT, b"GET / HTTP/1.1\r\n\r\n\x01\x02\x03\x04");
    story.say(conn(1), Layer::Wire, SERVER, b"\x01\x02\x03\x04");
    story.tell(conn(1), What::Closed);
    let protocols: Vec<_> = story.heard.iter().map(|access| access.exchange.protocol).collect();
    assert!(!protocols.is_empty() && protocols.iter().all(|p| *p == "unknown"), "{protocols:?}");
    assert_eq!(story.tracker.tally().undone, 1);
}

#[test]
fn unknown_bytes_are_counted_and_shown_on_request() {
    for (show, shown) in [(Show::Count, 0), (Show::Hex(4), 1)] {
        let mut story = Story::new(show);
        story.open(conn(1), Role::Client, None);
        story.say(conn(1), Layer::Wire, CLIENT, b"\x9d\x01\xfe\x33\x80\x7f");
        story.say(conn(1), Layer::Wire, SERVER, b"\xff\xfe");
        story.tell(conn(1), What::Closed);
        assert_eq!((story.heard.len(), story.tracker.tally().unknown_bytes), (shown, 8));
    }
}

#[test]
fn a_loss_is_told_with_the_exchange_that_it_hit_and_the_next_one_is_heard() {
    let mut story = Story::new(Show::Count);
    story.open(conn(1), Role::Client, None);
    story.say(conn(1), Layer::Wire, CLIENT, GET);
    story.say(conn(1), Layer::Wire, SERVER, FOUND);
    story.say(conn(1), Layer::Wire, CLIENT, GET);
    story.lose(conn(1), SERVER, FOUND.len() as u64);
    story.say(conn(1), Layer::Wire, CLIENT, GET);
    story.say(conn(1), Layer::Wire, SERVER, FOUND);
    let outcomes: Vec<_> = story.heard.iter().map(|access| access.exchange.response.outcome).collect();
    assert_eq!(outcomes, [Outcome::Ok, Outcome::Unanswered, Outcome::Ok]);
    assert_eq!(story.heard[1].exchange.completeness.cause, Some(Cause::RingFull));
    assert_eq!(story.tracker.tally().lost_bytes.get(&Cause::RingFull), Some(&(FOUND.len() as u64)));
}

#[test]
fn what_was_asked_and_never_answered_is_told_at_the_end() {
    let mut story = Story::new(Show::Count);
    story.open(conn(1), Role::Client, None);
    story.say(conn(1), Layer::Wire, CLIENT, GET);
    let mut rest = Vec::new();
    story.tracker.finish(Time(story.now), &mut rest);
    assert_eq!(rest[0].exchange.response.outcome, Outcome::Unanswered);
    assert_eq!((rest[0].exchange.answered, story.tracker.open()), (None, 0));
}

#[test]
fn an_event_of_a_connection_that_nobody_announced_is_followed_all_the_same() {
    let mut story = Story::new(Show::Count);
    story.say(conn(7), Layer::Wire, CLIENT, GET);
    story.say(conn(7), Layer::Wire, SERVER, FOUND);
    assert_eq!(story.operations(), ["GET"]);
    assert_eq!(story.heard[0].opened.client, Address::Unknown);
}
