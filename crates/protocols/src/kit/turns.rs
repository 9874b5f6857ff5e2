//! The requests that are answered in turn, and the places of those that are missing among them.

use std::collections::VecDeque;

use model::exchange::Exchange;

/// Who waits that holds on to room for so many: what a client asks at once, it asks again.
const ROOM: usize = 8;

/// First in, first out.
///
/// Most connections have one request under way or none: they have a word for it, and allocate nothing here.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The oldest, unless that is a gap.
    first: Option<Box<Exchange>>,
    /// What waits behind it; a gap first when there is none.
    #[expect(
        clippy::box_collection,
        reason = "most have no second, and then it costs a word instead of four"
    )]
    rest: Option<Box<VecDeque<Turn>>>,
}

/// Whose turn it is.
#[derive(Debug)]
pub(super) enum Turn {
    /// The exchange as far as it went; its response comes into the same memory.
    Request(Box<Exchange>),
    Gap(Gap),
}

/// An unknown number of requests that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    Unanswered,
    Answered,
}

impl Turns {
    /// The oldest, when it is a request.
    #[inline]
    pub(super) fn first_mut(&mut self) -> Option<&mut Exchange> {
        self.first.as_deref_mut()
    }

    /// The newest, when it is a request.
    pub(super) fn last_mut(&mut self) -> Option<&mut Exchange> {
        match self.rest.as_mut().and_then(|rest| rest.back_mut()) {
            Some(Turn::Request(exchange)) => Some(exchange),
            Some(Turn::Gap(_)) => None,
            None => self.first.as_deref_mut(),
        }
    }

    /// The gap that comes before all requests.
    pub(super) fn gap(&self) -> Option<Gap> {
        match (&self.first, self.rest.as_ref()?.front()?) {
            (None, Turn::Gap(gap)) => Some(*gap),
            (Some(_), _) | (None, Turn::Request(_)) => None,
        }
    }

    /// The gap that comes behind all requests.
    pub(super) fn last_gap(&mut self) -> Option<&mut Gap> {
        match self.rest.as_mut()?.back_mut()? {
            Turn::Gap(gap) => Some(gap),
            Turn::Request(_) => None,
        }
    }

    /// Adds a request at the end.
    #[inline]
    pub(super) fn ask(&mut self, exchange: Box<Exchange>) {
        if self.is_empty() {
            self.first = Some(exchange);
        } else {
            self.push_behind(Turn::Request(exchange));
        }
    }

    /// Adds a gap at the end.
    pub(super) fn miss(&mut self) {
        self.push_behind(Turn::Gap(Gap::Unanswered));
    }

    #[inline(never)]
    fn push_behind(&mut self, turn: Turn) {
        self.rest.get_or_insert_default().push_back(turn);
    }

    /// Adds a gap that was answered before all others.
    pub(super) fn push_answered_gap(&mut self) {
        let rest = self.rest.get_or_insert_default();
        if let Some(second) = self.first.take() {
            rest.push_front(Turn::Request(second));
        }
        rest.push_front(Turn::Gap(Gap::Answered));
    }

    /// Takes the oldest.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Turn> {
        if self.rest.is_some() { self.pop_before_others() } else { self.first.take().map(Turn::Request) }
    }

    #[inline(never)]
    fn pop_before_others(&mut self) -> Option<Turn> {
        let rest = self.rest.as_mut()?;
        let oldest = self.first.take().map(Turn::Request).or_else(|| rest.pop_front());
        match rest.pop_front() {
            Some(Turn::Request(next)) => self.first = Some(next),
            Some(gap @ Turn::Gap(_)) => rest.push_front(gap),
            None if rest.capacity() > ROOM => self.rest = None,
            None => {}
        }
        oldest
    }

    /// How many there are, gaps included.
    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.as_ref().map_or(0, |rest| rest.len())
    }

    /// How many requests there are.
    pub(super) fn requests(&self) -> usize {
        let behind = self.rest.iter().flat_map(|rest| rest.iter());
        usize::from(self.first.is_some()) + behind.filter(|turn| matches!(turn, Turn::Request(_))).count()
    }

    /// Whether there is none.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none() && self.rest.as_ref().is_none_or(|rest| rest.is_empty())
    }

    /// Drops all.
    pub(super) fn clear(&mut self) {
        *self = Turns::default();
    }
}

#[cfg(test)]
mod tests {
    use model::exchange::Exchange;
    use model::time::Time;

    use super::{Gap, Turn, Turns};

    fn request(at: u64) -> Box<Exchange> {
        Box::new(Exchange { asked: Time(at), ..Exchange::default() })
    }

    fn told(turns: &mut Turns) -> Vec<String> {
        let all = std::iter::from_fn(|| turns.pop());
        all.map(|turn| match turn {
            Turn::Request(exchange) => exchange.asked.0.to_string(),
            Turn::Gap(gap) => format!("{gap:?}"),
        })
        .collect()
    }

    #[test]
    fn requests_and_gaps_leave_in_the_order_in_which_they_came() {
        let mut turns = Turns::default();
        (0..20).for_each(|at| turns.ask(request(at)));
        turns.miss();
        turns.ask(request(20));
        assert_eq!((turns.len(), turns.requests(), turns.gap(), turns.last_gap()), (22, 21, None, None));
        let expected: Vec<_> =
            (0..20).map(|at| at.to_string()).chain(["Unanswered".into(), "20".into()]).collect();
        assert_eq!((told(&mut turns), turns.is_empty(), turns.len()), (expected, true, 0));
        assert!(turns.rest.is_none(), "room for many is given back");
    }

    #[test]
    fn a_gap_may_come_first_and_be_answered() {
        let mut turns = Turns::default();
        turns.miss();
        turns.ask(request(1));
        assert_eq!(
            (turns.gap(), turns.first_mut().is_some(), turns.requests()),
            (Some(Gap::Unanswered), false, 1)
        );
        assert!(matches!(turns.pop(), Some(Turn::Gap(Gap::Unanswered))));
        assert_eq!(turns.first_mut().map(|first| first.asked), Some(Time(1)));
        turns.push_answered_gap();
        assert_eq!((turns.gap(), turns.len()), (Some(Gap::Answered), 2));
        turns.miss();
        assert_eq!(turns.last_gap(), Some(&mut Gap::Unanswered));
        assert_eq!(told(&mut turns), ["Answered", "1", "Unanswered"]);
    }
}
