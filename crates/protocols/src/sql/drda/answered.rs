//! What the server says: messages and data that answer a command.

use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Failure, Outcome, Response, Text};

use crate::kit::protocol::{Heard, Key};
use crate::kit::reader::{Ahead, Reader, Sample};

use super::card::{Card, END};
use super::codes::{command, data, message, part};
use super::kinds::described;
use super::login;
use super::rows::{self, Reading};
use super::session::{Asked, Drda};
use super::shape;
use super::wire::{Dss, number, objects};

/// From this severity on, a message says that something went wrong (DDM, "SVRCOD").
const ERROR: u16 = 8;

/// What was said so far of an answer.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// What went wrong as a card says it.
    failure: Option<Box<Failure>>,
    code: i32,
    state: String,
    /// What went wrong as a message says it.
    refusal: Option<Box<Failure>>,
    rows: Option<u64>,
    changed: Option<u64>,
    cursor: Cursor,
    /// Whether some of it could not be read.
    is_lost: bool,
}

/// What was said of the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Cursor {
    #[default]
    Unsaid,
    Open,
    Ended,
}

impl Drda {
    /// A structure of an answer.
    pub(super) fn answer(&mut self, dss: Dss, said: &Sample<'_>, wire: &mut Reader<'_>) -> Heard {
        let asked = self.asked(dss.id);
        self.reply.is_lost |= said.is_cut();
        for (code, object) in objects(said.bytes, said.length) {
            self.learn(code, &object, wire);
            if let Some(asked) = asked {
                self.part(asked, code, &object, wire);
            }
        }
        let key = Key::Id(dss.id.into());
        match asked {
            None => Heard::Nothing,
            Some(_) if dss.chained && dss.same => Heard::Piece(key),
            Some(asked) => {
                self.finish(asked, wire);
                Heard::Response(key)
            }
        }
    }

    /// What a message says of the server, whoever asked.
    fn learn(&mut self, code: u16, said: &Sample<'_>, wire: &mut Reader<'_>) {
        match code {
            message::EXCSATRD => self.introduction.of_server(said),
            message::ACCRDBRM => {
                self.manners.1.learn(said);
                self.introduction.accepted(said);
                let mut identity = (*self.identity).clone();
                identity.version = self.introduction.version().cloned();
                self.identify(identity, wire);
            }
            data::TYPDEFNAM => self.manners.1.name(said.bytes),
            data::TYPDEFOVR => self.manners.1.overrides(said),
            _ => {}
        }
    }

    /// One object of an answer.
    fn part(&mut self, asked: Asked, code: u16, said: &Sample<'_>, wire: &mut Reader<'_>) {
        let mut inside = Reader::new(said.bytes, 0, Ahead::End);
        match code {
            data::SQLCARD => match Card::read(&mut inside, &mut self.manners.1) {
                Ok(card) => self.reply.card(card.as_ref()),
                Err(_) => self.reply.is_lost = true,
            },
            data::SQLDARD => self.described(asked, &mut inside),
            data::SQLDTARD => self.returned(asked, said, wire),
            data::QRYDSC => {
                let kinds = described(said.bytes).ok().filter(|_| !said.is_cut()).map(Arc::from);
                let epoch = self.epoch;
                self.store.change(asked.section, |section| (section.kinds, section.epoch) = (kinds, epoch));
            }
            data::QRYDTA => self.rows(asked, said, wire),
            message::OPNQRYRM => (self.reply.cursor, self.reply.rows) = (Cursor::Open, Some(0)),
            message::ENDQRYRM => self.reply.cursor = Cursor::Ended,
            message::SECCHKRM => {
                if let Some((code, words)) = login::refusal(said) {
                    self.reply.refuse(&format!("{code:#04x}"), words);
                }
            }
            _ => self.reply.message(code, said),
        }
    }

    /// The columns that a section's results have.
    fn described(&mut self, asked: Asked, inside: &mut Reader<'_>) {
        let Ok(described) = shape::read(inside, &mut self.manners.1) else {
            self.reply.is_lost = true;
            return;
        };
        self.reply.card(described.card.as_ref());
        // The answer to DSCSQLSTT may describe the parameters instead.
        if asked.command == command::PRPSQLSTT || asked.command == command::OPNQRY {
            self.store.change(asked.section, |section| section.columns = described.columns);
        }
    }

