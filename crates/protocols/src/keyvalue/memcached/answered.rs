//! What the server says in the text protocol.

use model::exchange::{Failure, Outcome, Response, Text};

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Reader, Sample};
use crate::kit::text::{lossy, utf8};

use super::session::{Due, Memcached, Proof, target};
use super::wire::{Said, block, is_meta, line, said, split};

/// So many rows of a result are kept for inspection.
const SAMPLES: u64 = 5;
/// What stands behind nearly all items: it is not worth to be read as any line is.
const END: &[u8] = b"END\r\n";
/// So many bytes of an error's text are kept.
const MESSAGE: usize = 1 << 10;

/// The items of an answer, as far as they were said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Items(pub(super) u64);

impl Memcached {
    /// Reads the server's next line, and the data block behind it; of several items as many as are there.
    #[inline]
    pub(super) fn answered(&mut self, key: Key, wire: &mut Reader<'_>) -> Read<Heard> {
        let start = wire.taken();
        if key != Key::Turn {
            wait_for_end(wire)?;
        }
        loop {
            if self.items.is_some() && wire.rest().starts_with(END) {
                wire.skip(END.len() as u64);
                return Ok(self.end(key, &Said::End, None, wire));
            }
            let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
            let (line, said, data) = match next(&mut ahead) {
                Err(Stop::Short) if wire.taken() > start => return Ok(Heard::Part),
                item => item?,
            };
            if self.items.is_none()
                && !matches!(said, Said::Value { .. } | Said::Stat { .. })
                && let Some(heard) = self.doubted(key, Due::Surely, wire)
            {
                return Ok(heard);
            }
            if self.items.is_none() && self.is_silent(key, &said, line, wire) {
                return Ok(self.pass_over(key, wire));
            }
            if let Said::Version(version) = said
                && let Some(identity) = self.turn(wire, |identity| identity.version = Some(target(version)))
            {
                return Ok(Heard::Identity(identity));
            }
            wire.skip(ahead.taken() as u64 + ahead.debt());
            if !matches!(said, Said::Failed(..)) {
                self.proof = Proof::Done;
            }
            match said {
                Said::Value { key: name, .. } => {
                    let nothing = Sample { bytes: b"", length: 0 };
                    self.item(key, name, data.unwrap_or(nothing), wire);
                }
                Said::Stat { name, value } => {
                    self.item(key, name, Sample { bytes: value, length: value.len() as u64 }, wire);
                }
                said => return Ok(self.end(key, &said, data, wire)),
            }
        }
    }

    /// One of several items.
    #[inline]
    fn item(&mut self, key: Key, name: &[u8], value: Sample<'_>, wire: &mut Reader<'_>) {
        let items = self.items.get_or_insert_default();
        items.0 += 1;
        let count = items.0;
        if count <= SAMPLES
            && let Some(answer) = self.answer(key, wire)
        {
            add(name, &value, answer);
        }
    }

    /// The last line of an answer.
    #[inline]
    fn end(&mut self, key: Key, said: &Said<'_>, data: Option<Sample<'_>>, wire: &mut Reader<'_>) -> Heard {
        let items = self.items.take();
        let asked = self.waits(key, wire);
        let name = asked.filter(|_| data.is_some()).and_then(|request| request.targets.first().cloned());
        let is_read = asked.is_some_and(|request| request.operation == "mg");
        if let Some(answer) = self.answer(key, wire) {
            answer.outcome = Outcome::Ok;
            match said {
                // A hit whose value nobody asked for.
                Said::Done("HD") if is_read => answer.rows = Some(1),
                said => write(said, items.unwrap_or_default().0, answer),
            }
            if let Some(data) = data {
                add(name.as_deref().unwrap_or_default().as_bytes(), &data, answer);
            }
        }
        self.finish(key)
    }

