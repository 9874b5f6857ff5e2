//! A message of a known schema, told as JSON while its bytes pass: nothing of it is gathered, and all of it is counted.

use std::fmt::Write as _;

use crate::kit::protobuf::{self, HEAD, Head, Start};
use crate::web::grpc::schema::{Counts, Field, Is, Message, Shape, Times};
use crate::web::grpc::writing::{self, Leaf};

/// Deeper messages than this are told by their length.
const DEPTH: usize = 12;

/// Of a list so many things are told; of the rest, how many there are.
const ITEMS: u64 = 8;

/// A text that is longer than this is told no further.
const ROOM: usize = 8 << 10;

/// One message, as far as it passed.
#[derive(Debug)]
pub(super) struct Reading {
    levels: Vec<Level>,
    /// How many of its bytes passed.
    at: u64,
    /// The beginning of a field's head whose rest is to come.
    pending: Vec<u8>,
    leaf: Option<Leaf>,
    out: String,
    state: State,
}

/// A message inside of the others.
#[derive(Debug)]
struct Level {
    schema: &'static Message,
    /// Where it ends.
    end: u64,
    /// The list whose things are being told.
    list: Option<&'static Field>,
    items: u64,
    /// How many of its fields came.
    fields: u64,
    shown: Shown,
    /// How many things it holds of what the whole is about, and what they are to the message around it.
    counted: u64,
    counts: Counts,
}

/// Whether what passes is told, or only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Yes,
    No,
}

/// How the reading goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Going,
    /// There was no more room to tell what passed.
    Full,
    /// It is no message, or bytes of it were lost.
    Over,
}

/// What a message said.
#[derive(Debug, Default)]
pub(in crate::web) struct Said {
    /// As JSON; bytes that are texts are written as texts.
    pub(in crate::web) text: String,
    /// How many things it holds of what it is about; `None` where some were lost.
    pub(in crate::web) counted: Option<u64>,
}

impl Reading {
    pub(super) fn new(schema: &'static Message, shown: Shown) -> Self {
        let mut reading = Reading {
            levels: Vec::with_capacity(4),
            at: 0,
            pending: Vec::new(),
            leaf: None,
            out: String::new(),
            state: State::Going,
        };
        reading.enter(schema, u64::MAX, shown, Counts::No);
        reading
    }

