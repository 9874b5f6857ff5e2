//! What is known of connections, as accesses bear it: lent, and taken back.

use std::sync::Arc;

use model::event::Opened;

/// So many piles there are. A power of two.
const PILES: usize = 256;
/// A pile is no higher: a batch of accesses has no more of one connection.
const HIGH: usize = 64;
/// One of so many newcomers takes the place of the pile that it meets. Where many connections meet at one, each would
/// find that of another, and letting go of it is a look at memory that nobody needs.
const PATIENCE: u8 = 8;

/// The spare handles to what is known of connections, a pile of each.
///
/// Each access bears such a handle. Made and dropped, each would be counted up and down, and a processor waits for that;
/// those that come back are lent again.
#[derive(Debug)]
pub(crate) struct Openings {
    piles: Box<[Vec<Arc<Opened>>; PILES]>,
    /// How many newcomers met a pile of another connection, of which the last one took its place at zero.
    newcomers: u8,
}

impl Default for Openings {
    fn default() -> Self {
        Openings { piles: Box::new([const { Vec::new() }; PILES]), newcomers: 0 }
    }
}

impl Openings {
    /// A handle.
    #[inline]
    pub(crate) fn lend(&mut self, opened: &Arc<Opened>) -> Arc<Opened> {
        let spare = self.pile(opened).pop_if(|spare| Arc::ptr_eq(spare, opened));
        spare.unwrap_or_else(|| Arc::clone(opened))
    }

    /// Takes a handle back. A connection whose pile another one has takes its place now and then.
    #[inline]
    pub(crate) fn take_back(&mut self, opened: Arc<Opened>) {
        let pile = self.pile(&opened);
        if pile.last().is_none_or(|spare| Arc::ptr_eq(spare, &opened)) && pile.len() < HIGH {
            pile.push(opened);
        } else {
            self.discard(opened);
        }
    }

    #[inline(never)]
    fn discard(&mut self, opened: Arc<Opened>) {
        if self.pile(&opened).last().is_some_and(|spare| Arc::ptr_eq(spare, &opened)) {
            // It has as many as it needs.
            return;
        }
        self.newcomers = (self.newcomers + 1) % PATIENCE;
        if self.newcomers == 0 {
            let pile = self.pile(&opened);
            pile.clear();
            pile.push(opened);
        }
    }

    /// The pile where the handles to this may be.
    #[inline]
    fn pile(&mut self, opened: &Arc<Opened>) -> &mut Vec<Arc<Opened>> {
        let address = Arc::as_ptr(opened).addr();
        &mut self.piles[(address >> 4 ^ address >> 12) % PILES]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::conn::{Address, Role, Transport};
    use model::event::{Joined, Opened};

    use super::{HIGH, Openings, PATIENCE, PILES};

    fn opened() -> Arc<Opened> {
        Arc::new(Opened {
            transport: Transport::Tcp,
            role: Role::Observer,
            joined: Joined::AtStart,
            client: Address::Unknown,
            server: Address::Unknown,
            process: None,
            peer: None,
            weight: 1,
        })
    }

    #[test]
    fn what_is_lent_is_what_was_asked_for_whoever_has_its_place() {
        let (mut openings, all) = (Openings::default(), [(); 4 * PILES].map(|()| opened()));
        for round in 0..3 {
            let lent: Vec<_> = all.iter().map(|one| openings.lend(one)).collect();
            assert!(lent.iter().zip(&all).all(|(lent, asked)| Arc::ptr_eq(lent, asked)), "{round}");
            lent.into_iter().for_each(|one| openings.take_back(one));
        }
        assert!(all.iter().filter(|one| Arc::strong_count(one) > 1).count() <= PILES);
    }

    /// Otherwise, whoever needs none any more would keep its place for as long as the program runs.
    #[test]
    fn a_newcomer_takes_the_place_of_a_pile_that_is_full() {
        let (mut openings, all) = (Openings::default(), [(); 4 * PILES].map(|()| opened()));
        for one in &all {
            (0..HIGH).for_each(|_| openings.take_back(Arc::clone(one)));
        }
        let newcomer = opened();
        (0..PATIENCE).for_each(|_| openings.take_back(Arc::clone(&newcomer)));
        assert!(Arc::strong_count(&newcomer) > 1);
    }

    #[test]
    fn what_comes_back_is_lent_again_and_piles_are_bounded() {
        let (mut openings, one) = (Openings::default(), opened());
        for _ in 0..3 {
            let lent: Vec<_> = (0..2 * HIGH).map(|_| openings.lend(&one)).collect();
            lent.into_iter().for_each(|one| openings.take_back(one));
            assert_eq!(Arc::strong_count(&one), 1 + HIGH);
        }
    }
}