    /// The oldest request was quiet, and was done or missed without a word.
    pub(super) fn pass_over(&mut self, key: Key, wire: &mut Reader<'_>) -> Heard {
        let misses = self
            .waits(key, wire)
            .is_some_and(|request| matches!(&*request.operation, "mg" | "getq" | "getkq" | "gatq" | "gatkq"));
        if let Some(answer) = self.answer(key, wire) {
            answer.outcome = Outcome::Ok;
            answer.rows = misses.then_some(0);
            answer.details.push(("silent", 1.into()));
        }
        self.finish(key)
    }

    /// Whether the oldest request is a quiet one that this line does not answer.
    #[inline]
    fn is_silent(&self, key: Key, said: &Said<'_>, line: &[u8], wire: &Reader<'_>) -> bool {
        let Some(request) = self.waits(key, wire).filter(|request| is_meta(&request.operation)) else {
            return false;
        };
        let asked = request.statement.as_deref().unwrap_or_default().as_bytes();
        if !split(asked).skip(2).any(|flag| flag == b"q") {
            return false;
        }
        let opaque = |line| split(line).skip(1).find(|flag: &&[u8]| flag.first() == Some(&b'O'));
        if let (Some(asked), Some(told)) = (opaque(asked), opaque(line)) {
            return asked != told;
        }
        match said {
            Said::MetaValue { .. } => !matches!(&*request.operation, "mg" | "ma"),
            Said::Done("HD") => matches!(&*request.operation, "ms" | "md" | "ma"),
            Said::Refused("NF") => matches!(&*request.operation, "mg" | "ms"),
            Said::Refused("NS" | "EX") | Said::Failed(..) => false,
            _ => true,
        }
    }
}

/// The next line of the server, what it says, and the data block behind it, passed over.
#[inline]
fn next<'a>(wire: &mut Reader<'a>) -> Read<(&'a [u8], Said<'a>, Option<Sample<'a>>)> {
    let line = line(wire)?;
    let said = said(line).ok_or_else(|| wire.broken("no server says such a line"))?;
    let data = match said {
        Said::Value { length, .. } | Said::MetaValue { length } => Some(block(length, wire)?),
        _ => None,
    };
    Ok((line, said, data))
}

/// An answer in a datagram is read at once: what follows it is another one.
fn wait_for_end(wire: &Reader<'_>) -> Read<()> {
    let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
    while let (_, Said::Value { .. } | Said::Stat { .. }, _) = next(&mut ahead)? {}
    Ok(())
}

/// Adds an item as a row.
pub(super) fn add(name: &[u8], value: &Sample<'_>, answer: &mut Response) {
    let row = answer.samples.begin(0);
    row.push(&lossy(name));
    row.push(&lossy(value.bytes));
    answer.samples.end();
}

/// Writes the last line of an answer of so many items.
#[inline]
fn write(said: &Said<'_>, items: u64, answer: &mut Response) {
    match said {
        Said::Value { .. } | Said::Stat { .. } => {}
        Said::End => answer.rows = Some(items),
        Said::MetaValue { .. } | Said::Item => answer.rows = Some(1),
        Said::Miss => answer.rows = Some(0),
        Said::Version(_) | Said::Barrier | Said::Done("OK" | "RESET") => {}
        Said::Number(number) => {
            answer.affected = Some(1);
            answer.details.push(("reply", i64::try_from(*number).unwrap_or(i64::MAX).into()));
        }
        Said::Done(_) => answer.affected = Some(1),
        Said::Refused(word) => {
            answer.affected = Some(0);
            answer.details.push(("reply", (*word).into()));
        }
        Said::Failed(word, why) => fail(word, why, answer),
    }
}

/// Writes an error.
pub(super) fn fail(code: &str, why: &[u8], answer: &mut Response) {
    answer.outcome = Outcome::Error;
    let why = why.get(..MESSAGE).unwrap_or(why);
    let message = utf8(why).map_or_else(|| Text::from(&*lossy(why)), Text::from);
    answer.failure = Some(Box::new(Failure { code: code.into(), message }));
}
