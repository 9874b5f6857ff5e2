//! The talk of one layer of a connection: recognised, proven, given up.

use model::conn::Speaker;
use model::event::{self, Cause, Joined};
use model::exchange::Text;
use model::time::Time;
use protocols::kit::conversation::{Conversation, Standing};
use protocols::kit::desk::Desk;
use protocols::kit::machine::Unread;

use crate::account::{Fate, Posting};
use crate::hello::server_name;
use crate::openings::Openings;
use crate::recognition::{Opened, Piece, Verdict};
use crate::tally::Tally;
use crate::unknown::{Show, Turn};

/// A proven protocol that breaks so often without one exchange between was not it after all.
const BREACHES_TO_DOUBT: u32 = 32;

/// Where the talk of one layer stands.
///
/// ```text
///            first bytes            Yes               first exchange
///  Silent ──────────────▶ Opening ───────▶ Trying ──────────────────▶ Proven
///                          │  ▲  ▲           │ breach: undone, re-read     │
///          ClientHello     │  │  ╰───────────╯                             │
///  Sealed ◀────────────────┤  ╰───────── Over, or too many breaches ───────╯
///  Unknown ◀───────────────╯ nobody's
/// ```
#[derive(Debug, Default)]
pub enum Talk {
    /// Nothing was said.
    #[default]
    Silent,
    /// The protocol is not known yet.
    Opening(Box<Opened>),
    /// A protocol was recognised and nothing proves it yet.
    Trying(Box<Trial>),
    /// A protocol that gave at least one exchange.
    Proven(Conversation),
    /// Ciphertext: never read; with the server's name, where the client's hello says it.
    Sealed(Option<Text>),
    /// A protocol that nobody knows.
    Unknown(Box<Turn>),
}

/// A protocol on trial, with the bytes to read again if it fails.
#[derive(Debug)]
pub struct Trial {
    conversation: Conversation,
    opened: Option<Opened>,
}

/// What a talk needs to know and tell besides the bytes.
#[derive(Debug)]
pub struct Ear {
    /// What was understood and what was not.
    pub tally: Tally,
    /// Where exchanges go, and what conversations share.
    pub desk: Desk,
    /// What accesses share.
    pub(crate) openings: Openings,
    /// Whether unknown bytes are shown.
    pub show: Show,
    /// What became of bytes of the connection that is heard, and does not stand in its books yet.
    pub(crate) postings: Vec<Posting>,
}

impl Ear {
    pub(crate) fn post(&mut self, speaker: Speaker, fate: Fate, bytes: u64) {
        self.postings.push(Posting { speaker, fate, bytes });
    }

    /// Some pieces are of no protocol that is known.
    fn post_unknown<'a>(&mut self, pieces: impl IntoIterator<Item = &'a Piece>) {
        for piece in pieces {
            self.post(piece.speaker, Fate::Lost(Cause::Unknown), piece.bytes.len() as u64);
        }
    }

    /// A conversation is over.
    fn post_all(&mut self, conversation: &Conversation) {
        let tally = conversation.tally();
        for (speaker, bytes) in [Speaker::Client, Speaker::Server].into_iter().zip(tally.read()) {
            self.post(speaker, Fate::Parsed, bytes);
        }
        for unread in tally.unread() {
            self.post(unread.speaker, Fate::Lost(unread.cause), unread.bytes);
        }
    }
}

impl Talk {
    /// `speaker` said `bytes`, which follow what it said before.
    #[inline]
    pub fn hear(&mut self, of: &event::Opened, speaker: Speaker, at: Time, bytes: &[u8], ear: &mut Ear) {
        let Talk::Proven(conversation) = self else { return self.hear_unproven(of, speaker, at, bytes, ear) };
        let heard = ear.desk.exchanges.len();
        let standing = conversation.hear(speaker, at, bytes, &mut ear.desk);
        if standing != Standing::Ours || conversation.tally().breaches > 0 {
            // After an exchange they speak no longer against this protocol.
            if ear.desk.exchanges.len() > heard {
                ear.tally.breaches += u64::from(conversation.take_breaches());
            }
            self.go_on(of, standing, at, ear);
        }
    }