    /// Rows of a query.
    fn rows(&mut self, asked: Asked, said: &Sample<'_>, wire: &mut Reader<'_>) {
        let section = self.store.find(asked.section).filter(|section| section.epoch == self.epoch);
        let kinds = section.and_then(|section| section.kinds.clone());
        self.epoch += u64::from(said.is_cut());
        let Some(kinds) = kinds.filter(|_| !self.reply.is_lost) else {
            self.reply.is_lost = true;
            return;
        };
        let manner = &mut self.manners.1;
        let mut heard = rows::Heard::default();
        self.store.change(asked.section, |section| {
            let samples = wire.answer_to(asked.id.into()).map(|answer| &mut answer.samples);
            heard = Reading { kinds: &kinds, manner, samples }.read(said.bytes, &mut section.held);
        });
        *self.reply.rows.get_or_insert(0) += heard.rows;
        self.reply.is_lost |= heard.is_lost;
        self.reply.card(heard.card.as_ref());
    }

    /// What a procedure gave back: a card, and one row.
    fn returned(&mut self, asked: Asked, said: &Sample<'_>, wire: &mut Reader<'_>) {
        let mut kinds = Vec::new();
        for (code, object) in objects(said.bytes, said.length) {
            match code {
                data::FDODSC => kinds = described(object.bytes).unwrap_or_default(),
                data::FDODTA => {
                    let samples = wire.answer_to(asked.id.into()).map(|answer| &mut answer.samples);
                    let reading = Reading { kinds: &kinds, manner: &mut self.manners.1, samples };
                    let heard = reading.read(object.bytes, &mut Vec::new());
                    self.reply.card(heard.card.as_ref());
                }
                _ => {}
            }
        }
    }

    /// The answer is whole.
    fn finish(&mut self, asked: Asked, wire: &mut Reader<'_>) {
        let reply = std::mem::take(&mut self.reply);
        self.forget(asked.id);
        let key = asked.id.into();
        let missed = wire.missed_as(key);
        let columns = self.store.find(asked.section).and_then(|section| section.columns.as_ref());
        let Some(exchange) = wire.exchange_as(key) else { return };
        exchange.completeness.cause = exchange.completeness.cause.or(missed);
        let answer = &mut exchange.response;
        if let Some(columns) = columns.filter(|_| reply.rows.is_some()) {
            answer.share_columns(columns);
        }
        let is_unsure = reply.is_lost || missed.is_some();
        reply.show(asked.command, is_unsure, answer);
    }
}

impl Reply {
    /// How the statement stands.
    fn card(&mut self, card: Option<&Card>) {
        let Some(card) = card else { return };
        self.changed = Some(card.changed);
        if card.code == END {
            self.cursor = Cursor::Ended;
        }
        let is_warning = card.code > 0 && card.code != END || card.code == 0 && card.state.starts_with("01");
        if self.code >= 0 && (is_warning || card.code < 0) {
            (self.code, self.state) = (card.code, card.state.trim_end().to_owned());
        }
        if self.failure.is_none() {
            self.failure = card.failure();
        }
    }

    /// A message that may say that something went wrong.
    fn message(&mut self, code: u16, said: &Sample<'_>) {
        let severity = number(said, part::SVRCOD);
        if !message::is(code) || severity.is_none_or(|severity| severity < ERROR) {
            return;
        }
        match message::ERRORS.iter().find(|(known, ..)| *known == code) {
            Some((_, name, words)) => self.refuse(name, words),
            None => self.refuse(&format!("{code:#06x}"), "the server refused the command"),
        }
    }

    fn refuse(&mut self, code: &str, words: &str) {
        let failure = || Box::new(Failure { code: Text::from(code), message: Text::from(words) });
        self.refusal.get_or_insert_with(failure);
    }

    /// Shows what was said in a response.
    fn show(self, command: u16, is_unsure: bool, answer: &mut Response) {
        answer.failure = self.failure.or(self.refusal);
        answer.outcome = match (&answer.failure, is_unsure && self.changed.is_none()) {
            (Some(_), _) => Outcome::Error,
            (None, true) => Outcome::Unknown,
            (None, false) => Outcome::Ok,
        };
        if self.code != 0 {
            answer.details.push(("sqlcode", Detail::Number(self.code.into())));
        }
        if self.code >= 0 && !self.state.is_empty() {
            answer.details.push(("warning", Detail::Text(Text::from(self.state))));
        }
        let runs = matches!(command, command::EXCSQLSTT | command::EXCSQLIMM);
        if runs && self.rows.is_none() && answer.failure.is_none() {
            answer.affected = self.changed;
        }
        answer.rows = self.rows.filter(|_| !self.is_lost);
        if self.cursor == Cursor::Open {
            answer.details.push(("cursor", Detail::from("open")));
        }
    }
}
