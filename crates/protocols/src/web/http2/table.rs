//! The header table of one direction (RFC 7541, 2.3): what was said before, by how long ago it was said.
//!
//! A field is named by how many were added after it, never by when it was added. So all that must be known to read a
//! name is what was added since; whether the speaker still keeps it is the speaker's business, who never names what it does not. That is why
//! a table which was joined midway, or whose speaker's bytes were lost, is right in all that it tells: it
//! begins anew with nothing, and what is named beyond what was added since is hidden.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::web::http2::statics::FIELDS;

/// What a table holds until its speaker says otherwise (RFC 9113, 6.5.2).
const DEFAULT: usize = 4 << 10;

/// No table is remembered beyond this; browsers and proxies ask for as much at most. What is older is hidden.
const LARGEST: usize = 64 << 10;

/// What each field costs besides its letters (RFC 7541, 4.1).
const OVERHEAD: usize = 32;

/// A field of a header list, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Field<'a> {
    /// `None` where the table hides it.
    pub(in crate::web) name: Option<&'a [u8]>,
    /// `None` where the table hides it.
    pub(in crate::web) value: Option<&'a [u8]>,
}

/// The header table of one direction.
#[derive(Debug)]
pub(super) struct Table {
    /// The newest first, without a gap.
    entries: VecDeque<Arc<Entry>>,
    size: usize,
    limit: usize,
    beyond: Beyond,
    changes: u64,
}

/// What stands behind the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beyond {
    /// Nothing: to name it breaks the protocol.
    Nothing,
    /// What was added before we came, or while we did not hear.
    Hidden,
}

/// A field that was added.
#[derive(Debug)]
pub(super) struct Entry {
    /// Name and value.
    letters: Box<[u8]>,
    /// Where the name ends; `None` where it is hidden.
    name: Option<usize>,
}

impl Table {
    /// A table that nothing was added to; or, [`Beyond::Hidden`], nobody knows what.
    pub(super) fn new(beyond: Beyond) -> Self {
        let limit = match beyond {
            Beyond::Nothing => DEFAULT,
            Beyond::Hidden => LARGEST,
        };
        Table { entries: VecDeque::new(), size: 0, limit, beyond, changes: 0 }
    }

    /// What was added while we did not hear is hidden, and so is what came before.
    pub(super) fn doubt(&mut self) {
        let changes = self.changes + 1;
        *self = Table { changes, ..Table::new(Beyond::Hidden) };
    }

    /// Nobody knows how much it may hold, nor so what it still holds.
    pub(super) fn widen(&mut self) {
        self.bound(usize::MAX);
    }

    /// Whether it hides anything.
    pub(super) fn is_doubted(&self) -> bool {
        self.beyond == Beyond::Hidden
    }

    /// How often it changed: the same block says the same while this does.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// The field that has this index (RFC 7541, 2.3.3).
    pub(super) fn field(&self, index: usize) -> Result<Field<'_>, &'static str> {
        let place = index.checked_sub(1).ok_or("a header field has the index 0")?;
        if let Some((name, value)) = FIELDS.get(place) {
            return Ok(Field { name: Some(name), value: Some(value) });
        }
        match (self.entries.get(place - FIELDS.len()), self.beyond) {
            (Some(entry), _) => Ok(entry.field()),
            (None, Beyond::Hidden) => Ok(Field::default()),
            (None, Beyond::Nothing) => Err("a header field has an index beyond the table"),
        }
    }

    /// Adds a field; it comes back, if there is room for it at all.
    pub(super) fn add(&mut self, name: Option<&[u8]>, value: &[u8]) -> Option<&Arc<Entry>> {
        let letters = [name.unwrap_or_default(), value].concat().into_boxed_slice();
        self.add_entry(Arc::new(Entry { letters, name: name.map(<[u8]>::len) }));
        self.entries.front()
    }

    /// Adds a field again, in the same memory.
    pub(super) fn add_again(&mut self, entry: &Arc<Entry>) {
        self.add_entry(Arc::clone(entry));
    }

    fn add_entry(&mut self, entry: Arc<Entry>) {
        let size = OVERHEAD + entry.letters.len();
        self.make_room(size);
        if size <= self.limit {
            self.size += size;
            self.changes += 1;
            self.entries.push_front(entry);
        }
    }

    /// The reader allows so many bytes: an upper bound of what the writer keeps (RFC 9113, 6.5.2).
    pub(super) fn allow(&mut self, size: usize) {
        if size > self.limit {
            self.bound(size);
        }
    }

    /// The writer keeps no more than so many bytes from here on (RFC 7541, 6.3).
    pub(super) fn resize(&mut self, size: usize) {
        self.bound(size);
        self.make_room(0);
    }

    fn bound(&mut self, size: usize) {
        if size > LARGEST {
            self.beyond = Beyond::Hidden;
        }
        let limit = size.min(LARGEST);
        if limit != self.limit {
            self.limit = limit;
            self.changes += 1;
        }
    }

    /// Forgets the oldest until so many bytes have room (RFC 7541, 4.4).
    fn make_room(&mut self, room: usize) {
        while self.size + room > self.limit {
            let Some(oldest) = self.entries.pop_back() else { break };
            self.size -= OVERHEAD + oldest.letters.len();
            self.changes += 1;
        }
    }
}

impl Entry {
    fn field(&self) -> Field<'_> {
        match self.name {
            Some(name) => {
                let split = self.letters.split_at_checked(name);
                Field { name: split.map(|(name, _)| name), value: split.map(|(_, value)| value) }
            }
            None => Field { name: None, value: Some(&self.letters) },
        }
    }
}
