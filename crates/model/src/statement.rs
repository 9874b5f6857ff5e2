//! The text of a statement.

use std::sync::Arc;

use crate::exchange::Text;

/// Room for a statement of so many bytes stays with an exchange that is cleared.
const LONG: usize = 512;

/// The text of a statement, if there is one: what other exchanges say too, in the same memory, or what this one says
/// alone.
///
/// Memory of its own stays with an exchange that is cleared: few statements are longer than the one before. So does a
/// text that most exchanges share.
#[derive(Clone, Debug, Default)]
pub struct Statement {
    told: Told,
    own: String,
    shared: Option<Text>,
}

/// Which text is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    Own,
    /// The shared one, which is there.
    Shared,
}

impl Statement {
    /// Takes this text, which is this exchange's alone.
    #[inline]
    pub fn write(&mut self, text: &str) {
        self.own.clear();
        self.own.push_str(text);
        self.told = Told::Own;
    }

    /// Takes the text that `write` appends to what it is given, which is empty.
    #[inline]
    pub fn write_with(&mut self, write: impl FnOnce(&mut String)) {
        self.own.clear();
        write(&mut self.own);
        self.told = Told::Own;
    }

    /// Takes this text, which other exchanges share.
    #[inline]
    pub fn share(&mut self, text: Text) {
        self.shared = Some(text);
        self.told = Told::Shared;
    }

    /// The same of a text that the exchange before, in this memory, may have told too: then it is not counted.
    #[inline]
    pub fn share_again(&mut self, text: &Text) {
        if !self.shared.as_ref().is_some_and(|shared| Arc::ptr_eq(shared, text)) {
            self.shared = Some(Arc::clone(text));
        }
        self.told = Told::Shared;
    }

    /// The text.
    #[inline]
    #[must_use]
    pub fn as_deref(&self) -> Option<&str> {
        match self.told {
            Told::Nothing => None,
            Told::Own => Some(&self.own),
            Told::Shared => self.shared.as_deref(),
        }
    }

    /// The text, if other exchanges share it.
    #[inline]
    #[must_use]
    pub fn shared(&self) -> Option<&Text> {
        match self.told {
            Told::Shared => self.shared.as_ref(),
            Told::Nothing | Told::Own => None,
        }
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.as_deref().is_none()
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.told == Told::Shared {
            self.shared.take_if(|text| text.len() > LONG);
        }
        self.told = Told::Nothing;
        if self.own.capacity() > LONG {
            self.own = String::new();
        }
    }
}

impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        self.as_deref() == other.as_deref()
    }
}

impl Eq for Statement {}

impl From<&str> for Statement {
    fn from(text: &str) -> Self {
        Statement { told: Told::Own, own: text.to_owned(), shared: None }
    }
}
