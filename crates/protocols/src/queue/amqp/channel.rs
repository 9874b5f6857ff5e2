//! A channel: what waits there, and how what is published is counted.

use std::collections::VecDeque;

use model::conn::Speaker;

use crate::kit::protocol::Key;

use crate::queue::sides::Sides;

/// So much waits on one channel at most; what is older is not paired any more.
const WAITING: usize = 4096;

/// How the messages that a client publishes are numbered, once the server confirms them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbering {
    /// Nobody knows whether the server confirms: of what was joined midway. One message waits at most.
    Unknown(Option<u64>),
    /// The server confirms nothing.
    Off,
    /// It does, and this was the last one.
    Known(u64),
    /// It does, and some were lost. So many were heard since; before them, this was the last one, or a later one; and this is
    /// the highest number that was confirmed since.
    ///
    /// Once all that are known of are confirmed and the client goes on, it is taken for the last one. Where a client does not
    /// wait for confirmations and more were lost than wait, that is too early: it shows when more are confirmed than were
    /// counted, and what waits then is not paired.
    Lost { heard: u64, last: u64, highest: Option<u64> },
}

/// What becomes of a message that is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Published {
    /// Nobody answers, or nobody knows to what.
    Told,
    /// It waits under this key.
    Waits(Key),
    /// The one before under this key was not confirmed, so none is.
    Instead(Key),
}

/// One channel.
#[derive(Debug)]
pub(super) struct Channel {
    number: u16,
    last: u64,
    /// What each asked.
    asked: Sides<VecDeque<u64>>,
    pub(super) numbering: Numbering,
    published: VecDeque<u64>,
    /// Bytes of bodies that each will say in further frames.
    pub(super) left: Sides<u64>,
    /// The message whose body goes on.
    pub(super) sending: Option<Key>,
}

/// The parts of a key: who asked (or that it was published), the channel, the number there.
const SERVER: u64 = 1 << 60;
const PUBLISHED: u64 = 2 << 60;
const PROVISIONAL: u64 = 3 << 60;

impl Channel {
    pub(super) fn new(number: u16, numbering: Numbering) -> Self {
        Channel {
            number,
            last: 0,
            asked: Sides::default(),
            numbering,
            published: VecDeque::new(),
            left: Sides::default(),
            sending: None,
        }
    }

    fn key(&self, kind: u64, number: u64) -> Key {
        key(kind, self.number, number)
    }

    fn kind(asker: Speaker) -> u64 {
        match asker {
            Speaker::Client => 0,
            Speaker::Server => SERVER,
        }
    }

    /// `asker` asks something: it waits under this key.
    pub(super) fn ask(&mut self, asker: Speaker) -> Key {
        self.last += 1;
        let number = self.last;
        keep(self.asked.of(asker), number);
        self.key(Channel::kind(asker), number)
    }

    /// The oldest question of `asker` that waits and that `answers`; those before it will not be answered.
    pub(super) fn answer(&mut self, asker: Speaker, answers: impl Fn(Key) -> bool) -> Option<Key> {
        let (channel, kind) = (self.number, Channel::kind(asker));
        let asked = self.asked.of(asker);
        let found = asked.iter().position(|number| answers(key(kind, channel, *number)))?;
        let number = asked.drain(..=found).next_back()?;
        Some(key(kind, channel, number))
    }

    /// The newest question of `asker` that waits.
    pub(super) fn peek(&mut self, asker: Speaker) -> Option<Key> {
        let number = *self.asked.of(asker).back()?;
        Some(self.key(Channel::kind(asker), number))
    }

    /// The client publishes.
    pub(super) fn publish(&mut self) -> Published {
        match self.numbering {
            Numbering::Off => Published::Told,
            Numbering::Unknown(None) => {
                self.last += 1;
                self.numbering = Numbering::Unknown(Some(self.last));
                Published::Waits(self.key(PROVISIONAL, self.last))
            }
            Numbering::Unknown(Some(number)) => {
                self.numbering = Numbering::Off;
                Published::Instead(self.key(PROVISIONAL, number))
            }
            Numbering::Lost { heard, last, highest: Some(highest) }
                if highest >= last.saturating_add(heard) =>
            {
                self.numbering = Numbering::Known(highest);
                self.publish()
            }
            Numbering::Lost { heard, last, highest } => {
                self.numbering = Numbering::Lost { heard: heard + 1, last, highest };
                Published::Told
            }
            Numbering::Known(last) => {
                // What a stranger confirmed may be any number.
                let number = last.wrapping_add(1);
                self.numbering = Numbering::Known(number);
                keep(&mut self.published, number);
                Published::Waits(self.key(PUBLISHED, number))
            }
        }
    }

