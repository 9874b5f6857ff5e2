//! What the client says: commands, and the data that belongs to them.

use std::borrow::Cow;
use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Exchange, Request, Text};

use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::{Ahead, Reader, Sample};
use crate::sql::said::{Said, lacks};
use crate::sql::secrets::Dialect;

use super::card::NULL;
use super::codepage::Page;
use super::codes::{command, data};
use super::parameters::Parameters;
use super::session::{Asked, Drda};
use super::statements::{Name, Section};
use super::wire::{Dss, objects};

impl Drda {
    /// A command.
    pub(super) fn command(&mut self, dss: Dss, said: &Sample<'_>, wire: &mut Reader<'_>) -> Read<Heard> {
        let Some((code, said)) = objects(said.bytes, said.length).next() else {
            return if said.is_cut() { Ok(Heard::Nothing) } else { Err(wire.broken("a command is none")) };
        };
        self.manners.0.learn(&said);
        if matches!(code, command::EXCSAT | command::ACCSEC) {
            self.introduction.of_client(&said);
            return Ok(Heard::Nothing);
        }
        self.section = Name::of(&said, self.section);
        self.parameters = None;
        let asked = Asked { id: dss.id, command: code, section: self.section };
        let mut exchange = wire.blank();
        let known = command::WORDS.iter().find(|(known, _)| *known == code);
        exchange.request.operation = known.map_or("COMMAND", |(_, word)| *word).into();
        if known.is_none() {
            exchange.request.details.push(("code_point", Detail::Number(code.into())));
        }
        self.begin(asked, &said, &mut exchange, wire);
        Ok(self.ask(asked, exchange))
    }

    /// What a command means before its data comes.
    fn begin(&mut self, asked: Asked, said: &Sample<'_>, exchange: &mut Exchange, wire: &mut Reader<'_>) {
        match asked.command {
            command::SECCHK | command::ACCRDB => self.introduced(asked.command, said, exchange, wire),
            command::EXCSQLSTT => self.of_section(asked, Verb::Statements, &mut exchange.request),
            command::OPNQRY => {
                self.of_section(asked, Verb::Statements, &mut exchange.request);
                let close = |section: &mut Section| (section.kinds, section.held) = (None, Vec::new());
                self.store.change(asked.section, close);
            }
            command::CNTQRY | command::CLSQRY | command::DSCSQLSTT => {
                self.of_section(asked, Verb::Commands, &mut exchange.request);
            }
            command::PRPSQLSTT => self.store.change(asked.section, |section| *section = Section::default()),
            _ => {}
        }
    }

    /// A log-in, or a database that is asked for.
    fn introduced(&mut self, code: u16, said: &Sample<'_>, exchange: &mut Exchange, wire: &mut Reader<'_>) {
        let identity = self.introduction.identity(said, &self.identity);
        match code {
            command::SECCHK => self.introduction.write(said, exchange),
            _ => identity.database.iter().for_each(|database| exchange.request.name_target(database)),
        }
        self.identify(identity, wire);
    }

    /// A command about the statement that its section has.
    fn of_section(&self, asked: Asked, verb: Verb, request: &mut Request) {
        let said = self.store.find(asked.section).and_then(|section| section.said.as_ref());
        match said {
            Some(said) => word(request, said, verb),
            None => lacks(&mut request.details, &Default::default(), None),
        }
    }

    /// Data that belongs to the command before it.
    pub(super) fn data_of_command(&mut self, dss: Dss, said: &Sample<'_>, wire: &mut Reader<'_>) -> Heard {
        let Some(asked) = self.last_asked().filter(|asked| asked.id == dss.id) else { return Heard::Nothing };
        let key = u64::from(asked.id);
        for (code, object) in objects(said.bytes, said.length) {
            match code {
                data::TYPDEFNAM => self.manners.0.name(object.bytes),
                data::TYPDEFOVR => self.manners.0.overrides(&object),
                data::SQLSTT => self.statement(asked, &object, wire),
                data::SQLDTA => self.bound(asked, &object),
                data::EXTDTA => {
                    self.parameters
                        .iter_mut()
                        .for_each(|parameters| parameters.came(&object, self.manners.0));
                }
                _ => {}
            }
        }
        let is_last = !(dss.chained && dss.same);
        if let Some(exchange) = wire.exchange_as(key)
            && is_last
            && let Some(parameters) = self.parameters.take()
            && let Some(cut) = parameters.show(&mut exchange.request)
        {
            let count = i64::try_from(cut).unwrap_or(i64::MAX);
            exchange.request.details.push(("parameter_count", Detail::Number(count)));
        }
        Heard::Piece(Key::Id(key))
    }

