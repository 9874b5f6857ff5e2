//! What a session remembers of its sections, the places that statements and cursors have in packages, to a bound.

use std::sync::Arc;

use model::exchange::Column;

use crate::kit::reader::Sample;
use crate::sql::names::Names;
use crate::sql::said::Said;

use super::codes::part;
use super::kinds::Kind;
use super::wire::find;

/// More sections than this are not remembered: the oldest is forgotten, and its text is unknown again.
const SECTIONS: usize = 1024;
/// The bytes of text that one session's sections may hold together.
const TEXTS: usize = 1 << 20;
/// So many bytes at the end of a section's name tell it: most of the package's name, its token, its number.
const NAME: usize = 28;

/// One section.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    /// Its statement, as far as it was seen.
    pub(super) said: Option<Arc<Said>>,
    /// The columns of its result, as they were described.
    pub(super) columns: Option<Arc<[Column]>>,
    /// The types of its open cursor's cells.
    pub(super) kinds: Option<Arc<[Kind]>>,
    /// The beginning of a row of which the rest was not sent yet.
    pub(super) held: Vec<u8>,
    /// The session's epoch in which the cursor was opened.
    pub(super) epoch: u64,
}

/// The name of a section; `None` where it was lost, or its package never named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Name(Option<[u8; NAME]>);

impl Name {
    /// The one that a command names; one that names only a number means the package of the command before.
    pub(super) fn of(command: &Sample<'_>, before: Name) -> Name {
        if command.is_cut() {
            return Name(None);
        }
        let named = find(command, part::PKGNAMCSN);
        let Some(said) = named.or_else(|| find(command, part::PKGSN)) else { return before };
        let mut name = match (named, before) {
            (Some(_), _) => [0; NAME],
            (None, Name(Some(before))) => before,
            (None, Name(None)) => return before,
        };
        for (place, byte) in name.iter_mut().rev().zip(said.iter().rev()) {
            *place = *byte;
        }
        Name(Some(name))
    }
}

/// A session's sections, by their names.
#[derive(Debug, Default)]
pub(super) struct Store {
    sections: Names<Section>,
}

impl Store {
    /// The section of this name.
    pub(super) fn find(&self, name: Name) -> Option<&Section> {
        self.sections.find(&name.0?)
    }

    /// Changes a section, which is made where there is none; one without a name cannot be found again.
    pub(super) fn change(&mut self, name: Name, change: impl FnOnce(&mut Section)) {
        let Name(Some(name)) = name else { return };
        let mut section = self.sections.forget(&name).unwrap_or_default();
        change(&mut section);
        let text = section.said.as_ref().and_then(|said| said.words.text.as_ref());
        let size = text.map_or(0, |text| text.len()) + section.held.len();
        self.sections.keep(&name, section, size, SECTIONS, TEXTS);
    }
}

#[cfg(test)]
mod tests {
    use super::{Name, SECTIONS, Store};
    use crate::kit::reader::Sample;

    fn named(command: &[u8], before: Name) -> Name {
        Name::of(&Sample { bytes: command, length: command.len() as u64 }, before)
    }

    #[test]
    fn a_number_alone_means_the_package_before() {
        let whole = b"\0\x22\x21\x13NULLID____________SYSLVL01\0\x02\0\0";
        let first = named(whole, Name::default());
        let second = named(b"\0\x06\x21\x0c\0\x07", first);
        assert_ne!(first, second);
        assert_eq!(second.0.unwrap().last_chunk(), Some(b"\0\x07"));
        assert_eq!(named(b"\0\x06\x21\x0c\0\x07", Name::default()), Name::default());
    }

    #[test]
    fn a_name_that_was_cut_is_none() {
        let cut = Sample { bytes: b"\0\x22\x21\x13NULLID", length: 34 };
        assert_eq!(Name::of(&cut, named(b"\0\x06\x21\x13\0\x07", Name::default())), Name::default());
    }

    #[test]
    fn the_oldest_is_forgotten_at_the_cap() {
        let mut store = Store::default();
        let name = |number: usize| {
            let [.., high, low] = number.to_be_bytes();
            named(&[0, 6, 0x21, 0x13, high, low], Name::default())
        };
        for number in 1..=SECTIONS + 1 {
            store.change(name(number), |section| section.held.clear());
        }
        assert!(store.find(name(1)).is_none() && store.find(name(2)).is_some());
    }
}
