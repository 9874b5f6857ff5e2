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
    waiting: HashMap<u64, Waiting, RandomState>,
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
        self.waiting.len()
    }

    /// Adds a request: the one that waited under its id comes back, for nobody answers it any more.
    pub(super) fn ask(&mut self, id: u64, exchange: Box<Exchange>) -> Option<Box<Exchange>> {
        let waiting = Waiting { exchange, missed: Missed::Nobodys, cause: None };
        self.waiting.insert(id, waiting).map(|waiting| waiting.exchange)
    }

    /// The request that waits under this id.
    pub(super) fn get(&self, id: u64) -> Option<&Exchange> {
        self.waiting.get(&id).map(|waiting| &*waiting.exchange)
    }

    /// The request that waits under this id, to write its response.
    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Exchange> {
        self.waiting.get_mut(&id).map(|waiting| &mut *waiting.exchange)
    }

    /// Why bytes were lost while a request waited under this id, if some were.
    pub(super) fn missed(&self, id: u64) -> Option<Cause> {
        self.waiting.get(&id)?.cause
    }

    /// Takes the request that waits under this id.
    pub(super) fn take(&mut self, id: u64) -> Option<Box<Exchange>> {
        let taken = self.waiting.remove(&id)?;
        if self.waiting.is_empty() && self.waiting.capacity() > ROOM {
            self.waiting = HashMap::default();
        }
        Some(taken.exchange)
    }

    /// Bytes of `speaker` were lost: takes, the oldest first, the requests whose responses can no longer be told.
    ///
    /// What the server said may have been the response, and what the client said the next request under the same id.
    /// Where both were lost, a response under this id may be the next one's, unless ids are counted.
    pub(super) fn miss(&mut self, speaker: Speaker, cause: Cause, ids: Ids) -> Vec<Box<Exchange>> {
        let doubted = self.waiting.extract_if(|_, waiting| {
            waiting.missed = match (waiting.missed, speaker) {
                (Missed::Nobodys | Missed::Clients, Speaker::Client) => Missed::Clients,
                (Missed::Nobodys | Missed::Servers, Speaker::Server) => Missed::Servers,
                (Missed::Clients, Speaker::Server)
                | (Missed::Servers, Speaker::Client)
                | (Missed::Both, _) => Missed::Both,
            };
            waiting.cause.get_or_insert(cause);
            waiting.missed == Missed::Both && ids == Ids::Reused
        });
        oldest_first(doubted.map(|(_, waiting)| waiting.exchange).collect())
    }

    /// Takes the older half of those that wait, the oldest first.
    pub(super) fn take_older_half(&mut self) -> Vec<Box<Exchange>> {
        let mut asked: Vec<_> = self.waiting.values().map(|waiting| waiting.exchange.asked).collect();
        let middle = asked.len() / 2;
        if middle == 0 {
            return Vec::new();
        }
        let (_, newest, _) = asked.select_nth_unstable(middle - 1);
        let newest = *newest;
        let older = self.waiting.extract_if(|_, waiting| waiting.exchange.asked <= newest);
        oldest_first(older.map(|(_, waiting)| waiting.exchange).collect())
    }

    /// Takes all, the oldest first.
    pub(super) fn take_all(&mut self) -> Vec<Box<Exchange>> {
        let all = std::mem::take(&mut self.waiting).into_values().map(|mut waiting| {
            if waiting.missed == Missed::Both {
                waiting.exchange.completeness.cause = waiting.exchange.completeness.cause.or(waiting.cause);
            }
            waiting.exchange
        });
        oldest_first(all.collect())
    }
}

fn oldest_first(mut exchanges: Vec<Box<Exchange>>) -> Vec<Box<Exchange>> {
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
        let mut named = three();
        assert_eq!(named.ask(2, asked(9)).map(|exchange| exchange.asked), Some(Time(2)));
        assert_eq!(named.get_mut(2).map(|exchange| exchange.asked), Some(Time(9)));
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
