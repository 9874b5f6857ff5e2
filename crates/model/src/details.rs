//! What one protocol alone says of an exchange, by name.

use std::iter::Chain;
use std::slice;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::exchange::Text;

/// Room for so many details stays with an exchange that is cleared.
const KEPT: usize = 32;

/// A value in the details with its name.
pub type Named = (&'static str, Detail);

/// What one protocol alone says, by name.
///
/// What many exchanges say alike (the head of an HTTP request) they share, and it comes first. SQL says one thing at
/// most of most exchanges (a transaction is open): neither needs memory of its own.
#[derive(Clone, Debug, Default)]
pub struct Details {
    sharing: Sharing,
    shared: Option<Arc<[Named]>>,
    own: SmallVec<[Named; 1]>,
}

/// Whether what others say too is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sharing {
    /// No: what is shared is what the exchange before told, in this memory.
    #[default]
    Nothing,
    /// Yes, and it goes with this exchange.
    Once,
    /// Yes, and the next exchange will probably tell it too.
    Again,
}

impl Details {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Details::default()
    }

    /// Takes the place of all that other exchanges share.
    #[inline]
    pub fn share(&mut self, shared: Arc<[Named]>) {
        self.shared = Some(shared);
        self.sharing = Sharing::Once;
    }

    /// The same of what is short, and what the exchange before, in this memory, may have told too: then it is not counted.
    #[inline]
    pub fn share_again(&mut self, shared: &Arc<[Named]>) {
        if !self.shared.as_ref().is_some_and(|past| Arc::ptr_eq(past, shared)) {
            self.shared = Some(Arc::clone(shared));
        }
        self.sharing = Sharing::Again;
    }

    /// What other exchanges say too.
    #[inline]
    #[must_use]
    pub fn shared(&self) -> Option<&Arc<[Named]>> {
        match self.sharing {
            Sharing::Nothing => None,
            Sharing::Once | Sharing::Again => self.shared.as_ref(),
        }
    }

    #[inline(never)]
    fn unshare(&mut self) {
        (self.sharing, self.shared) = (Sharing::Nothing, None);
    }

    /// Adds one.
    #[inline]
    pub fn push(&mut self, detail: Named) {
        self.own.push(detail);
    }

    /// Forgets those of this name that are not shared.
    pub fn forget(&mut self, name: &str) {
        self.own.retain(|(own, _)| *own != name);
    }

    /// All of them in order.
    #[inline]
    pub fn iter(&self) -> Chain<slice::Iter<'_, Named>, slice::Iter<'_, Named>> {
        let [shared, own] = self.parts();
        shared.iter().chain(own)
    }

    /// What other exchanges say too, in the same memory; and what this one says alone.
    #[inline]
    #[must_use]
    pub fn parts(&self) -> [&[Named]; 2] {
        [self.shared().map(|shared| &**shared).unwrap_or_default(), &self.own]
    }

    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts().map(<[Named]>::len).iter().sum()
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all, and keeps the memory of what was not shared.
    #[inline]
    pub fn clear(&mut self) {
        self.unshare();
        self.own.clear();
    }

    /// How many fit in the memory that is not shared.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.own.capacity()
    }

    /// Forgets all at the end of an exchange; what the next one will probably share too stays at hand.
    #[inline]
    pub(crate) fn end(&mut self) {
        match self.sharing {
            Sharing::Nothing => {}
            Sharing::Again => self.sharing = Sharing::Nothing,
            Sharing::Once => self.unshare(),
        }
        // Most have none.
        if !self.own.is_empty() {
            self.end_own();
        }
    }

    #[inline(never)]
    fn end_own(&mut self) {
        self.own.clear();
        if self.own.capacity() > KEPT {
            self.own = SmallVec::new();
        }
    }
}

impl PartialEq for Details {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl Eq for Details {}

impl Extend<Named> for Details {
    fn extend<I: IntoIterator<Item = Named>>(&mut self, details: I) {
        self.own.extend(details);
    }
}

impl<const N: usize> From<[Named; N]> for Details {
    fn from(details: [Named; N]) -> Self {
        Details { own: details.into_iter().collect(), ..Details::default() }
    }
}

impl<'a> IntoIterator for &'a Details {
    type Item = &'a Named;
    type IntoIter = Chain<slice::Iter<'a, Named>, slice::Iter<'a, Named>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A value in the details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A text.
    Text(Text),
    /// A number.
    Number(i64),
}

impl From<&str> for Detail {
    fn from(text: &str) -> Self {
        Detail::Text(text.into())
    }
}

impl From<Text> for Detail {
    fn from(text: Text) -> Self {
        Detail::Text(text)
    }
}

impl From<i64> for Detail {
    fn from(number: i64) -> Self {
        Detail::Number(number)
    }
}
