//! What the server says.

use crate::kit::protocol::{Heard, Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::login::{self, Encryption, changed};
use super::reply::News;
use super::session::{Due, Lane, State, Tds};
use super::statements::Prepared;
use super::tokens::{Accepted, Change, token};
use super::wire::{HEADER, Header, kind, name};

impl Tds {
    /// Reads a packet of the server, of which the header was read and not taken.
    pub(super) fn answered(&mut self, header: Header, lane: &mut Lane, wire: &mut Reader<'_>) -> Read<Heard> {
        match (header.kind, self.state) {
            (kind::PRELOGIN, _) => {
                wire.skip(header.length.into());
                Ok(Heard::Nothing)
            }
            (kind::RESULT, State::Asked(wanted)) if is_agreement(header, lane, wire) => {
                self.agreed(header, wanted, wire)
            }
            // Joined between the two.
            (kind::RESULT, State::Talking) if is_agreement(header, lane, wire) => {
                self.agreed(header, Encryption::All, wire)
            }
            (kind::RESULT, _) => self.answer(header, lane, wire),
            _ => Err(wire.broken("a server says what no server says")),
        }
    }

    /// How the sides encrypt from now on: as the server says, but for a client that can not.
    fn agreed(&mut self, header: Header, wanted: Encryption, wire: &mut Reader<'_>) -> Read<Heard> {
        wire.skip(HEADER as u64);
        let sample = wire.sample(header.body(), usize::MAX)?;
        let said = login::prelogin(sample.bytes);
        self.state = State::Tunnel(match said {
            Ok(Encryption::Login) if wanted == Encryption::Nothing => Encryption::Nothing,
            Ok(said) => said,
            Err(_) => Encryption::All,
        });
        Ok(Heard::Nothing)
    }

    /// A packet of an answer.
    fn answer(&mut self, header: Header, lane: &mut Lane, wire: &mut Reader<'_>) -> Read<Heard> {
        if let State::Asked(_) = self.state
            && wire.rest().len() < header.length.into()
            && wire.ahead() == Ahead::Open
        {
            return Err(Stop::Short);
        }
        let mut ahead = Reader::new(wire.rest(), 0, wire.ahead());
        ahead.skip(HEADER as u64);
        let sample = ahead.sample(header.body(), usize::MAX)?;
        if lane.reply.held.is_empty() && self.awaits_login(lane) {
            self.introduced_by(sample.bytes, wire);
            if let Some(news) = self.take_news() {
                return Ok(news);
            }
        }
        wire.skip(header.length.into());
        if lane.reply.is_lost() {
            lane.reply.give_up(sample.length);
        } else {
            self.tokens(header, lane, sample.bytes, wire);
            let missing = sample.length - sample.bytes.len() as u64;
            if missing > 0 {
                lane.reply.give_up(missing);
            }
        }
        if !header.ends() {
            return Ok(part(lane));
        }
        if lane.reply.is_lost() {
            lane.reply.read_tail(sample.bytes, wire);
        }
        // The server asks for more proof before it believes.
        if self.awaits_login(lane) && !lane.reply.is_lost() {
            return Ok(part(lane));
        }
        if self.state == State::Tunnel(Encryption::Login) && lane.due.is_none() {
            self.state = State::Talking;
            return Ok(lane.reply.finish_unasked(wire));
        }
        lane.reply.finish(wire);
        lane.due = None;
        Ok(Heard::Response(lane.key()))
    }

    /// Whether the server has not said yet whether it believes the client; who that is may have been encrypted.
    fn awaits_login(&self, lane: &Lane) -> bool {
        let is_hidden = self.state == State::Tunnel(Encryption::Login) && lane.due.is_none();
        (is_hidden || matches!(lane.due, Some(Due::Login))) && !lane.reply.has_ended
    }

    /// Who the session is, as far as the beginning of the answer to its log-in says.
    fn introduced_by(&mut self, body: &[u8], wire: &mut Reader<'_>) {
        let (mut version, mut database) = (None, None);
        let mut rest = body;
        while let [
            first @ (token::ENVCHANGE | token::INFO | token::LOGINACK | token::SSPI),
            low,
            high,
            behind @ ..,
        ] = rest
        {
            let length = usize::from(u16::from_le_bytes([*low, *high]));
            let Some((body, next)) = behind.split_at_checked(length) else { break };
            rest = next;
            match *first {
                token::LOGINACK => version = Accepted::read(body).ok().map(|accepted| accepted.version),
                token::ENVCHANGE => {
                    if let Ok(Change::Database(new)) = Change::read(body) {
                        database = Some(name(new));
                    }
                }
                _ => {}
            }
        }
        if let Some(identity) = changed(&self.identity, version.as_ref(), database.as_ref()) {
            self.identify(identity, wire);
        }
    }

    /// The tokens of a packet, of which the first may have begun in the packet before.
    fn tokens(&mut self, header: Header, lane: &mut Lane, body: &[u8], wire: &mut Reader<'_>) {
        if lane.reply.held.is_empty() {
            return self.walk(header, lane, body, wire);
        }
        let mut held = std::mem::take(&mut lane.reply.held);
        held.extend_from_slice(body);
        self.walk(header, lane, &held, wire);
        if lane.reply.held.is_empty() {
            held.clear();
            lane.reply.held = held;
        }
    }

    #[inline]
    fn walk(&mut self, header: Header, lane: &mut Lane, body: &[u8], wire: &mut Reader<'_>) {
        let mut rest = body;
        loop {
            match lane.reply.token(rest, wire) {
                Ok((read, news)) => {
                    rest = rest.get(read..).unwrap_or_default();
                    self.hear(news, lane, wire);
                }
                Err(Stop::Short) => break,
                Err(Stop::Broken(_) | Stop::Over) => return lane.reply.give_up(rest.len() as u64),
            }
        }
        if !rest.is_empty() && (header.ends() || !lane.reply.hold(rest)) {
            lane.reply.give_up(rest.len() as u64);
        }
    }

    /// What a token means for the session.
    #[inline]
    fn hear(&mut self, news: News, lane: &mut Lane, wire: &mut Reader<'_>) {
        match news {
            News::None | News::Proof => {}
            News::Transaction(is_open) => self.in_transaction = is_open,
            News::Database(database) => {
                if let Some(identity) = changed(&self.identity, None, Some(&database)) {
                    self.identify(identity, wire);
                }
            }
            News::Accepted(accepted) => {
                self.lane.reply.dialect.is_wide = accepted.is_wide;
                // Where the log-in was not seen, this is not told yet.
                if let Some(identity) = changed(&self.identity, Some(&accepted.version), None) {
                    self.identify(identity, wire);
                }
                lane.reply.accepted(&accepted, wire);
            }
            News::Reset => {
                self.forget_statements();
                self.in_transaction = false;
            }
            News::Returned(number) => self.numbered(number, lane),
        }
    }

    /// An output parameter came back: the number of a statement or of a cursor, if one was promised.
    fn numbered(&mut self, number: Option<i32>, lane: &mut Lane) {
        let Some(Due::Numbers { promised, prepared }) = &mut lane.due else { return };
        let [first, second] = promised;
        let of = if first.is_some() { first.take() } else { second.take() };
        if let (Some(of), Some(number)) = (of, number) {
            let prepared = Prepared::clone(prepared);
            self.store().keep(of, number, prepared);
        }
    }
}

/// Whether a packet that nobody asked for says how the sides encrypt.
fn is_agreement(header: Header, lane: &Lane, wire: &Reader<'_>) -> bool {
    let length = usize::from(header.length).min(wire.rest().len());
    let body = wire.rest().get(HEADER..length).unwrap_or_default();
    lane.due.is_none() && login::prelogin(body).is_ok()
}

/// A piece of a response, if anybody waits for one.
fn part(lane: &Lane) -> Heard {
    match (&lane.due, lane.reply.session) {
        (None, _) => Heard::Nothing,
        (Some(_), None) => Heard::Part,
        (Some(_), Some(_)) => Heard::Piece(lane.key()),
    }
}
