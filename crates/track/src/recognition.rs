//! Recognition: which protocol a connection speaks, judged in stages and undone when it was wrong.

use std::borrow::Cow;

use model::conn::Speaker;
use model::event::Joined;
use model::time::Time;
use protocols::ALL;
use protocols::kit::protocol::{Guess, Listed, Opening, Protocol};

/// So many bytes of a connection are kept, and one piece more, until its protocol is proven.
///
/// The longest opening that decides (an HTTP head with many cookies, a StartupMessage) is well below.
const OPENING_BYTES: usize = 16 << 10;
/// So many pieces likewise.
const OPENING_PIECES: usize = 64;

/// The opening of a connection whose protocol is not proven yet.
#[derive(Debug)]
pub struct Opened {
    pieces: Vec<Piece>,
    /// The pieces before this one begin nothing: they stand in the middle of a message.
    first: usize,
    bytes: usize,
    joined: Joined,
    /// The protocols that were tried here and proved wrong, by their place in [`ALL`].
    refuted: u64,
}

/// Bytes that one side said at once.
#[derive(Debug)]
pub struct Piece {
    /// Who said them.
    pub speaker: Speaker,
    /// When.
    pub at: Time,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What an opening says.
#[derive(Debug)]
pub enum Verdict {
    /// This protocol.
    Speaks(Listed),
    /// More bytes would tell.
    Undecided,
    /// No protocol that we know.
    Nobody,
}

impl Opened {
    /// Nothing said yet.
    #[must_use]
    pub fn new(joined: Joined) -> Self {
        Opened { pieces: Vec::new(), first: 0, bytes: 0, joined, refuted: 0 }
    }

    /// Keeps a piece; whether there was room for it.
    pub fn keep(&mut self, speaker: Speaker, at: Time, bytes: &[u8]) -> bool {
        if self.bytes > OPENING_BYTES || self.pieces.len() >= OPENING_PIECES {
            return false;
        }
        self.bytes += bytes.len();
        self.pieces.push(Piece { speaker, at, bytes: bytes.to_vec() });
        true
    }

    /// A protocol that these pieces are not, although it seemed so.
    pub fn refute(&mut self, protocol: &'static dyn Protocol) {
        self.first = 0;
        if let Some(place) = ALL.iter().position(|p| p.name() == protocol.name()) {
            self.refuted |= 1 << place;
        }
    }

    /// The pieces before the opening, and those of the opening, in the order in which they were said.
    #[must_use]
    pub fn pieces(&self) -> (&[Piece], &[Piece]) {
        self.pieces.split_at_checked(self.first).unwrap_or_default()
    }

    /// All pieces that are kept.
    pub(crate) fn all_pieces(&self) -> impl Iterator<Item = &Piece> {
        self.pieces.iter()
    }

    /// Whether the connection was watched from its first byte.
    #[must_use]
    pub fn joined(&self) -> Joined {
        self.joined
    }

    /// Which protocol these pieces are; `last` when no more will be kept.
    ///
    /// A connection that was joined midway may begin in the middle of a message: while nobody knows its first
    /// piece, the next one is tried.
    pub fn judge(&mut self, port: Option<u16>, last: bool) -> Verdict {
        loop {
            let verdict = self.judge_from_first(port, last);
            match (&verdict, self.joined) {
                // What begins like nothing we know may be the middle of something we do: bytes passed before the
                // library was hooked, or a proxy said something first.
                (Verdict::Nobody, Joined::AtStart) => self.joined = Joined::Midway,
                (Verdict::Nobody, Joined::Midway) if self.first + 1 < self.pieces.len() => self.first += 1,
                (Verdict::Nobody, Joined::Midway) if !last => {
                    self.first = self.pieces.len();
                    return Verdict::Undecided;
                }
                (Verdict::Speaks(_) | Verdict::Undecided | Verdict::Nobody, _) => return verdict,
            }
        }
    }

    fn judge_from_first(&self, port: Option<u16>, last: bool) -> Verdict {
        let (client, server) = (self.said(Speaker::Client), self.said(Speaker::Server));
        let opening = Opening { client: &client, server: &server, port, joined: self.joined };
        let mut likely = None;
        let mut possible = false;
        let mut sure: Option<Listed> = None;
        let usual = port.map_or(0, |port| places(|protocol| protocol.ports().contains(&port)));
        let among = |places: u64| {
            let all = ALL.iter().enumerate().filter(move |(place, _)| places >> place & 1 == 1);
            all.map(|(_, protocol)| protocol)
        };
        // Those that are usual at this port come first: when one of them is sure, nobody else is asked, however many
        // protocols there are.
        for protocol in among(usual & !self.refuted).rev() {
            match protocol.recognise(&opening) {
                Guess::Yes => return Verdict::Speaks(protocol),
                Guess::No => {}
                Guess::Unsure => {
                    possible = true;
                    likely = likely.or(Some(protocol));
                }
            }
        }
        for protocol in among(!(usual | self.refuted)) {
            match protocol.recognise(&opening) {
                Guess::Yes => sure = sure.or(Some(protocol)),
                Guess::No => {}
                Guess::Unsure => possible = true,
            }
        }
        match (sure, likely) {
            (Some(protocol), _) => Verdict::Speaks(protocol),
            (None, Some(protocol)) if last => Verdict::Speaks(protocol),
            (None, _) if possible && !last => Verdict::Undecided,
            (None, _) => Verdict::Nobody,
        }
    }

    fn said(&self, speaker: Speaker) -> Cow<'_, [u8]> {
        let mut ours = self.pieces().1.iter().filter(|p| p.speaker == speaker);
        let first = ours.next().map_or(&[][..], |piece| &piece.bytes);
        ours.fold(Cow::Borrowed(first), |mut said, piece| {
            said.to_mut().extend_from_slice(&piece.bytes);
            said
        })
    }
}

/// Ports below are services' alone.
const SERVICES: u16 = 1024;

/// Who said these first bytes of a connection whose beginning was missed, where its ports do not tell and one protocol does: it
/// knows them for a client's, and no protocol takes them for a server's; or the other way round.
#[must_use]
pub fn speaker(said: &[u8], ports: [u16; 2]) -> Option<Speaker> {
    let is_service =
        |port: &u16| *port < SERVICES || ALL.iter().any(|protocol| protocol.ports().contains(port));
    if ports.iter().any(is_service) {
        return None;
    }
    let knows = |client, server| {
        let opening = Opening { client, server, port: None, joined: Joined::Midway };
        ALL.iter().any(|protocol| protocol.recognise(&opening) == Guess::Yes)
    };
    match (knows(said, &[]), knows(&[], said)) {
        (true, false) => Some(Speaker::Client),
        (false, true) => Some(Speaker::Server),
        (true, true) | (false, false) => None,
    }
}

/// The places in [`ALL`] of the protocols that are so: a bit for each.
fn places(is: impl Fn(&dyn Protocol) -> bool) -> u64 {
    ALL.iter().rev().fold(0, |places, protocol| places << 1 | u64::from(is(*protocol)))
}
