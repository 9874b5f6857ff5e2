//! What the client says: commands in the notation of programs, or lines that people type.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};

use super::chain::is_name;
use super::commands::{Command, Keys, Tells, command};
use super::keys;
use super::secrets::Secrets;
use super::session::{Course, OPEN, Redis, Replies};
use super::wire::{CELL, LINE, short, string, words};
use super::words::{capitals, split, write};

/// So many words of a command are kept: more than a page shows.
const WORDS: usize = 128;
/// So many bytes of all words of a command are kept together.
const KEPT: usize = 16 << 10;
/// A command of so few words, whole as most are, is read at once and nothing of it is copied twice.
const FEW: usize = 16;
/// One of so few, each of them short, is read in a stride.
const FEWEST: usize = 6;
/// A command that has fewer bytes so far is waited for instead of being taken in pieces.
const SMALL: usize = 4 << 10;
/// What `CLIENT` does to the connection is said by so many words.
const NAMING: usize = 3;
/// The name of a command with that of its subcommand is not longer; of an unknown one so much is kept.
const NAME: usize = 48;

/// A command, of which so many words were said.
#[derive(Debug, Default)]
pub(super) struct Asking {
    count: u64,
    left: u64,
    /// The kept words, one behind the other.
    text: Vec<u8>,
    /// How much of each is kept, and how long it truly is.
    words: Vec<(usize, u64)>,
}

impl Asking {
    fn add(&mut self, word: &Sample<'_>) {
        self.left -= 1;
        if self.words.len() < WORDS {
            let room = KEPT.saturating_sub(self.text.len());
            let kept = word.bytes.get(..room).unwrap_or(word.bytes);
            self.text.extend_from_slice(kept);
            self.words.push((kept.len(), word.length));
        }
    }

    fn samples(&self) -> SmallVec<[Sample<'_>; FEW]> {
        let mut rest = self.text.as_slice();
        let sample = |(kept, length): &(usize, u64)| {
            let (bytes, behind) = rest.split_at_checked(*kept).unwrap_or_default();
            rest = behind;
            Sample { bytes, length: *length }
        };
        self.words.iter().map(sample).collect()
    }
}