    /// More of it passed.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && self.state != State::Over {
            match &mut self.leaf {
                Some(leaf) => {
                    let heard = leaf.hear(&mut rest);
                    self.at += heard;
                }
                None => self.hear_head(&mut rest),
            }
            self.settle();
        }
    }

    /// Some of its bytes were lost, or are none.
    pub(super) fn stop(&mut self) {
        self.state = State::Over;
    }

    /// It came to its end, or will not.
    pub(super) fn finish(mut self) -> Said {
        let is_whole = self.levels.len() == 1
            && self.leaf.is_none()
            && self.pending.is_empty()
            && self.state != State::Over;
        if let Some(leaf) = self.leaf.take() {
            self.write_leaf(&leaf);
        }
        let mut counted = 0;
        while let Some(level) = self.levels.last() {
            counted = level.counted;
            self.leave();
        }
        if !is_whole || self.state == State::Full {
            self.out.push('\u{2026}');
        }
        Said { text: self.out, counted: is_whole.then_some(counted) }
    }

    fn hear_head(&mut self, rest: &mut &[u8]) {
        let have = self.pending.len();
        let room = rest.get(..HEAD - have).unwrap_or(rest);
        let mut begins = if have == 0 {
            room
        } else {
            self.pending.extend_from_slice(room);
            &self.pending
        };
        let length = begins.len();
        match protobuf::head(&mut begins) {
            Some(head) => {
                let used = length - begins.len();
                *rest = rest.get(used.saturating_sub(have)..).unwrap_or_default();
                self.pending.clear();
                self.at += used as u64;
                self.hear_field(head);
            }
            None if length >= HEAD => self.state = State::Over,
            None => {
                if have == 0 {
                    self.pending.extend_from_slice(room);
                }
                *rest = &[];
            }
        }
    }

    fn hear_field(&mut self, head: Head) {
        let Some(level) = self.levels.last() else { return };
        let (field, end) = (level.schema.field(head.number), level.end);
        if self.at > end {
            return self.stop();
        }
        match head.start {
            Start::Bytes(length) => match self.at.checked_add(length).filter(|behind| *behind <= end) {
                None => self.stop(),
                Some(behind) => match field.map(|field| (field, field.is)) {
                    Some((field, Is::Message(schema))) if self.levels.len() < DEPTH => {
                        let shown = self.name(Some(field), head.number);
                        self.count(field, 1);
                        self.enter(schema, behind, shown, field.counts);
                    }
                    _ => self.leaf = Some(Leaf::new(field, head.number, length)),
                },
            },
            number => self.hear_number(field, head.number, number),
        }
    }

    fn hear_number(&mut self, field: Option<&'static Field>, number: u64, start: Start) {
        let fits = field.filter(|field| writing::fits(field.is, start));
        if let Some(field) = fits {
            self.count(field, 1);
        }
        if self.name(fits, number) == Shown::Yes {
            writing::number(fits.map(|field| field.is), start, &mut self.out);
        }
    }

    /// Ends what is at its end.
    fn settle(&mut self) {
        if let Some(leaf) = self.leaf.take_if(|leaf| leaf.is_over()) {
            self.write_leaf(&leaf);
        }
        if self.leaf.is_none() {
            while self.levels.len() > 1 && self.levels.last().is_some_and(|level| level.end <= self.at) {
                self.leave();
            }
        }
    }

    fn write_leaf(&mut self, leaf: &Leaf) {
        if let Some(field) = leaf.field() {
            self.count(field, leaf.values());
        }
        let is_key =
            leaf.number() == 1 && self.levels.last().is_some_and(|level| level.schema.shape == Shape::Entry);
        if self.name(leaf.field(), leaf.number()) == Shown::No {
            return;
        }
        match leaf.numbers() {
            Some(numbers) => {
                if let Some(level) = self.levels.last_mut() {
                    level.items += numbers.saturating_sub(1);
                }
                leaf.write_numbers(ITEMS, &mut self.out);
            }
            None => leaf.write(&mut self.out),
        }
        if is_key {
            self.out.push(':');
        }
    }

    fn count(&mut self, field: &Field, by: u64) {
        if let (Counts::Yes, Some(level)) = (field.counts, self.levels.last_mut()) {
            level.counted += by;
        }
    }

    fn enter(&mut self, schema: &'static Message, end: u64, shown: Shown, counts: Counts) {
        self.levels.push(Level { schema, end, list: None, items: 0, fields: 0, shown, counted: 0, counts });
        if shown == Shown::Yes && schema.shape == Shape::Object {
            self.out.push('{');
        }
    }

    fn leave(&mut self) {
        let Some(mut level) = self.levels.pop() else { return };
        if let Some(around) = self.levels.last_mut() {
            around.counted = match level.counts {
                Counts::Longest => around.counted.max(level.counted),
                Counts::Yes | Counts::No => around.counted + level.counted,
            };
        }
        if level.shown == Shown::No {
            return;
        }
        level.end_list(&mut self.out);
        match (level.schema.shape, level.fields) {
            (Shape::Object, _) => self.out.push('}'),
            (Shape::Entry, 0) => self.out.push_str("\"\":null"),
            (Shape::Entry, 1) => self.out.push_str("null"),
            (Shape::Bare(none), 0) => self.out.push_str(none),
            (Shape::Entry | Shape::Bare(_), _) => {}
        }
    }

    /// Writes what stands before a value; whether it is to be told at all.
    fn name(&mut self, field: Option<&'static Field>, number: u64) -> Shown {
        let Some(level) = self.levels.last_mut() else { return Shown::No };
        let goes_on = matches!((level.list, field), (Some(list), Some(field)) if std::ptr::eq(list, field));
        level.items += u64::from(goes_on);
        let is_noise = matches!(field, Some(Field { is: Is::Noise, .. }));
        if level.shown == Shown::No || is_noise || goes_on && level.items > ITEMS {
            return Shown::No;
        }
        if self.out.len() > ROOM {
            self.state = State::Full;
            return Shown::No;
        }
        if goes_on {
            self.out.push(',');
            return Shown::Yes;
        }
        level.begin(field, number, &mut self.out);
        Shown::Yes
    }
}