    #[inline(never)]
    fn hear_unproven(&mut self, of: &event::Opened, speaker: Speaker, at: Time, bytes: &[u8], ear: &mut Ear) {
        match self {
            Talk::Proven(_) => self.hear(of, speaker, at, bytes, ear),
            Talk::Sealed(name) => {
                ear.tally.sealed_bytes += bytes.len() as u64;
                ear.post(speaker, Fate::Sealed, bytes.len() as u64);
                if name.is_none() {
                    *name = server_name(bytes).map(Text::from);
                }
            }
            Talk::Unknown(turn) => {
                ear.tally.unknown_bytes += bytes.len() as u64;
                ear.post(speaker, Fate::Lost(Cause::Unknown), bytes.len() as u64);
                if let Show::Hex(limit) = ear.show {
                    turn.hear(speaker, at, bytes, limit, &mut ear.desk.exchanges);
                }
            }
            Talk::Silent => {
                *self = Talk::Opening(Box::new(Opened::new(of.joined)));
                self.open(of, speaker, at, bytes, ear);
            }
            Talk::Opening(_) => self.open(of, speaker, at, bytes, ear),
            Talk::Trying(_) => self.try_on(of, speaker, at, bytes, ear),
        }
    }

    /// `speaker` said `length` more bytes that were lost.
    pub fn miss(&mut self, speaker: Speaker, at: Time, length: u64, cause: Cause, ear: &mut Ear) {
        match self {
            Talk::Proven(conversation) => conversation.miss(speaker, at, length, cause, &mut ear.desk),
            Talk::Trying(trial) => trial.conversation.miss(speaker, at, length, cause, &mut ear.desk),
            Talk::Silent => *self = Talk::Opening(Box::new(Opened::new(Joined::Midway))),
            Talk::Opening(_) | Talk::Sealed(_) | Talk::Unknown(_) => {}
        }
    }

    /// The server's name, as the client of a TLS session says it.
    #[inline]
    #[must_use]
    pub fn server_name(&self) -> Option<&Text> {
        match self {
            Talk::Sealed(name) => name.as_ref(),
            Talk::Silent | Talk::Opening(_) | Talk::Trying(_) | Talk::Proven(_) | Talk::Unknown(_) => None,
        }
    }

    /// What was read of the messages that are told now, and what waits, by who said them.
    pub(crate) fn standing(&self) -> [[u64; 2]; 2] {
        match self {
            Talk::Proven(conversation) => [conversation.tally().read(), conversation.waiting()],
            Talk::Trying(trial) => [trial.conversation.tally().read(), trial.conversation.waiting()],
            Talk::Opening(opened) => {
                let waits = |speaker| {
                    let ours = opened.all_pieces().filter(|piece| piece.speaker == speaker);
                    ours.map(|piece| piece.bytes.len() as u64).sum()
                };
                [[0, 0], [waits(Speaker::Client), waits(Speaker::Server)]]
            }
            Talk::Silent | Talk::Sealed(_) | Talk::Unknown(_) => [[0, 0]; 2],
        }
    }

    /// What was heard in the conversation that goes on, and will not be read.
    pub(crate) fn unread(&self) -> &[Unread] {
        match self {
            Talk::Proven(conversation) => conversation.tally().unread(),
            Talk::Trying(trial) => trial.conversation.tally().unread(),
            Talk::Silent | Talk::Opening(_) | Talk::Sealed(_) | Talk::Unknown(_) => &[],
        }
    }

    /// What follows is a new datagram.
    pub fn bound(&mut self, speaker: Speaker) {
        match self {
            Talk::Proven(conversation) => conversation.bound(speaker),
            Talk::Trying(trial) => trial.conversation.bound(speaker),
            Talk::Silent | Talk::Opening(_) | Talk::Sealed(_) | Talk::Unknown(_) => {}
        }
    }

    /// `speaker` will say nothing more.
    pub fn end(&mut self, speaker: Speaker, at: Time, ear: &mut Ear) {
        match self {
            Talk::Proven(conversation) => conversation.end(speaker, at, &mut ear.desk),
            Talk::Trying(trial) => trial.conversation.end(speaker, at, &mut ear.desk),
            Talk::Silent | Talk::Opening(_) | Talk::Sealed(_) | Talk::Unknown(_) => {}
        }
    }