    /// A statement's text.
    fn statement(&mut self, asked: Asked, object: &Sample<'_>, wire: &mut Reader<'_>) {
        let manner = self.manners.0;
        let Some((text, page)) = text(object, [manner.mixed, manner.single]) else { return };
        let said = match page {
            Page::Ascii => Said::shared(&text, Dialect::Db2, wire),
            page => {
                let read = page.text(text.bytes);
                let length = read.len() as u64 + (text.length - text.bytes.len() as u64);
                Said::shared(&Sample { bytes: read.as_bytes(), length }, Dialect::Db2, wire)
            }
        };
        let Some(exchange) = wire.exchange_as(asked.id.into()) else { return };
        if asked.command == command::PRPSQLSTT {
            word(&mut exchange.request, &said, Verb::Commands);
            self.store.change(asked.section, |section| section.said = Some(said));
        } else if exchange.request.statement.is_none() {
            word(&mut exchange.request, &said, Verb::Statements);
        } else if let Some(more) = &said.words.text {
            // Several settings may be made at once.
            let before = exchange.request.statement.as_deref().unwrap_or_default();
            let both = format!("{before}; {more}");
            exchange.request.statement.write(&both);
        }
    }

    /// Values of parameters.
    fn bound(&mut self, asked: Asked, object: &Sample<'_>) {
        let said = self.store.find(asked.section).and_then(|section| section.said.as_ref());
        let secrets = said.map_or(&[][..], |said| &said.secrets);
        self.parameters = Some(Parameters::read(object, secrets, self.manners.0));
    }
}

/// Whose word a record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    /// The statement's: the command runs it.
    Statements,
    /// The command's own.
    Commands,
}

/// Words a request.
fn word(request: &mut Request, said: &Arc<Said>, verb: Verb) {
    let words = &said.words;
    if verb == Verb::Statements {
        let is_call = words.verb == "EMPTY" && words.text.as_ref().is_some_and(|text| text.contains('?'));
        // `? = CALL name(?)` wants what a function gives back.
        request.operation = if is_call { Cow::Borrowed("CALL") } else { Cow::clone(&words.verb) };
    }
    words.text.iter().for_each(|text| request.statement.share(Text::clone(text)));
    if words.text.is_none() || words.cut.is_some() {
        lacks(&mut request.details, words, None);
    }
}

/// The text in an SQLSTT: one in mixed letters and one in letters of one byte, of which one is null.
fn text<'a>(object: &Sample<'a>, pages: [Page; 2]) -> Option<(Sample<'a>, Page)> {
    nullable(object, pages).or_else(|| counted(object, pages))
}

/// Each behind a byte that says whether it is null, and a length of four bytes.
fn nullable<'a>(object: &Sample<'a>, pages: [Page; 2]) -> Option<(Sample<'a>, Page)> {
    let mut wire = Reader::new(object.bytes, 0, Ahead::End);
    pages.into_iter().find_map(|page| {
        if wire.u8().ok()? == NULL {
            return None;
        }
        let length = u64::from(wire.be32().ok()?);
        let left = object.length.checked_sub(wire.taken() as u64)?;
        (length <= left).then(|| (kept(&wire, length), page))
    })
}

/// Each behind a length of two bytes, as levels below 7 have it.
fn counted<'a>(object: &Sample<'a>, pages: [Page; 2]) -> Option<(Sample<'a>, Page)> {
    let mut wire = Reader::new(object.bytes, 0, Ahead::End);
    pages.into_iter().find_map(|page| {
        let length = u64::from(wire.be16().ok()?);
        let left = object.length.checked_sub(wire.taken() as u64)?;
        (length > 0 && length <= left).then(|| (kept(&wire, length), page))
    })
}

fn kept<'a>(wire: &Reader<'a>, length: u64) -> Sample<'a> {
    let whole = usize::try_from(length).ok().and_then(|length| wire.rest().get(..length));
    Sample { bytes: whole.unwrap_or(wire.rest()), length }
}

#[cfg(test)]
mod tests {
    use super::{Page, Sample, text};

    #[test]
    fn a_text_is_read_in_both_ways_to_write_it() {
        let pages = [Page::Ascii, Page::Ebcdic500];
        for (said, wanted, page) in [
            (&b"\0\0\0\0\x08SELECT 1\xff"[..], &b"SELECT 1"[..], Page::Ascii),
            (b"\xff\0\0\0\0\x02\xe2\xc5", b"\xe2\xc5", Page::Ebcdic500),
            (b"\0\x08SELECT 1\0\0", b"SELECT 1", Page::Ascii),
            (b"\0\0\0\x02\xe2\xc5", b"\xe2\xc5", Page::Ebcdic500),
        ] {
            let (sample, read) = text(&Sample { bytes: said, length: said.len() as u64 }, pages).unwrap();
            assert_eq!((sample.bytes, read), (wanted, page));
        }
    }
}