impl Level {
    /// Writes a field's name, and begins the list that it is.
    fn begin(&mut self, field: Option<&'static Field>, number: u64, out: &mut String) {
        self.end_list(out);
        if self.fields > 0 && self.schema.shape != Shape::Entry {
            out.push(',');
        }
        if self.schema.shape == Shape::Entry && self.fields == 0 && number != 1 {
            out.push_str("\"\":");
            self.fields += 1;
        }
        self.fields += 1;
        if self.schema.shape == Shape::Object {
            _ = match field {
                Some(field) => write!(out, "\"{}\":", field.name),
                None => write!(out, "\"{number}\":"),
            };
        }
        if let Some(field) = field.filter(|field| field.times == Times::Often) {
            out.push(if field.is_map() { '{' } else { '[' });
            (self.list, self.items) = (Some(field), 1);
        }
    }

    fn end_list(&mut self, out: &mut String) {
        let Some(list) = self.list.take() else { return };
        let (comma, close) = if list.is_map() { (":0", '}') } else { ("", ']') };
        if self.items > ITEMS {
            _ = write!(out, ",\"\u{2026} {} more\"{comma}", self.items - ITEMS);
        }
        out.push(close);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prop_assert, prop_assert_eq, proptest};

    use super::{Reading, Said, Shown};
    use crate::web::grpc::schema::{Field, Is, Message};
    use crate::web::grpc::structs::STRUCT;

    static ROW: Message = Message::of(&[
        Field::one(1, "key", Is::Text),
        Field::one(2, "secret", Is::Secret),
        Field::many(3, "numbers", Is::Number),
        Field::many(4, "vector", Is::Float),
        Field::one(5, "more", Is::Message(&STRUCT)),
    ]);

    static ROWS: Message = Message::of(&[
        Field::counted(1, "rows", Is::Message(&ROW)),
        Field::one(2, "count", Is::Number),
        Field::one(3, "noise", Is::Noise),
    ]);

    fn said(message: &[u8], size: usize) -> Said {
        let mut reading = Reading::new(&ROWS, Shown::Yes);
        message.chunks(size).for_each(|piece| reading.hear(piece));
        reading.finish()
    }

    /// A row whose key is `a`, so many times.
    fn rows(count: usize) -> Vec<u8> {
        b"\x0a\x03\x0a\x01a".repeat(count)
    }

    #[test]
    fn messages_are_told_by_name() {
        for (message, told) in [
            (&b"\x0a\x03\x0a\x01a\x10\x05\x18\x07"[..], r#"{"rows":[{"key":"a"}],"count":5}"#),
            (b"\x0a\x08\x12\x06hunter", r#"{"rows":[{"secret":"***"}]}"#),
            (b"\x0a\x05\x1a\x03\x01\x82\x01", r#"{"rows":[{"numbers":[1,130]}]}"#),
            (b"\x0a\x0a\x22\x08\0\0\0\0\0\0\0\0", r#"{"rows":[{"vector":[2 numbers]}]}"#),
            (b"\x0a\x0b\x2a\x09\x0a\x07\x0a\x01n\x12\x02\x20\x01", r#"{"rows":[{"more":{"n":true}}]}"#),
            (b"\x4a\x02ab\x50\x01", r#"{"9":"(2 bytes)","10":1}"#),
            // A number where the schema has a message is none of its own.
            (b"\x08\x05", r#"{"1":5}"#),
        ] {
            assert_eq!(said(message, 64).text, told);
        }
    }

    #[test]
    fn lists_are_counted_to_their_end() {
        let told = said(&[rows(1000), b"\x10\x07".to_vec()].concat(), 100);
        assert_eq!(told.counted, Some(1000));
        assert!(told.text.ends_with("\"\u{2026} 992 more\"],\"count\":7}"), "{}", told.text);
    }

    #[test]
    fn what_is_cut_is_not_counted() {
        let whole = rows(3);
        let told = said(&whole[..whole.len() - 1], 64);
        assert_eq!(told.counted, None);
        assert!(told.text.ends_with('\u{2026}'), "{}", told.text);
    }

    proptest! {
        #[test]
        fn however_it_is_cut_it_says_the_same(message in collection::vec(0..=255_u8, 0..400), size in 1..40_usize) {
            let (whole, cut) = (said(&message, 400), said(&message, size));
            prop_assert_eq!((whole.text, whole.counted), (cut.text, cut.counted));
        }

        #[test]
        fn what_is_told_has_a_bound(count in 0..400_usize, noise in collection::vec(0..=255_u8, 0..4096)) {
            let told = said(&[rows(count), noise].concat(), 512);
            prop_assert!(told.text.len() <= 2 * super::ROOM);
        }
    }
}