    /// Nothing more will be said.
    pub fn close(&mut self, of: &event::Opened, at: Time, ear: &mut Ear) {
        if let Talk::Opening(opened) = self {
            let verdict = opened.judge(of.server.port(), true);
            self.settle(of, verdict, ear);
        }
        match std::mem::take(self) {
            Talk::Proven(mut conversation) => end(&mut conversation, at, ear),
            Talk::Trying(mut trial) => end(&mut trial.conversation, at, ear),
            Talk::Unknown(mut turn) => turn.end(&mut ear.desk.exchanges),
            // What a protocol leaves behind at the very end is too little to judge.
            Talk::Opening(opened) => {
                ear.tally.unknown_bytes +=
                    opened.all_pieces().map(|piece| piece.bytes.len() as u64).sum::<u64>();
                ear.post_unknown(opened.all_pieces());
            }
            Talk::Silent => {}
            // What is read above it is still to be told, with the server's name.
            sealed @ Talk::Sealed(_) => *self = sealed,
        }
    }

    fn open(&mut self, of: &event::Opened, speaker: Speaker, at: Time, bytes: &[u8], ear: &mut Ear) {
        let Talk::Opening(opened) = self else { return };
        if is_tls(bytes) {
            ear.tally.sealed_bytes += bytes.len() as u64;
            ear.post_unknown(opened.all_pieces());
            ear.post(speaker, Fate::Sealed, bytes.len() as u64);
            *self = Talk::Sealed(server_name(bytes).map(Text::from));
            return;
        }
        let last = !opened.keep(speaker, at, bytes);
        let verdict = opened.judge(of.server.port(), last);
        self.settle(of, verdict, ear);
        if last {
            // The piece found no room among the kept ones, so nobody has read it yet.
            if !matches!(self, Talk::Opening(_)) {
                self.hear(of, speaker, at, bytes, ear);
            }
        }
    }

    fn settle(&mut self, of: &event::Opened, verdict: Verdict, ear: &mut Ear) {
        let Talk::Opening(opened) = self else { return };
        match verdict {
            Verdict::Undecided => {}
            Verdict::Speaks(protocol) => {
                let opened = std::mem::replace(opened.as_mut(), Opened::new(Joined::Midway));
                let before = opened.pieces().0.iter().map(|piece| piece.bytes.len() as u64);
                ear.tally.unknown_bytes += before.sum::<u64>();
                ear.post_unknown(opened.pieces().0);
                let conversation = Conversation::open(protocol, opened.joined());
                *self = Talk::Trying(Box::new(Trial { conversation, opened: Some(opened) }));
                self.reread(of, ear);
            }
            Verdict::Nobody => {
                let opened = std::mem::replace(opened.as_mut(), Opened::new(Joined::Midway));
                *self = Talk::Unknown(Box::default());
                let (before, pieces) = opened.pieces();
                for piece in before.iter().chain(pieces) {
                    self.hear(of, piece.speaker, piece.at, &piece.bytes, ear);
                }
            }
        }
    }

    /// Lets the protocol on trial read the bytes that were kept.
    fn reread(&mut self, of: &event::Opened, ear: &mut Ear) {
        let Talk::Trying(trial) = self else { return };
        let Some(opened) = trial.opened.take() else { return };
        let mut standing = Standing::Ours;
        let heard = ear.desk.exchanges.len();
        let (_, pieces) = opened.pieces();
        for (read, piece) in pieces.iter().enumerate() {
            standing = trial.conversation.hear(piece.speaker, piece.at, &piece.bytes, &mut ear.desk);
            if let Standing::Over(unread) = &mut standing {
                let (client, server) = &mut **unread;
                for rest in pieces.iter().skip(read + 1) {
                    let side = match rest.speaker {
                        Speaker::Client => &mut *client,
                        Speaker::Server => &mut *server,
                    };
                    side.extend_from_slice(&rest.bytes);
                }
                break;
            }
        }
        let at = pieces.last().map_or(Time::default(), |p| p.at);
        if !trial.conversation.is_refuted() {
            trial.opened = Some(opened);
        } else if ear.desk.exchanges.len() == heard {
            return self.undo(of, opened, ear);
        }
        self.go_on(of, standing, at, ear);
    }

