//! The requests that wait under an id: their responses say what they answer, in whatever order they come.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::conn::Speaker;
use model::event::Cause;
use model::exchange::Exchange;

use crate::kit::protocol::Ids;

/// Room for so many requests stays when none waits.
const ROOM: usize = 14;

/// The requests that wait under an id.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// One that no other waited beside when it was asked: most are alone, and need no table.
    alone: Option<(u64, Waiting)>,
    /// All others.
    others: HashMap<u64, Waiting, RandomState>,
}

#[derive(Debug)]
struct Waiting {
    exchange: Box<Exchange>,
    missed: Missed,
    /// Why the first of these bytes were lost.
    cause: Option<Cause>,
}

/// Whose bytes were lost while a request waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missed {
    Nobodys,
    Clients,
    Servers,
    Both,
}

impl Named {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        usize::from(self.alone.is_some()) + self.others.len()
    }

    /// Adds a request: the one that waited under its id comes back, for nobody answers it any more.
    #[inline]
    pub(super) fn ask(&mut self, id: u64, exchange: Box<Exchange>) -> Option<Box<Exchange>> {
        let waiting = Waiting { exchange, missed: Missed::Nobodys, cause: None };
        let before = match &mut self.alone {
            Some((alone, before)) if *alone == id => Some(std::mem::replace(before, waiting)),
            None if self.others.is_empty() => {
                self.alone = Some((id, waiting));
                None
            }
            Some(_) | None => self.others.insert(id, waiting),
        };
        before.map(|before| before.exchange)
    }

    /// The request that waits under this id.
    #[inline]
    pub(super) fn get(&self, id: u64) -> Option<&Exchange> {
        self.waiting(id).map(|waiting| &*waiting.exchange)
    }

    /// The request that waits under this id, to write its response.
    #[inline]
    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Exchange> {
        let waiting = match &mut self.alone {
            Some((alone, waiting)) if *alone == id => Some(waiting),
            Some(_) | None => self.others.get_mut(&id),
        };
        waiting.map(|waiting| &mut *waiting.exchange)
    }

    /// Why bytes were lost while a request waited under this id, if some were.
    pub(super) fn missed(&self, id: u64) -> Option<Cause> {
        self.waiting(id)?.cause
    }

    #[inline]
    fn waiting(&self, id: u64) -> Option<&Waiting> {
        match &self.alone {
            Some((alone, waiting)) if *alone == id => Some(waiting),
            Some(_) | None => self.others.get(&id),
        }
    }

    /// Takes the request that waits under this id.
    #[inline]
    pub(super) fn take(&mut self, id: u64) -> Option<Box<Exchange>> {
        match self.alone.take_if(|(alone, _)| *alone == id) {
            Some((_, waiting)) => Some(waiting.exchange),
            None => self.take_of_others(id),
        }
    }

    #[inline(never)]
    fn take_of_others(&mut self, id: u64) -> Option<Box<Exchange>> {
        let taken = self.others.remove(&id)?;
        if self.others.is_empty() && self.others.capacity() > ROOM {
            self.others = HashMap::default();
        }
        Some(taken.exchange)
    }

    /// Bytes of `speaker` were lost: takes, the oldest first, the requests whose responses can no longer be told.
    ///
    /// What the server said may have been the response, and what the client said the next request under the same id.
    /// Where both were lost, a response under this id may be the next one's, unless ids are counted.
    pub(super) fn miss(&mut self, speaker: Speaker, cause: Cause, ids: Ids) -> Vec<Box<Exchange>> {
        self.take_if(|waiting| {
            waiting.missed = match (waiting.missed, speaker) {
                (Missed::Nobodys | Missed::Clients, Speaker::Client) => Missed::Clients,
                (Missed::Nobodys | Missed::Servers, Speaker::Server) => Missed::Servers,
                (Missed::Clients, Speaker::Server)
                | (Missed::Servers, Speaker::Client)
                | (Missed::Both, _) => Missed::Both,
            };
            waiting.cause.get_or_insert(cause);
            waiting.missed == Missed::Both && ids == Ids::Reused
        })
    }

    /// Takes the older half of those that wait, the oldest first.
    pub(super) fn take_older_half(&mut self) -> Vec<Box<Exchange>> {
        let all = self.alone.iter().map(|(_, waiting)| waiting).chain(self.others.values());
        let mut asked: Vec<_> = all.map(|waiting| waiting.exchange.asked).collect();
        let middle = asked.len() / 2;
        if middle == 0 {
            return Vec::new();
        }
        let (_, newest, _) = asked.select_nth_unstable(middle - 1);
        let newest = *newest;
        self.take_if(|waiting| waiting.exchange.asked <= newest)
    }

    /// Takes all, the oldest first.
    pub(super) fn take_all(&mut self) -> Vec<Box<Exchange>> {
        let Named { alone, others } = std::mem::take(self);
        let all = alone.map(|(_, waiting)| waiting).into_iter().chain(others.into_values());
        oldest_first(all.map(|mut waiting| {
            if waiting.missed == Missed::Both {
                waiting.exchange.completeness.cause = waiting.exchange.completeness.cause.or(waiting.cause);
            }
            waiting
        }))
    }

    /// Takes those that are so, the oldest first.
    fn take_if(&mut self, mut is: impl FnMut(&mut Waiting) -> bool) -> Vec<Box<Exchange>> {
        let alone = self.alone.take_if(|(_, waiting)| is(waiting)).map(|(_, waiting)| waiting);
        let others = self.others.extract_if(|_, waiting| is(waiting)).map(|(_, waiting)| waiting);
        oldest_first(alone.into_iter().chain(others))
    }
}

