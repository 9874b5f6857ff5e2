//! The talk of one layer of a connection: recognised, proven, given up.

use model::conn::Speaker;
use model::event::{Cause, Joined};
use model::exchange::Exchange;
use model::time::Time;
use protocols::kit::conversation::{Conversation, Standing};

use crate::recognition::{Opened, Verdict};
use crate::tally::Tally;
use crate::unknown::{Show, Turn};

/// A proven protocol that breaks so often without one exchange between was not it after all.
const BREACHES_TO_DOUBT: u64 = 32;

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
    Proven(Box<Proven>),
    /// Ciphertext: never read.
    Sealed,
    /// A protocol that nobody knows.
    Unknown(Box<Turn>),
}

/// A protocol on trial, with the bytes to read again if it fails.
#[derive(Debug)]
pub struct Trial {
    conversation: Conversation,
    opened: Option<Opened>,
}

/// A protocol in use.
#[derive(Debug)]
pub struct Proven {
    conversation: Conversation,
    breaches: u64,
}

/// What a talk needs to know and tell besides the bytes.
pub struct Circumstances<'a> {
    /// The server's port.
    pub port: Option<u16>,
    /// Whether unknown bytes are shown.
    pub show: Show,
    /// What was understood and what was not.
    pub tally: &'a mut Tally,
    /// Where exchanges go.
    pub out: &'a mut Vec<Box<Exchange>>,
}

impl Talk {
    /// `speaker` said `bytes`, which follow what it said before.
    #[inline]
    pub fn hear(
        &mut self,
        joined: Joined,
        speaker: Speaker,
        at: Time,
        bytes: &[u8],
        with: &mut Circumstances<'_>,
    ) {
        match self {
            Talk::Proven(proven) => {
                let standing = proven.hear(speaker, at, bytes, with);
                self.go_on(standing, at, with);
            }
            Talk::Sealed => with.tally.sealed_bytes += bytes.len() as u64,
            Talk::Unknown(turn) => {
                with.tally.unknown_bytes += bytes.len() as u64;
                if let Show::Hex(limit) = with.show {
                    turn.hear(speaker, at, bytes, limit, with.out);
                }
            }
            Talk::Silent => {
                *self = Talk::Opening(Box::new(Opened::new(joined)));
                self.open(speaker, at, bytes, with);
            }
            Talk::Opening(_) => self.open(speaker, at, bytes, with),
            Talk::Trying(_) => self.try_on(speaker, at, bytes, with),
        }
    }

    /// `speaker` said `length` more bytes that were lost.
    pub fn miss(
        &mut self,
        speaker: Speaker,
        at: Time,
        length: u64,
        cause: Cause,
        with: &mut Circumstances<'_>,
    ) {
        match self {
            Talk::Proven(proven) => proven.conversation.miss(speaker, at, length, cause, with.out),
            Talk::Trying(trial) => trial.conversation.miss(speaker, at, length, cause, with.out),
            Talk::Silent => *self = Talk::Opening(Box::new(Opened::new(Joined::Midway))),
            Talk::Opening(_) | Talk::Sealed | Talk::Unknown(_) => {}
        }
    }

    /// What follows is a new datagram.
    pub fn bound(&mut self, speaker: Speaker) {
        match self {
            Talk::Proven(proven) => proven.conversation.bound(speaker),
            Talk::Trying(trial) => trial.conversation.bound(speaker),
            Talk::Silent | Talk::Opening(_) | Talk::Sealed | Talk::Unknown(_) => {}
        }
    }

    /// Nothing more will be said.
    pub fn close(&mut self, at: Time, with: &mut Circumstances<'_>) {
        if let Talk::Opening(opened) = self {
            let verdict = opened.judge(with.port, true);
            self.settle(verdict, with);
        }
        match std::mem::take(self) {
            Talk::Proven(mut proven) => end(&mut proven.conversation, proven.breaches, at, with),
            Talk::Trying(mut trial) => end(&mut trial.conversation, 0, at, with),
            Talk::Unknown(mut turn) => turn.end(with.out),
            Talk::Silent | Talk::Opening(_) | Talk::Sealed => {}
        }
    }

    fn open(&mut self, speaker: Speaker, at: Time, bytes: &[u8], with: &mut Circumstances<'_>) {
        let Talk::Opening(opened) = self else { return };
        if is_tls(bytes) {
            with.tally.sealed_bytes += bytes.len() as u64;
            *self = Talk::Sealed;
            return;
        }
        let last = !opened.keep(speaker, at, bytes);
        let verdict = opened.judge(with.port, last);
        self.settle(verdict, with);
        if last {
            // The piece found no room among the kept ones, so nobody has read it yet.
            let joined = Joined::Midway;
            if !matches!(self, Talk::Opening(_)) {
                self.hear(joined, speaker, at, bytes, with);
            }
        }
    }

