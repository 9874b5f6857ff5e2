//! Header blocks to fields (RFC 7541, 6).

use std::sync::Arc;

use smallvec::SmallVec;

use crate::web::http2::huffman;
use crate::web::http2::statics::FIELDS;
use crate::web::http2::table::{Entry, Field, Table};

/// A number never has more bytes behind its first: it would be longer than any block.
const NUMBER: usize = 5;

/// What a block did besides what it said.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// Whether it says the same, and adds the same, whatever the table holds.
    pub(super) says: Says,
    /// What it added, in order.
    pub(super) added: SmallVec<[Arc<Entry>; 8]>,
}

/// Whether what a block says depends on the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Says {
    #[default]
    Always,
    UnderThisTable,
}

/// Reads a whole block: `tell` hears its fields in order, and `table` is what it is behind it.
pub(super) fn decode(
    block: &[u8],
    table: &mut Table,
    mut tell: impl FnMut(Field<'_>),
) -> Result<Effects, &'static str> {
    let mut effects = Effects::default();
    let mut wire = Block { rest: block };
    let (mut name, mut value) = (Vec::new(), Vec::new());
    let mut begun = false;
    while let Some(first) = wire.rest.first() {
        match first {
            0x80.. => {
                let index = wire.number(7)?;
                effects.note(index);
                tell(table.field(index)?);
            }
            0x20..0x40 if begun => return Err("a header table changes its size behind a field"),
            0x20..0x40 => {
                table.resize(wire.number(5)?);
                effects.says = Says::UnderThisTable;
                continue;
            }
            _ => {
                let adds = *first >= 0x40;
                let named = match wire.number(if adds { 6 } else { 4 })? {
                    0 => Some(wire.text(&mut name)?),
                    index => {
                        effects.note(index);
                        let named = table.field(index)?.name;
                        // It may be the one that makes room for this field.
                        named.map(|known| copied(known, &mut name))
                    }
                };
                let value = wire.text(&mut value)?;
                tell(Field { name: named, value: Some(value) });
                if adds {
                    effects.add(table.add(named, value));
                }
            }
        }
        begun = true;
    }
    Ok(effects)
}

impl Effects {
    /// A field was named by this index.
    fn note(&mut self, index: usize) {
        if index > FIELDS.len() {
            self.says = Says::UnderThisTable;
        }
    }

    /// A field was added, if there was room for it.
    fn add(&mut self, entry: Option<&Arc<Entry>>) {
        match entry {
            Some(entry) => self.added.push(Arc::clone(entry)),
            None => self.says = Says::UnderThisTable,
        }
    }
}

fn copied<'a>(text: &[u8], into: &'a mut Vec<u8>) -> &'a [u8] {
    into.clear();
    into.extend_from_slice(text);
    into
}

/// What of a block is unread.
struct Block<'a> {
    rest: &'a [u8],
}

impl<'a> Block<'a> {
    /// A number whose first bits are the last `bits` of the next byte (RFC 7541, 5.1).
    fn number(&mut self, bits: u32) -> Result<usize, &'static str> {
        const CUT: &str = "a header block ends inside of a number";
        let (first, mut rest) = self.rest.split_first().ok_or(CUT)?;
        let most = (1 << bits) - 1;
        let mut number = usize::from(*first) & most;
        if number == most {
            for place in 0.. {
                let (byte, behind) = rest.split_first().ok_or(CUT)?;
                rest = behind;
                if place == NUMBER {
                    return Err("a number of a header block is longer than any block");
                }
                number += usize::from(byte & 0x7f) << (7 * place);
                if byte & 0x80 == 0 {
                    break;
                }
            }
        }
        self.rest = rest;
        Ok(number)
    }

    /// A text (RFC 7541, 5.2), decoded into `room` if it must be.
    fn text<'b>(&mut self, room: &'b mut Vec<u8>) -> Result<&'b [u8], &'static str>
    where
        'a: 'b,
    {
        const CUT: &str = "a header block ends inside of a text";
        let is_short = self.rest.first().ok_or(CUT)? & 0x80 != 0;
        let length = self.number(7)?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or(CUT)?;
        self.rest = rest;
        if !is_short {
            return Ok(text);
        }
        room.clear();
        huffman::decode(text, room).ok_or("a text of a header block breaks its code")?;
        Ok(room)
    }
}