    /// The server confirms this number, and those below it if there are `several`: what that answers, and whether it
    /// answers more.
    pub(super) fn confirm(&mut self, number: u64, several: bool) -> Option<(Key, bool)> {
        match self.numbering {
            Numbering::Unknown(Some(waiting)) => {
                self.numbering = Numbering::Known(number);
                return Some((self.key(PROVISIONAL, waiting), false));
            }
            Numbering::Unknown(None) | Numbering::Off => {
                self.numbering = Numbering::Lost { heard: 0, last: 0, highest: Some(number) };
            }
            Numbering::Lost { heard, last, highest } => {
                self.numbering = Numbering::Lost { heard, last, highest: highest.max(Some(number)) };
            }
            Numbering::Known(last) if number > last => {
                self.published.clear();
                self.numbering = Numbering::Lost { heard: 0, last: number, highest: Some(number) };
            }
            Numbering::Known(_) => {}
        }
        // None is number 0: it means all.
        let is_meant = |n: &u64| *n == number || several && (number == 0 || *n <= number);
        let at = self.published.iter().position(is_meant)?;
        let found = self.published.remove(at)?;
        let more = several && self.published.iter().any(is_meant);
        Some((self.key(PUBLISHED, found), more))
    }

    /// Bytes of `speaker` were lost.
    pub(super) fn lose(&mut self, speaker: Speaker) {
        *self.left.of(speaker) = 0;
        match speaker {
            Speaker::Server => {
                // Answers and confirmations may be among it: what comes next is not theirs.
                self.asked.of(Speaker::Client).clear();
                self.published.clear();
                if let Numbering::Unknown(Some(_)) = self.numbering {
                    self.numbering = Numbering::Unknown(None);
                }
            }
            Speaker::Client => {
                self.sending = None;
                self.asked.of(Speaker::Server).clear();
                self.numbering = match self.numbering {
                    Numbering::Known(last) => Numbering::Lost { heard: 0, last, highest: None },
                    Numbering::Lost { heard, last, .. } => {
                        Numbering::Lost { heard: 0, last: last.saturating_add(heard), highest: None }
                    }
                    numbering @ (Numbering::Off | Numbering::Unknown(_)) => numbering,
                };
            }
        }
    }
}

fn key(kind: u64, channel: u16, number: u64) -> Key {
    Key::Id(kind | u64::from(channel) << 40 | number & 0xff_ffff_ffff)
}

fn keep(queue: &mut VecDeque<u64>, number: u64) {
    if queue.len() >= WAITING {
        queue.pop_front();
    }
    queue.push_back(number);
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;

    use super::{Channel, Numbering, Published};
    use crate::kit::protocol::Key;

    fn confirming() -> Channel {
        Channel::new(1, Numbering::Known(0))
    }

    fn publish(channel: &mut Channel) -> Key {
        match channel.publish() {
            Published::Waits(key) => key,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_confirmation_may_be_of_several_messages() {
        let mut channel = confirming();
        let keys: Vec<_> = (0..4).map(|_| publish(&mut channel)).collect();
        assert_eq!(channel.confirm(2, false), Some((keys[1], false)));
        assert_eq!(channel.confirm(3, true), Some((keys[0], true)));
        assert_eq!(channel.confirm(3, true), Some((keys[2], false)));
        assert_eq!(channel.confirm(3, true), None);
        assert_eq!(channel.confirm(0, true), Some((keys[3], false)), "0 means all");
    }

    #[test]
    fn numbers_are_found_again_when_all_that_is_known_of_is_confirmed() {
        let mut channel = confirming();
        let first = publish(&mut channel);
        channel.lose(Speaker::Client);
        // The second was lost, the third was heard.
        assert_eq!(channel.publish(), Published::Told);
        assert_eq!(channel.confirm(1, false), Some((first, false)), "what was asked before is answered");
        assert_eq!(channel.publish(), Published::Told, "the third may still be confirmed");
        assert_eq!(channel.confirm(4, true), None);
        let fifth = publish(&mut channel);
        assert_eq!(channel.confirm(5, false), Some((fifth, false)));
    }

    #[test]
    fn more_confirmations_than_messages_are_a_wrong_count() {
        let mut channel = confirming();
        publish(&mut channel);
        assert_eq!(channel.confirm(9, true), None, "it may be of another message");
        let tenth = publish(&mut channel);
        assert_eq!(channel.confirm(10, false), Some((tenth, false)));
        channel.confirm(u64::MAX, false);
        publish(&mut channel);
    }

    #[test]
    fn who_joins_late_learns_whether_the_server_confirms() {
        let mut channel = Channel::new(1, Numbering::Unknown(None));
        let first = publish(&mut channel);
        assert_eq!(channel.confirm(7, false), Some((first, false)));
        let next = publish(&mut channel);
        assert_eq!(channel.confirm(8, false), Some((next, false)));
        let mut channel = Channel::new(1, Numbering::Unknown(None));
        let first = publish(&mut channel);
        assert_eq!(channel.publish(), Published::Instead(first));
        assert_eq!(channel.publish(), Published::Told);
    }
}