impl Redis {
    /// Reads the client's next command.
    #[inline]
    pub(super) fn asked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        if self.identity.is_none()
            && let Some(identity) = self.begin(wire)
        {
            return Ok(Heard::Identity(identity));
        }
        if self.course == Course::Replica {
            return pass(wire);
        }
        if self.open >= OPEN {
            self.open -= 1;
            self.orphans = self.orphans.saturating_add(1);
            return Ok(Heard::Abandoned(1));
        }
        if let Some(asking) = self.asking.take() {
            return self.go_on_asking(asking, wire);
        }
        match wire.rest().first() {
            Some(b'*') => self.framed(wire),
            Some(_) => self.typed(wire),
            None => Err(Stop::Short),
        }
    }

    #[inline]
    fn framed(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut room = [Sample { bytes: &[], length: 0 }; FEWEST];
        match fewest(wire.rest(), &mut room) {
            Some((words, behind)) => {
                wire.skip((wire.rest().len() - behind.len()) as u64);
                self.ask(words, words.len(), wire)
            }
            None => self.framed_otherwise(wire),
        }
    }

    /// A command of more words, or of long ones, or of which not all is there.
    #[inline(never)]
    fn framed_otherwise(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let Some(count) = words(&mut ahead)? else {
            // Servers pass over a command without words, and do not answer.
            wire.skip(ahead.taken() as u64);
            return Ok(Heard::Nothing);
        };
        if count > FEW as u64 {
            return self.begin_asking(count, wire);
        }
        let mut words = SmallVec::new();
        match few(count, &mut ahead, &mut words) {
            Ok(()) => {
                wire.skip(ahead.taken() as u64 + ahead.debt());
                self.ask(&words, words.len(), wire)
            }
            Err(Stop::Short) if wire.rest().len() < SMALL && wire.ahead() == Ahead::Open => Err(Stop::Short),
            Err(Stop::Short) => self.begin_asking(count, wire),
            Err(stop) => Err(stop),
        }
    }

    /// Begins to read a command in pieces.
    #[inline(never)]
    fn begin_asking(&mut self, count: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        if matches!(self.replies, Replies::Off | Replies::Skip) {
            // Only what begins and ends in one reading can be told without an answer.
            let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
            words(&mut ahead)?;
            for _ in 0..count {
                match string(b'$', &mut ahead) {
                    Err(Stop::Short) if wire.rest().len() < KEPT && wire.ahead() == Ahead::Open => {
                        return Err(Stop::Short);
                    }
                    Err(Stop::Short) => {
                        return Err(wire.broken("a command that is not answered is too long to be told"));
                    }
                    read => drop(read?),
                }
            }
        }
        words(wire)?;
        self.go_on_asking(Box::new(Asking { count, left: count, ..Asking::default() }), wire)
    }

    /// Reads the next words of a command that is taken in pieces.
    #[inline(never)]
    fn go_on_asking(&mut self, mut asking: Box<Asking>, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut taken = wire.taken() > 0;
        while asking.left > 0 {
            match string(b'$', wire) {
                Ok(word) => asking.add(&word),
                Err(Stop::Short) => {
                    taken |= wire.taken() > 0;
                    self.asking = Some(asking);
                    return if taken { Ok(Heard::Part) } else { Err(Stop::Short) };
                }
                Err(stop) => return Err(stop),
            }
        }
        let count = usize::try_from(asking.count).unwrap_or(usize::MAX);
        self.ask(&asking.samples(), count, wire)
    }

    /// A line that somebody typed, or a script sent.
    #[inline(never)]
    fn typed(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let line = ahead.until(b'\n', LINE)?.trim_ascii_end();
        let sample = |word| Sample { bytes: kept(word), length: word.len() as u64 };
        let words: SmallVec<[Sample<'_>; FEW]> = split(line).take(WORDS).map(sample).collect();
        if words.first().is_some_and(|name| !is_name(name.bytes)) {
            return Err(wire.broken("a line is no command"));
        }
        wire.skip(ahead.taken() as u64);
        if words.is_empty() {
            return Ok(Heard::Nothing);
        }
        let count = split(line).count();
        self.ask(&words, count, wire)
    }

    /// A command of `count` words, of which these are kept.
    #[inline]
    fn ask(&mut self, words: &[Sample<'_>], count: usize, wire: &mut Reader<'_>) -> Read<Heard> {
        let Some(name) = words.first() else { return Err(wire.broken("a command has no name")) };
        let Named { operation, command } = named(words);
        if command.is_none() && !is_name(name.bytes) || is_torn(words) {
            return Err(wire.broken("no command has such a name"));
        }
        if self.replies == Replies::Doubtful && self.open > 0 && is_on(&operation, words) {
            // Who turns answers on had turned them off: what was asked since stays unanswered.
            return Ok(Heard::Abandoned(usize::from(std::mem::take(&mut self.open))));
        }
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        // No command that nobody knows has any.
        let secrets = command.map_or(Secrets::None, |command| command.secrets);
        request.statement.write_with(|out| state(words, count, secrets, out));
        if let Some(command) = command {
            keys::add(command.keys, words, count, request);
        }
        let tells = command.map_or(Tells::Elements, |command| command.tells);
        let is_told = self.is_oneway(tells, &operation, words);
        (request.operation, self.last) = (operation, command);
        if is_told {
            return Ok(Heard::Oneway(exchange));
        }
        self.sessions = self.sessions.saturating_add(u16::from(tells == Tells::Session));
        self.open += 1;
        Ok(Heard::Request(Key::Turn, exchange))
    }

    /// Whether the server will not answer this command.
    #[inline]
    fn is_oneway(&mut self, tells: Tells, operation: &str, words: &[Sample<'_>]) -> bool {
        let before = self.replies;
        if before == Replies::Skip {
            self.replies = Replies::On;
        }
        let is_off = matches!(before, Replies::Off | Replies::Skip);
        if tells == Tells::Perhaps { self.is_left_open(before, operation, words) } else { is_off }
    }

    /// The same of a command that says whether it is answered.
    #[inline(never)]
    fn is_left_open(&mut self, before: Replies, operation: &str, words: &[Sample<'_>]) -> bool {
        let is = |at: usize, word: &str| {
            words.get(at).is_some_and(|w| w.bytes.eq_ignore_ascii_case(word.as_bytes()))
        };
        match operation {
            "CLIENT REPLY" => {
                self.replies = match before {
                    _ if is(2, "ON") => Replies::On,
                    _ if is(2, "OFF") => Replies::Off,
                    Replies::On | Replies::Doubtful | Replies::Skip if is(2, "SKIP") => Replies::Skip,
                    Replies::On | Replies::Doubtful | Replies::Off | Replies::Skip => before,
                };
                matches!(self.replies, Replies::Off | Replies::Skip)
            }
            // Replicas say how far they are, and masters never answer.
            "REPLCONF" if is(1, "ACK") => {
                self.course = Course::Replica;
                true
            }
            _ => matches!(before, Replies::Off | Replies::Skip),
        }
    }
}

/// The words of the command that `bytes` begin with, and what is behind it, if they are few and short.
#[inline(always)]
fn fewest<'a, 'b>(
    bytes: &'a [u8],
    room: &'b mut [Sample<'a>; FEWEST],
) -> Option<(&'b [Sample<'a>], &'a [u8])> {
    let [b'*', count @ b'1'..=b'9', b'\r', b'\n', rest @ ..] = bytes else { return None };
    let mut rest = rest;
    let words = room.get_mut(..usize::from(count - b'0'))?;
    for word in words.iter_mut() {
        let (bytes, behind) = short(rest)?;
        *word = Sample { bytes, length: bytes.len() as u64 };
        rest = behind;
    }
    Some((words, rest))
}

/// All words of a command of `count`; of the last one, its beginning may be enough.
#[inline]
fn few<'a>(count: u64, wire: &mut Reader<'a>, words: &mut SmallVec<[Sample<'a>; FEW]>) -> Read<()> {
    for _ in 0..count {
        words.push(string(b'$', wire)?);
    }
    Ok(())
}

/// Whether bytes are missing in the words that say what the command does to the connection.
#[inline]
fn is_torn(words: &[Sample<'_>]) -> bool {
    let is_torn = |word: &Sample<'_>| word.is_cut() && word.bytes.len() < CELL;
    let is_client = words.first().is_some_and(|name| name.bytes.eq_ignore_ascii_case(b"CLIENT"));
    words.iter().take(if is_client { NAMING } else { 1 }).any(is_torn)
}

/// Whether a command turns answers on.
fn is_on(operation: &str, words: &[Sample<'_>]) -> bool {
    operation == "CLIENT REPLY" && words.get(2).is_some_and(|word| word.bytes.eq_ignore_ascii_case(b"ON"))
}

fn kept(word: &[u8]) -> &[u8] {
    word.get(..CELL).unwrap_or(word)
}

/// Passes over all that is there.
pub(super) fn pass(wire: &mut Reader<'_>) -> Read<Heard> {
    if wire.rest().is_empty() {
        return Err(Stop::Short);
    }
    wire.skip(wire.rest().len() as u64);
    Ok(Heard::Nothing)
}

/// A command's name.
struct Named {
    operation: Cow<'static, str>,
    command: Option<&'static Command>,
}

#[inline]
fn named(words: &[Sample<'_>]) -> Named {
    let word = |at: usize| words.get(at).map_or(&b""[..], |word: &Sample<'_>| word.bytes);
    match command(word(0)) {
        Some(found) if found.keys == Keys::Container => subcommand(found, word(1)),
        Some(found) => Named { operation: Cow::Borrowed(found.word), command: Some(found) },
        None => Named { operation: Cow::Owned(capitals(word(0), NAME)), command: None },
    }
}

#[inline(never)]
fn subcommand(container: &'static Command, word: &[u8]) -> Named {
    let mut name: SmallVec<[u8; NAME]> = SmallVec::from_slice(container.word.as_bytes());
    name.push(b' ');
    name.extend(word.iter().copied().take(NAME));
    if let Some(found) = command(&name) {
        return Named { operation: Cow::Borrowed(found.word), command: Some(found) };
    }
    if !is_name(word) {
        return Named { operation: Cow::Borrowed(container.word), command: None };
    }
    Named { operation: Cow::Owned(capitals(&name, NAME)), command: None }
}

/// Writes the command as it could be typed, without its credentials.
#[inline]
fn state(words: &[Sample<'_>], count: usize, secrets: Secrets, out: &mut String) {
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        match secrets.masked(words, at) {
            Some(mask) => out.push_str(mask),
            None => write(word, out),
        }
    }
    if count > words.len() {
        out.push_str(&format!(" ...({count} words)"));
    }
}