fn oldest_first(waiting: impl Iterator<Item = Waiting>) -> Vec<Box<Exchange>> {
    let mut exchanges: Vec<_> = waiting.map(|waiting| waiting.exchange).collect();
    exchanges.sort_by_key(|exchange| exchange.asked);
    exchanges
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;
    use model::event::Cause;
    use model::exchange::Exchange;
    use model::time::Time;

    use super::Named;
    use crate::kit::protocol::Ids;

    fn asked(at: u64) -> Box<Exchange> {
        Box::new(Exchange { asked: Time(at), ..Exchange::default() })
    }

    fn times(exchanges: &[Box<Exchange>]) -> Vec<u64> {
        exchanges.iter().map(|exchange| exchange.asked.0).collect()
    }

    fn three() -> Named {
        let mut named = Named::default();
        for id in [3, 1, 2] {
            assert_eq!(named.ask(id, asked(id)), None);
        }
        named
    }

    #[test]
    fn a_request_is_found_by_its_id_in_any_order() {
        let mut named = three();
        assert_eq!(named.get(2).map(|exchange| exchange.asked), Some(Time(2)));
        assert_eq!(named.take(3).map(|exchange| exchange.asked), Some(Time(3)));
        assert_eq!(named.take(3), None);
        assert_eq!((named.len(), times(&named.take_all()), named.len()), (2, vec![1, 2], 0));
    }

    #[test]
    fn an_id_that_is_used_again_has_been_answered_unseen() {
        for id in 1..4 {
            let mut named = three();
            assert_eq!(named.ask(id, asked(9)).map(|exchange| exchange.asked), Some(Time(id)));
            assert_eq!((named.len(), named.get_mut(id).map(|exchange| exchange.asked)), (3, Some(Time(9))));
        }
    }

    #[test]
    fn one_that_is_asked_alone_needs_no_table() {
        let mut named = Named::default();
        for id in 0..100 {
            named.ask(id, asked(id));
            assert_eq!(named.take(id).map(|exchange| exchange.asked), Some(Time(id)));
        }
        assert_eq!((named.len(), named.others.capacity()), (0, 0));
        named = three();
        assert_eq!(named.take(3).map(|exchange| exchange.asked), Some(Time(3)));
        named.ask(2, asked(9));
        assert_eq!(
            times(&named.take_all()),
            [1, 9],
            "the alone one is gone, and those beside it are where they were"
        );
    }

    #[test]
    fn a_response_is_in_doubt_when_both_sides_lost_bytes() {
        for (first, then) in [(Speaker::Client, Speaker::Server), (Speaker::Server, Speaker::Client)] {
            let mut named = three();
            assert_eq!(times(&named.miss(first, Cause::Limit, Ids::Reused)), [0_u64; 0]);
            assert_eq!(times(&named.miss(first, Cause::Limit, Ids::Reused)), [0_u64; 0]);
            assert_eq!((named.missed(1), named.missed(8)), (Some(Cause::Limit), None));
            named.ask(7, asked(7));
            assert_eq!(times(&named.miss(then, Cause::Cap, Ids::Reused)), [1, 2, 3]);
            assert_eq!(named.len(), 1, "what was asked in between waits for its response");
        }
    }

    /// Of RocketMQ's long polls, the packets around the request and around its answer were missing.
    #[test]
    fn a_counted_id_is_answered_whatever_was_lost() {
        let mut named = three();
        for speaker in [Speaker::Client, Speaker::Server, Speaker::Client] {
            assert_eq!(times(&named.miss(speaker, Cause::Limit, Ids::Counted)), [0_u64; 0]);
        }
        assert_eq!(named.take(2).map(|exchange| exchange.completeness.cause), Some(None));
        let unanswered = named.take_all();
        assert_eq!(times(&unanswered), [1, 3]);
        assert!(unanswered.iter().all(|exchange| exchange.completeness.cause == Some(Cause::Limit)));
    }

    #[test]
    fn the_older_half_makes_room() {
        let mut named = three();
        named.ask(4, asked(4));
        assert_eq!(times(&named.take_older_half()), [1, 2]);
        assert_eq!(times(&named.take_older_half()), [3]);
        assert_eq!((times(&named.take_older_half()), named.len()), (vec![], 1));
    }
}
