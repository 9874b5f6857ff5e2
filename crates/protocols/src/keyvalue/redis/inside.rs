//! A value with elements while it is said: on which level it is, and where it goes.

use smallvec::SmallVec;

use crate::kit::protocol::{Heard, Read};
use crate::kit::reader::Reader;

use super::rows::Rows;
use super::wire::{Count, Kind, Token, short};

/// Deeper replies are an attack: the deepest of a server's own has 8 levels, documents of modules a few more.
const DEPTH: usize = 64;
/// A value with elements, of which not all were said.
#[derive(Debug)]
pub(super) struct Inside {
    /// What is still to come on each level.
    pub(super) levels: SmallVec<[Level; 4]>,
    pub(super) into: Into,
    /// On which level an attribute stands before an element; 0 outside of one.
    pub(super) aside: usize,
}

/// What is still to come on one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// So many values.
    Left(u64),
    /// Values up to an end.
    Open,
    /// Pieces of a string up to an empty one.
    Pieces,
}

/// Where it goes.
#[derive(Debug)]
pub(super) enum Into {
    /// Into the answer.
    Answer(Rows),
    /// Into the answer to `HELLO`, and into the identity.
    Greeting(Rows, Field),
    /// Nowhere: an attribute, which comes before a reply and belongs to none.
    Attribute,
    /// Nowhere: the rest of a message that was told.
    Told,
}

/// What the last value of a greeting was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Version,
    Other,
}

impl Inside {
    /// A value that begins.
    pub(super) fn of(into: Into) -> Inside {
        Inside { levels: SmallVec::new(), into, aside: 0 }
    }

    /// Goes down a level, if this token has elements.
    pub(super) fn open(&mut self, token: &Token<'_>, wire: &Reader<'_>) -> Read<()> {
        let level = match token {
            Token::Aggregate(_, Count::Of(0)) => return Ok(()),
            Token::Aggregate(_, Count::Of(count)) => Level::Left(*count),
            Token::Aggregate(_, Count::Open) => Level::Open,
            Token::Pieces => Level::Pieces,
            _ => return Ok(()),
        };
        if self.levels.len() >= DEPTH {
            return Err(wire.broken("a reply is nested too deeply"));
        }
        self.levels.push(level);
        Ok(())
    }

    /// Passes over strings that are rows behind the samples, as far as they are there, but for the last one.
    #[inline]
    pub(super) fn pass(&mut self, wire: &mut Reader<'_>) {
        let depth = self.levels.len();
        let (Some(Level::Left(left)), Into::Answer(rows), 0) =
            (self.levels.last_mut(), &mut self.into, self.aside)
        else {
            return;
        };
        if *left < 2 || !rows.passes(depth) {
            return;
        }
        let (begin, before) = (wire.rest(), *left);
        let mut rest = begin;
        while *left > 1
            && let Some((_, behind)) = short(rest)
        {
            *left -= 1;
            rest = behind;
        }
        rows.pass(before - *left);
        wire.skip((begin.len() - rest.len()) as u64);
    }

    /// Whether this token ends a level that did not say how long it is.
    #[inline]
    fn ends(&self, token: &Token<'_>) -> bool {
        match token {
            Token::End => self.levels.last() == Some(&Level::Open),
            Token::Piece(piece) => piece.length == 0,
            _ => false,
        }
    }

    /// Takes a token into account.
    #[inline]
    pub(super) fn step(&mut self, token: &Token<'_>, wire: &Reader<'_>) -> Read<()> {
        let (is_piece, is_open) = (matches!(token, Token::Piece(_)), matches!(token, Token::End));
        match self.levels.last_mut() {
            Some(Level::Pieces) if !is_piece => return Err(wire.broken("a piece of a string is missing")),
            Some(Level::Left(_) | Level::Open) if is_piece => return Err(wire.broken("a piece of no string")),
            Some(Level::Left(_)) if is_open => return Err(wire.broken("an aggregate ends too early")),
            _ if matches!(token, Token::Aggregate(Kind::Attribute, _)) => {
                return self.step_aside(token, wire);
            }
            Some(Level::Left(left)) => *left -= 1,
            Some(Level::Open | Level::Pieces) | None => {}
        }
        if self.ends(token) {
            self.levels.pop();
        } else {
            self.open(token, wire)?;
        }
        while self.levels.last() == Some(&Level::Left(0)) {
            self.levels.pop();
        }
        if self.levels.len() < self.aside {
            self.aside = 0;
        }
        Ok(())
    }

    /// An attribute stands before an element, and is none.
    #[inline(never)]
    fn step_aside(&mut self, token: &Token<'_>, wire: &Reader<'_>) -> Read<()> {
        let before = self.levels.len();
        self.open(token, wire)?;
        if self.aside == 0 && self.levels.len() > before {
            self.aside = before + 1;
        }
        Ok(())
    }

    /// What is said of a piece of it.
    pub(super) fn part(&self) -> Heard {
        match self.into {
            Into::Answer(_) | Into::Greeting(..) | Into::Attribute => Heard::Part,
            Into::Told => Heard::Nothing,
        }
    }
}
