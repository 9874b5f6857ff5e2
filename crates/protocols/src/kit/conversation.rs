//! A conversation: two directions of bytes go in, exchanges come out, whatever the cuts and the losses.

use model::conn::Speaker;
use model::event::{Cause, Joined};
use model::time::Time;

use crate::kit::desk::Desk;
use crate::kit::half::{Half, Step};
use crate::kit::machine::{Machine, Tally};
use crate::kit::pairing::Pairing;
use crate::kit::protocol::{Listed, Protocol};

/// One connection's talk in one protocol.
#[derive(Debug)]
pub struct Conversation {
    machine: Machine,
    client: Half,
    server: Half,
}

/// Whether the conversation goes on.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Ours,
    /// What follows is another protocol: the unread bytes of the client, and of the server.
    Over(Box<(Vec<u8>, Vec<u8>)>),
}

impl Conversation {
    /// A conversation in `protocol`.
    #[must_use]
    pub fn open(protocol: Listed, joined: Joined) -> Self {
        Conversation {
            machine: Machine {
                session: protocol.open(joined),
                pairing: Pairing::new(protocol),
                tally: Tally::default(),
            },
            client: Half::new(joined),
            server: Half::new(joined),
        }
    }

    /// The protocol that is spoken.
    #[must_use]
    pub fn protocol(&self) -> &'static dyn Protocol {
        self.machine.pairing.protocol()
    }

    /// What came of the bytes so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.machine.tally
    }

    /// The bytes that wait for more, by who said them.
    #[must_use]
    pub fn waiting(&self) -> [u64; 2] {
        [self.client.waiting(), self.server.waiting()]
    }

    /// How often the bytes broke the protocol since this was asked last.
    pub fn take_breaches(&mut self) -> u32 {
        std::mem::take(&mut self.machine.tally.breaches)
    }

    /// Whether the guess that this protocol is spoken has proved right: an exchange came of it.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.machine.tally.proven
    }

    /// Whether the guess has proved wrong: the bytes broke the protocol before any exchange came of it.
    #[must_use]
    pub fn is_refuted(&self) -> bool {
        self.machine.tally.breaches > 0 && !self.is_proven()
    }

    /// The bytes of memory that unfinished messages hold.
    #[must_use]
    pub fn held(&self) -> usize {
        self.client.held() + self.server.held()
    }

    /// `speaker` said `bytes`, which follow directly what it said before.
    #[inline(never)]
    pub fn hear(&mut self, speaker: Speaker, at: Time, bytes: &[u8], desk: &mut Desk) -> Standing {
        let half = match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        };
        let before = desk.exchanges.len();
        let step = half.hear(speaker, &mut self.machine, at, bytes, desk);
        self.machine.tally.proven |= desk.exchanges.len() > before;
        match step {
            Step::On | Step::Wait => Standing::Ours,
            Step::Over => self.over(),
        }
    }

    #[cold]
    fn over(&mut self) -> Standing {
        Standing::Over(Box::new((self.client.take_unread(), self.server.take_unread())))
    }

    /// `speaker` said `length` more bytes that were lost.
    pub fn miss(&mut self, speaker: Speaker, at: Time, length: u64, cause: Cause, desk: &mut Desk) {
        let half = match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        };
        half.miss(speaker, &mut self.machine, at, length, cause, desk);
    }

    /// What follows is a new datagram: an unfinished message will not be finished.
    pub fn bound(&mut self, speaker: Speaker) {
        let half = match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        };
        half.bound(speaker, &mut self.machine.tally);
    }

    /// `speaker` will say nothing more.
    pub fn end(&mut self, speaker: Speaker, at: Time, desk: &mut Desk) {
        let half = match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        };
        half.end(speaker, &mut self.machine, at, desk);
    }

    /// Nothing more will be said.
    pub fn close(&mut self, at: Time, desk: &mut Desk) {
        self.end(Speaker::Client, at, desk);
        self.end(Speaker::Server, at, desk);
        self.machine.pairing.close(desk);
    }
}
