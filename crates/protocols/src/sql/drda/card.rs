//! How a statement ended: SQLCARD, the SQL communications area (DRDA, "SQLCAGRP").

use model::exchange::{Failure, Text};

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;
use crate::kit::text::shortened;

use super::manner::Manner;

/// What stands where a group does not.
pub(super) const NULL: u8 = 0xff;
/// The state of an end of rows.
pub(super) const END: i32 = 100;
/// So many bytes of a message are kept.
const MESSAGE: usize = 1 << 10;
/// What stands between the words of a message, on Derby and on Db2.
const BETWEEN: [u8; 2] = [0x14, 0xff];

/// How a statement ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Card {
    /// Below zero for an error, above for a warning.
    pub(super) code: i32,
    /// The SQLSTATE.
    pub(super) state: String,
    /// Rows that were changed.
    pub(super) changed: u64,
    /// What the message is about.
    pub(super) message: String,
}

impl Card {
    /// Reads one, up to the diagnostics that may follow; one that says nothing is none.
    pub(super) fn read(wire: &mut Reader<'_>, manner: &mut Manner) -> Read<Option<Card>> {
        if wire.u8()? == NULL {
            return Ok(None);
        }
        let code = manner.small(wire)?;
        let state = manner.single.text(wire.take(5)?);
        let _product = wire.take(8)?;
        let mut card = Card { code, state, changed: 0, message: String::new() };
        if wire.u8()? == NULL {
            return Ok(Some(card));
        }
        wire.take(8)?;
        card.changed = u64::try_from(manner.small(wire)?).unwrap_or_default();
        let _more_and_warnings = wire.take(12 + 11)?;
        let _database = text(wire)?;
        let (mixed, single) = (text(wire)?, text(wire)?);
        card.message = match mixed {
            [] => words(manner.single.text(&spaced(single)), &card.state),
            mixed => words(manner.mixed.text(&spaced(mixed)), &card.state),
        };
        Ok(Some(card))
    }

    /// What went wrong, if anything did.
    pub(super) fn failure(&self) -> Option<Box<Failure>> {
        let message = || Text::from(&*shortened(self.message.as_bytes(), MESSAGE).0);
        let failure = || Box::new(Failure { code: Text::from(self.state.trim_end()), message: message() });
        (self.code < 0).then(failure)
    }
}

/// Passes over diagnostics behind a card that is one.
///
/// # Errors
/// `Broken` where there are some: they have no length.
pub(super) fn no_diagnostics(wire: &mut Reader<'_>, card: Option<&Card>) -> Read<()> {
    match card {
        Some(_) if wire.u8()? != NULL => Err(wire.broken("diagnostics have no length")),
        Some(_) | None => Ok(()),
    }
}

/// A text behind its length, which has two bytes.
pub(super) fn text<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let length = wire.be16()?;
    wire.take(length.into())
}

/// The words of a message with a line's end between them, which all character sets have at one place, or nearly so.
fn spaced(message: &[u8]) -> Vec<u8> {
    message.iter().map(|byte| if BETWEEN.contains(byte) { b'\x1f' } else { *byte }).collect()
}

/// The words with commas between; the state, which some servers say last, is told apart.
fn words(message: String, state: &str) -> String {
    let words = message.split('\u{1f}').map(str::trim).filter(|word| !word.is_empty() && *word != state);
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::Card;
    use crate::kit::reader::{Ahead, Reader};
    use crate::sql::drda::manner::Manner;

    /// A card as Db2 for Linux writes it, with the least significant byte first.
    #[test]
    fn a_card_says_what_failed_whatever_the_order() {
        let mut said = b"\0".to_vec();
        said.extend((-204_i32).to_le_bytes());
        said.extend(b"42704SQL11055\0");
        said.extend([0; 24]);
        said.extend(b"           \0\0\0\0\0\x0aSHOP\xffUSERS\xff");
        let mut manner = Manner::default();
        let card = Card::read(&mut Reader::new(&said, 0, Ahead::End), &mut manner).unwrap().unwrap();
        let failure = card.failure().unwrap();
        assert_eq!((card.code, &*failure.code, &*failure.message), (-204, "42704", "SHOP, USERS"));
    }

    #[test]
    fn a_card_that_is_none_says_nothing() {
        let read = Card::read(&mut Reader::new(b"\xff", 0, Ahead::End), &mut Manner::default());
        assert_eq!(read, Ok(None));
    }
}