    fn try_on(&mut self, of: &event::Opened, speaker: Speaker, at: Time, bytes: &[u8], ear: &mut Ear) {
        let Talk::Trying(trial) = self else { return };
        let kept = trial.opened.as_mut().is_some_and(|opened| opened.keep(speaker, at, bytes));
        let heard = ear.desk.exchanges.len();
        let standing = trial.conversation.hear(speaker, at, bytes, &mut ear.desk);
        let refuted = trial.conversation.is_refuted() && ear.desk.exchanges.len() == heard;
        match trial.opened.take() {
            Some(opened) if refuted && kept => self.undo(of, opened, ear),
            Some(opened) if kept => {
                trial.opened = Some(opened);
                self.go_on(of, standing, at, ear);
            }
            Some(_) | None => self.go_on(of, standing, at, ear),
        }
    }

    /// The protocol on trial was a wrong guess: the bytes are read again without it.
    fn undo(&mut self, of: &event::Opened, mut opened: Opened, ear: &mut Ear) {
        let Talk::Trying(trial) = self else { return };
        ear.tally.undone += 1;
        // They are looked at again.
        for piece in opened.pieces().0 {
            let bytes = (piece.bytes.len() as u64).wrapping_neg();
            ear.post(piece.speaker, Fate::Lost(Cause::Unknown), bytes);
        }
        opened.refute(trial.conversation.protocol());
        let verdict = opened.judge(of.server.port(), false);
        *self = Talk::Opening(Box::new(opened));
        self.settle(of, verdict, ear);
    }

    /// Takes the next state after bytes were read.
    fn go_on(&mut self, of: &event::Opened, standing: Standing, at: Time, ear: &mut Ear) {
        match (standing, &mut *self) {
            (Standing::Over(unread), before) => {
                let (client, server) = *unread;
                match before {
                    Talk::Proven(conversation) => ear.post_all(conversation),
                    Talk::Trying(trial) => ear.post_all(&trial.conversation),
                    Talk::Silent | Talk::Opening(_) | Talk::Sealed(_) | Talk::Unknown(_) => {}
                }
                *self = Talk::Opening(Box::new(Opened::new(Joined::AtStart)));
                for (speaker, rest) in [(Speaker::Client, client), (Speaker::Server, server)] {
                    if !rest.is_empty() {
                        self.hear(of, speaker, at, &rest, ear);
                    }
                }
            }
            (Standing::Ours, Talk::Proven(conversation)) if is_doubtful(conversation) => {
                ear.tally.undone += 1;
                let mut opened = Opened::new(Joined::Midway);
                opened.refute(conversation.protocol());
                end(conversation, at, ear);
                *self = Talk::Opening(Box::new(opened));
            }
            (Standing::Ours, Talk::Trying(trial)) if trial.conversation.is_proven() => {
                if let Talk::Trying(mut trial) = std::mem::take(self) {
                    ear.tally.breaches += u64::from(trial.conversation.take_breaches());
                    *self = Talk::Proven(trial.conversation);
                }
            }
            (Standing::Ours, _) => {}
        }
    }
}

/// Whether a proven protocol broke too often since its last exchange.
fn is_doubtful(conversation: &Conversation) -> bool {
    conversation.tally().breaches > BREACHES_TO_DOUBT
}

/// Closes a conversation.
fn end(conversation: &mut Conversation, at: Time, ear: &mut Ear) {
    conversation.close(at, &mut ear.desk);
    ear.post_all(conversation);
    let tally = conversation.tally();
    ear.tally.breaches += u64::from(tally.breaches);
    ear.tally.skipped_bytes += tally.unread().iter().map(|unread| unread.bytes).sum::<u64>();
}

/// Whether a piece begins with a TLS record (RFC 8446, section 5.1): type, version 3.x, a length in bounds.
fn is_tls(bytes: &[u8]) -> bool {
    const LONGEST_RECORD: u16 = (1 << 14) + 2048;
    match bytes {
        [0x16, 3, 0..=4, high, low, 1 | 2, ..] => u16::from_be_bytes([*high, *low]) <= LONGEST_RECORD,
        [0x17, 3, 3, high, low, ..] => u16::from_be_bytes([*high, *low]) <= LONGEST_RECORD,
        _ => false,
    }
}