#[cfg(test)]
mod tests {
    use proptest::arbitrary::any;
    use proptest::prelude::{Strategy, prop_oneof};
    use proptest::sample::{Index, select};
    use proptest::{collection, prop_assert, prop_assert_eq, proptest};

    use super::decode;
    use crate::web::http2::huffman;
    use crate::web::http2::statics::FIELDS;
    use crate::web::http2::table::{Beyond, Table};

    type Known = (Option<Vec<u8>>, Option<Vec<u8>>);

    fn decoded(block: &[u8], table: &mut Table) -> Result<Vec<Known>, &'static str> {
        let mut fields = Vec::new();
        let owned = |text: Option<&[u8]>| text.map(<[u8]>::to_vec);
        decode(block, table, |field| fields.push((owned(field.name), owned(field.value))))?;
        Ok(fields)
    }

    /// What a speaker does next.
    #[derive(Clone, Debug)]
    enum Say {
        /// A field that may be in the table; how it is written if it is not, or not whole.
        Field {
            name: &'static str,
            value: String,
            form: Form,
        },
        Resize(usize),
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Form {
        Added,
        Plain,
        Never,
    }

    fn say() -> impl Strategy<Value = Say> {
        let name = select(vec![":path", ":status", "cookie", "x-one", "x-two", "grpc-status", "user-agent"]);
        let value = prop_oneof![
            select(vec!["0", "1", "200", "/", "a longer value of some letters"]).prop_map(String::from),
            "[ -~]{0,80}",
        ];
        let form = select(vec![Form::Added, Form::Added, Form::Plain, Form::Never]);
        prop_oneof![
            20 => (name, value, form).prop_map(|(name, value, form)| Say::Field { name, value, form }),
            1 => select(vec![0, 40, 100, 300, 4096]).prop_map(Say::Resize),
        ]
    }

    /// A speaker after the specification alone: its table holds all that it ever added, and says what of that it forgot.
    struct Speaker {
        entries: Vec<(Vec<u8>, Vec<u8>)>,
        limit: usize,
    }

    impl Speaker {
        fn new() -> Self {
            Speaker { entries: Vec::new(), limit: 4096 }
        }

        fn evict(&mut self) {
            let size = |entries: &[(Vec<u8>, Vec<u8>)]| {
                entries.iter().map(|(name, value)| 32 + name.len() + value.len()).sum::<usize>()
            };
            while size(&self.entries) > self.limit {
                self.entries.pop();
            }
        }

        fn index(&self, is: impl Fn(&[u8], &[u8]) -> bool) -> Option<usize> {
            let fixed = FIELDS.iter().position(|(name, value)| is(name, value));
            let added = self.entries.iter().position(|(name, value)| is(name, value));
            // The newest first, so that the dynamic table is used wherever it can be.
            added.map(|at| at + FIELDS.len() + 1).or(fixed.map(|at| at + 1))
        }

        fn say(&mut self, say: &Say, block: &mut Vec<u8>) -> Option<Known> {
            let (name, value, form) = match say {
                Say::Resize(size) => {
                    self.limit = *size;
                    self.evict();
                    number(*size, 5, 0x20, block);
                    return None;
                }
                Say::Field { name, value, form } => (name.as_bytes(), value.as_bytes(), *form),
            };
            if let Some(index) = self.index(|n, v| n == name && v == value) {
                number(index, 7, 0x80, block);
            } else {
                let (bits, mark) = match form {
                    Form::Added => (6, 0x40),
                    Form::Plain => (4, 0),
                    Form::Never => (4, 0x10),
                };
                let index = self.index(|n, _| n == name).unwrap_or(0);
                number(index, bits, mark, block);
                if index == 0 {
                    text(name, block);
                }
                text(value, block);
                if form == Form::Added {
                    self.entries.insert(0, (name.to_vec(), value.to_vec()));
                    self.evict();
                }
            }
            Some((Some(name.to_vec()), Some(value.to_vec())))
        }

        /// A block, and the fields in it. A change of size is said before them (RFC 7541, 4.2).
        fn block(&mut self, says: &[Say]) -> (Vec<u8>, Vec<Known>) {
            let mut block = Vec::new();
            let (sizes, fields): (Vec<_>, Vec<_>) =
                says.iter().partition(|say| matches!(say, Say::Resize(_)));
            let told = sizes.into_iter().chain(fields).filter_map(|say| self.say(say, &mut block));
            let told = told.collect();
            (block, told)
        }
    }

    fn number(number: usize, bits: u32, mark: u8, block: &mut Vec<u8>) {
        let most = (1 << bits) - 1;
        if number < most {
            block.push(mark | u8::try_from(number).unwrap());
            return;
        }
        block.push(mark | u8::try_from(most).unwrap());
        let mut rest = number - most;
        while rest >= 128 {
            block.push(u8::try_from(rest % 128).unwrap() | 0x80);
            rest /= 128;
        }
        block.push(u8::try_from(rest).unwrap());
    }

    fn text(text: &[u8], block: &mut Vec<u8>) {
        let short = huffman::tests::encode(text);
        let (mark, text) = if short.len() < text.len() { (0x80, &short[..]) } else { (0, text) };
        number(text.len(), 7, mark, block);
        block.extend_from_slice(text);
    }

    /// Whether all that is told is true.
    fn is_true(told: &[Known], said: &[Known]) -> bool {
        let agrees = |told: &Option<Vec<u8>>, said: &Option<Vec<u8>>| told.is_none() || told == said;
        told.len() == said.len()
            && told.iter().zip(said).all(|(told, said)| agrees(&told.0, &said.0) && agrees(&told.1, &said.1))
    }

    proptest! {
        #[test]
        fn what_is_heard_from_the_beginning_is_all_there_is(
            blocks in collection::vec(collection::vec(say(), 0..8), 1..30),
        ) {
            let (mut speaker, mut table) = (Speaker::new(), Table::new(Beyond::Nothing));
            for says in &blocks {
                let (block, said) = speaker.block(says);
                prop_assert_eq!(decoded(&block, &mut table), Ok(said));
            }
        }

        #[test]
        fn what_is_heard_from_the_middle_on_is_never_wrong(
            blocks in collection::vec(collection::vec(say(), 0..8), 2..40),
            joined in any::<Index>(),
            lost in collection::vec(any::<bool>(), 40),
        ) {
            let joined = joined.index(blocks.len());
            let (mut speaker, mut table) = (Speaker::new(), Table::new(Beyond::Hidden));
            for (at, says) in blocks.iter().enumerate() {
                let (block, said) = speaker.block(says);
                // One block in two is lost in a row of ten, and none in the next.
                if at >= joined && at / 10 % 2 == 0 && lost[at] {
                    table.doubt();
                } else if at >= joined {
                    let told = decoded(&block, &mut table).unwrap();
                    prop_assert!(is_true(&told, &said), "{:?} for {:?}", told, said);
                }
            }
        }

        #[test]
        fn what_was_added_since_is_known(
            before in collection::vec(say(), 0..30),
            since in collection::vec("[a-z]{1,20}", 1..10),
        ) {
            let (mut speaker, mut table) = (Speaker::new(), Table::new(Beyond::Hidden));
            speaker.block(&before);
            speaker.block(&[Say::Resize(4096)]);
            let says: Vec<_> = since
                .iter()
                .map(|value| Say::Field { name: "x-new", value: value.clone(), form: Form::Added })
                .collect();
            decoded(&speaker.block(&says).0, &mut table).unwrap();
            let (block, said) = speaker.block(&says);
            prop_assert_eq!(decoded(&block, &mut table), Ok(said));
        }
    }

    #[test]
    fn blocks_that_break_the_specification_are_refused() {
        for block in [
            // The index 0, one beyond the table, a number without end, one that is too long, a text that is cut.
            &b"\x80"[..],
            b"\xbe",
            b"\xff",
            b"\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x40\x03ab",
            b"\x40\x81\x18\x00",
            b"\x82\x20",
        ] {
            assert!(decoded(block, &mut Table::new(Beyond::Nothing)).is_err(), "{block:02x?}");
        }
        assert_eq!(decoded(b"\xbe", &mut Table::new(Beyond::Hidden)), Ok(vec![(None, None)]));
    }
}
