//! What the client says.

use model::conn::Speaker;
use model::details::Detail;
use model::exchange::{Exchange, Request};

use crate::kit::protocol::{Guess, Heard, Key, Read, Stop};
use crate::kit::reader::Reader;
use crate::web::dialect::Spoken;
use crate::web::head::{Asking, Content, Head};
use crate::web::http1::body::{Body, Framing, Progress};
use crate::web::http1::session::{
    Age, AtHand, CUT, Client, Course, Http1, News, Unfinished, at_hand, stop, trailers,
};
use crate::web::http1::wire::{self, NoHead};

impl Http1 {
    pub(super) fn read_client(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let unfinished = match &mut self.client {
            Client::Head => return self.read_request(wire),
            Client::Broken => return self.read_behind_broken(wire),
            Client::Refused(_) if wire::request_line(wire.rest()) == Guess::Yes => {
                return Ok(self.asked(wire, None));
            }
            Client::Body(unfinished) | Client::Refused(unfinished) => unfinished,
        };
        match unfinished.body.read(wire) {
            Ok(Progress::Part) => Ok(Heard::Part),
            Ok(Progress::Whole) => Ok(self.asked(wire, None)),
            Ok(Progress::Cut) => Ok(self.asked(wire, Some(("http.request_cut", CUT.into())))),
            // Who sends such a body may mean to hide the request behind it.
            Err(Stop::Broken(broken)) => {
                let request = self.asked(wire, Some(("http.request_cut", broken.what.into())));
                self.client = Client::Broken;
                Ok(request)
            }
            Err(stop @ (Stop::Short | Stop::Over)) => Err(stop),
        }
    }

    /// Looks for a request behind a body that broke its framing.
    ///
    /// No request was lost there, so the pairing is not in doubt, as it would be after a [`Stop::Broken`].
    fn read_behind_broken(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let rest = wire.rest();
        let past = match wire::find_request(rest) {
            Some(0) => {
                self.client = Client::Head;
                return self.read_request(wire);
            }
            Some(past) => past,
            // A request that is not there with its first line begins with a capital letter.
            None => rest.iter().position(u8::is_ascii_uppercase).unwrap_or(rest.len()),
        };
        if past == 0 {
            return Err(Stop::Short);
        }
        wire.skip(past as u64);
        Ok(Heard::Nothing)
    }

    /// Reads what a connection begins with, or what follows its one request of HTTP/0.9.
    #[inline(never)]
    fn read_first(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if self.age == Age::Simple {
            wire.skip(wire.rest().len() as u64);
            return if wire.taken() > 0 { Ok(Heard::Nothing) } else { Err(Stop::Short) };
        }
        let line = match wire::simple_request(wire.rest()) {
            Ok(line) => line,
            Err(NoHead::Short) if wire::request_line(wire.rest()) != Guess::No => return Err(Stop::Short),
            Err(_) => {
                self.age = Age::Modern;
                return self.read_request(wire);
            }
        };
        self.age = Age::Simple;
        self.asking = Asking::of(&line, &self.asking);
        wire.skip(line.length as u64);
        let asked = self.begin_request(wire);
        Ok(asked.map_or(Heard::Part, |exchange| Heard::Request(Key::Turn, exchange)))
    }

    fn read_request(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if self.age != Age::Modern {
            return self.read_first(wire);
        }
        let line = self.request_line(wire)?;
        let block = wire.rest().get(line..).unwrap_or_default();
        let size = match self.asked.again(block) {
            Some(size) => size,
            None => match self.new_fields(Speaker::Client, block, wire)? {
                News::Head(size) => size,
                News::Identity(identity) => return Ok(Heard::Identity(identity)),
            },
        };
        wire.take(line + size)?;
        let asked = self.begin_request(wire);
        if !self.asking.is_short() {
            self.asking = Asking::default();
            self.request_details = None;
        }
        if !self.asked.is_short() {
            self.asked = Head::default();
            self.request_details = None;
        }
        Ok(asked.map_or(Heard::Part, |exchange| Heard::Request(Key::Turn, exchange)))
    }

    /// The length of the request line, whose texts are `asking` from now on.
    fn request_line(&mut self, wire: &Reader<'_>) -> Read<usize> {
        if let Some(length) = self.asking.again(wire.rest()) {
            return Ok(length);
        }
        let line = wire::request_start(wire.rest()).map_err(|no| stop(no, wire))?;
        let asking = Asking::of(&line, &self.asking);
        if !asking.has_details_of(&self.asking) {
            self.request_details = None;
        }
        self.asking = asking;
        Ok(line.length)
    }

    /// The request whose head was read, if it is whole with that.
    fn begin_request(&mut self, wire: &mut Reader<'_>) -> Option<Box<Exchange>> {
        let Content { framing, kind, coding } = self.asked.content;
        let details = self.request_details.get_or_insert_with(|| {
            let details = self.asking.details(&self.asked, self.identity.as_deref());
            self.candidates = self.asking.candidates(&details);
            if self.candidates.any() {
                self.spoken = Spoken::Perhaps;
            }
            details
        });
        let kind = self.candidates.body(kind, 0);
        let told = (&self.asked, &*details);
        let framing = if self.asking.is_connect() {
            self.course = Course::Asked;
            Framing::Empty
        } else {
            match framing {
                Ok(framing) => framing,
                Err(what) => {
                    self.client = Client::Broken;
                    let mut exchange = wire.blank();
                    self.asking.write(&mut exchange.request, told, None);
                    exchange.request.details.push(("http.request_cut", what.into()));
                    return Some(exchange);
                }
            }
        };
        match at_hand(framing, wire) {
            AtHand::All(bytes) => {
                let body = self.request_body.text(kind, coding, bytes, wire);
                let mut exchange = wire.blank();
                self.asking.write(&mut exchange.request, told, body);
                Some(exchange)
            }
            AtHand::NotAll => {
                let (mut message, body) = (Request::default(), Body::new(framing, kind, coding));
                self.asking.write(&mut message, told, None);
                self.client = Client::Body(Box::new(Unfinished { message, body }));
                None
            }
        }
    }

    /// The request that was being said is whole.
    fn asked(&mut self, wire: &mut Reader<'_>, cut: Option<(&'static str, Detail)>) -> Heard {
        match std::mem::take(&mut self.client) {
            Client::Head | Client::Broken => Heard::Nothing,
            Client::Body(unfinished) | Client::Refused(unfinished) => {
                let Unfinished { mut message, body } = *unfinished;
                let text = body.text(&mut self.request_body, wire);
                message.details.extend(text.map(|text| ("http.request_body", text.into())));
                message.details.extend(trailers(&body, "http.request_trailers"));
                message.details.extend(cut);
                let mut exchange = wire.blank();
                exchange.request = message;
                Heard::Request(Key::Turn, exchange)
            }
        }
    }
}