    fn settle(&mut self, verdict: Verdict, with: &mut Circumstances<'_>) {
        let Talk::Opening(opened) = self else { return };
        match verdict {
            Verdict::Undecided => {}
            Verdict::Speaks(protocol) => {
                let opened = std::mem::replace(opened.as_mut(), Opened::new(Joined::Midway));
                let before = opened.pieces().0.iter().map(|piece| piece.bytes.len() as u64);
                with.tally.unknown_bytes += before.sum::<u64>();
                let conversation = Conversation::open(protocol, opened.joined());
                *self = Talk::Trying(Box::new(Trial { conversation, opened: Some(opened) }));
                self.reread(with);
            }
            Verdict::Nobody => {
                let opened = std::mem::replace(opened.as_mut(), Opened::new(Joined::Midway));
                *self = Talk::Unknown(Box::default());
                let (before, pieces) = opened.pieces();
                for piece in before.iter().chain(pieces) {
                    self.hear(Joined::Midway, piece.speaker, piece.at, &piece.bytes, with);
                }
            }
        }
    }

    /// Lets the protocol on trial read the bytes that were kept.
    fn reread(&mut self, with: &mut Circumstances<'_>) {
        let Talk::Trying(trial) = self else { return };
        let Some(opened) = trial.opened.take() else { return };
        let mut standing = Standing::Ours;
        let heard = with.out.len();
        let (_, pieces) = opened.pieces();
        for (read, piece) in pieces.iter().enumerate() {
            standing = trial.conversation.hear(piece.speaker, piece.at, &piece.bytes, with.out);
            if let Standing::Over(client, server) = &mut standing {
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
        } else if with.out.len() == heard {
            return self.undo(opened, with);
        }
        self.go_on(standing, at, with);
    }

    fn try_on(&mut self, speaker: Speaker, at: Time, bytes: &[u8], with: &mut Circumstances<'_>) {
        let Talk::Trying(trial) = self else { return };
        let kept = trial.opened.as_mut().is_some_and(|opened| opened.keep(speaker, at, bytes));
        let heard = with.out.len();
        let standing = trial.conversation.hear(speaker, at, bytes, with.out);
        let refuted = trial.conversation.is_refuted() && with.out.len() == heard;
        match trial.opened.take() {
            Some(opened) if refuted && kept => self.undo(opened, with),
            Some(opened) if kept => {
                trial.opened = Some(opened);
                self.go_on(standing, at, with);
            }
            Some(_) | None => self.go_on(standing, at, with),
        }
    }

    /// The protocol on trial was a wrong guess: the bytes are read again without it.
    fn undo(&mut self, mut opened: Opened, with: &mut Circumstances<'_>) {
        let Talk::Trying(trial) = self else { return };
        with.tally.undone += 1;
        opened.refute(trial.conversation.protocol());
        let verdict = opened.judge(with.port, false);
        *self = Talk::Opening(Box::new(opened));
        self.settle(verdict, with);
    }

    /// Takes the next state after bytes were read.
    #[inline]
    fn go_on(&mut self, standing: Standing, at: Time, with: &mut Circumstances<'_>) {
        match (standing, &mut *self) {
            (Standing::Over(client, server), _) => {
                *self = Talk::Opening(Box::new(Opened::new(Joined::AtStart)));
                for (speaker, rest) in [(Speaker::Client, client), (Speaker::Server, server)] {
                    if !rest.is_empty() {
                        self.hear(Joined::AtStart, speaker, at, &rest, with);
                    }
                }
            }
            (Standing::Ours, Talk::Proven(proven)) if proven.is_doubtful() => {
                with.tally.undone += 1;
                let mut opened = Opened::new(Joined::Midway);
                opened.refute(proven.conversation.protocol());
                end(&mut proven.conversation, proven.breaches, at, with);
                *self = Talk::Opening(Box::new(opened));
            }
            (Standing::Ours, Talk::Trying(trial)) if trial.conversation.is_proven() => {
                if let Talk::Trying(trial) = std::mem::take(self) {
                    let breaches = trial.conversation.tally().breaches;
                    with.tally.breaches += breaches;
                    *self = Talk::Proven(Box::new(Proven { conversation: trial.conversation, breaches }));
                }
            }
            (Standing::Ours, _) => {}
        }
    }
}

impl Proven {
    #[inline]
    fn hear(&mut self, speaker: Speaker, at: Time, bytes: &[u8], with: &mut Circumstances<'_>) -> Standing {
        let heard = with.out.len();
        let standing = self.conversation.hear(speaker, at, bytes, with.out);
        if with.out.len() > heard {
            let breaches = self.conversation.tally().breaches;
            with.tally.breaches += breaches - self.breaches;
            self.breaches = breaches;
        }
        standing
    }

    fn is_doubtful(&self) -> bool {
        self.conversation.tally().breaches - self.breaches > BREACHES_TO_DOUBT
    }
}

/// Closes a conversation of which `counted` breaches are in the tally already.
fn end(conversation: &mut Conversation, counted: u64, at: Time, with: &mut Circumstances<'_>) {
    conversation.close(at, with.out);
    let tally = conversation.tally();
    with.tally.breaches += tally.breaches - counted;
    with.tally.skipped_bytes += tally.skipped;
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
