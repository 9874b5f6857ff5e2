//! What the conversations of one thread share: where their exchanges go, and what many of them say alike.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use foldhash::fast::RandomState;
use model::exchange::Exchange;

/// So many different things are kept; a newcomer takes the place of the one that it meets there.
///
/// A thread's connections run some hundred statements and log in as some dozen users: even so, a thing that was
/// displaced is only made again.
const PLACES: usize = 512;

/// The memory of so many exchanges is kept for the next ones: more than are on their way at a time, unless the sink
/// is far behind.
const SPARE: usize = 1024;

/// What the conversations of one thread share.
#[derive(Debug, Default)]
pub struct Desk {
    /// The exchanges that ended, for whoever listens to take.
    pub exchanges: Vec<Box<Exchange>>,
    /// What many sessions say alike.
    pub shared: Shared,
    /// Long things that were said lately. Many are never said again, and would take the places of what sessions share.
    pub(super) long: Shared,
    /// Exchanges that nobody needs any more, whose memory the next ones are written into.
    spare: Vec<Box<Exchange>>,
}

impl Desk {
    /// Memory for the next exchange.
    #[inline]
    pub(super) fn blank(&mut self) -> Box<Exchange> {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes back an exchange that everybody is done with.
    #[inline]
    pub fn take_back(&mut self, mut exchange: Box<Exchange>) {
        if self.spare.len() < SPARE {
            exchange.clear();
            self.spare.push(exchange);
        }
    }
}

/// Things that many sessions say alike (the shape of a result, who logged in), each kept once.
///
/// It is what lets ten thousand connections of one pool cost no more than their own positions.
#[derive(Default)]
pub struct Shared {
    places: Vec<Option<Arc<dyn Any + Send + Sync>>>,
    hasher: RandomState,
}

impl Shared {
    /// The thing that was told by `told`: the kept one if `is` says that it is this very thing, else what `make` makes.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn recall<T: Any + Send + Sync, E>(
        &mut self,
        told: &(impl Hash + ?Sized),
        is: impl FnOnce(&T) -> bool,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if self.places.is_empty() {
            self.places.resize(PLACES, None);
        }
        let at = usize::try_from(self.hasher.hash_one(told) % PLACES as u64);
        let place = at.ok().and_then(|at| self.places.get_mut(at));
        let Some(place) = place else { return make().map(Arc::new) };
        if let Some(Ok(kept)) = place.as_ref().map(|kept| Arc::downcast::<T>(Arc::clone(kept)))
            && is(&kept)
        {
            return Ok(kept);
        }
        let made = Arc::new(make()?);
        *place = Some(made.clone());
        Ok(made)
    }

    /// A thing that other sessions may have said as well.
    pub fn share<T: Any + Clone + Eq + Hash + Send + Sync>(&mut self, thing: &T) -> Arc<T> {
        let Ok(shared) = self.recall(thing, |known| known == thing, || Ok::<T, Infallible>(thing.clone()));
        shared
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("kept", &self.places.iter().flatten().count()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{PLACES, Shared};

    fn recall(shared: &mut Shared, word: &str) -> Arc<String> {
        shared.recall(word, |kept: &String| kept == word, || Ok::<_, ()>(word.to_owned())).unwrap()
    }

    #[test]
    fn what_is_said_alike_is_kept_once() {
        let mut shared = Shared::default();
        let first = recall(&mut shared, "a");
        assert!(Arc::ptr_eq(&first, &recall(&mut shared, "a")));
        assert_eq!(*recall(&mut shared, "b"), "b");
    }

    #[test]
    fn other_words_take_the_place_and_are_never_mixed_up() {
        let mut shared = Shared::default();
        for word in (0..4 * PLACES).chain(0..4 * PLACES) {
            assert_eq!(*recall(&mut shared, &word.to_string()), word.to_string());
        }
        assert_eq!(shared.places.len(), PLACES);
    }

    #[test]
    fn a_thing_of_another_kind_is_not_taken_for_it() {
        let mut shared = Shared::default();
        recall(&mut shared, "a");
        assert_eq!(*shared.recall("a", |_: &u8| true, || Ok::<_, ()>(7)).unwrap(), 7);
    }

    #[test]
    fn what_cannot_be_made_is_not_kept() {
        let mut shared = Shared::default();
        assert_eq!(shared.recall("a", |_: &String| true, || Err("no")), Err("no"));
        assert_eq!(*recall(&mut shared, "a"), "a");
    }
}
