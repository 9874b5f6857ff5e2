//! Accounts: what became of each byte of a connection, by who said it.

use model::conn::{Layer, Speaker};
use model::event::{Cause, Counted};
use protocols::kit::machine::Unread;

/// What one speaker said on a connection, in bytes: `produced = elsewhere + ciphertext + parsed + waiting + lost`.
///
/// On a connection with both ends on this host, what either end counted is added up: one end says `elsewhere` of what is
/// read at the other one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What the sockets themselves counted, from their beginning on; `None` where they do not.
    pub socket: Option<u64>,
    /// What was seen to move, at the sockets and in clear above them, and what the sockets moved unseen.
    pub produced: u64,
    /// What was copied and heard.
    pub captured: u64,
    /// What is read at the other end of the connection, on this host.
    pub elsewhere: u64,
    /// Ciphertext, of which the plaintext is seen.
    pub ciphertext: u64,
    /// What was read as messages of a protocol.
    pub parsed: u64,
    /// What waits for the rest of its message.
    pub waiting: u64,
    /// What was not read, by cause.
    pub lost: Losses,
    /// What the account lacks, or has too much: a fault of ours.
    pub unaccounted: i64,
}

/// Bytes that were not read, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses([u64; Cause::ALL.len()]);

impl Losses {
    /// Those with a reason, with how many they are.
    pub fn iter(&self) -> impl Iterator<Item = (Cause, u64)> {
        Cause::ALL.into_iter().zip(self.0).filter(|(_, bytes)| *bytes > 0)
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    fn add(&mut self, cause: Cause, bytes: u64) {
        let figure = &mut self.0[cause as usize];
        *figure = figure.wrapping_add(bytes);
    }
}

impl Account {
    /// Adds what is known of another one.
    pub(crate) fn add(&mut self, other: &Account) {
        self.socket = match (self.socket, other.socket) {
            (Some(ours), Some(theirs)) => Some(ours + theirs),
            (ours, theirs) => ours.or(theirs),
        };
        self.produced += other.produced;
        self.captured += other.captured;
        self.elsewhere += other.elsewhere;
        self.ciphertext += other.ciphertext;
        self.parsed += other.parsed;
        self.waiting += other.waiting;
        other.lost.iter().for_each(|(cause, bytes)| self.lost.add(cause, bytes));
        self.unaccounted += other.unaccounted;
    }
}

/// Something that became of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// They were read as messages.
    Parsed,
    /// They are ciphertext.
    Sealed,
    /// They were heard and not read.
    Lost(Cause),
    /// They were not even heard.
    Hole(Cause),
}

/// What became of some bytes of a speaker. What was told too early is taken back by the same number, negated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posting {
    pub(crate) speaker: Speaker,
    pub(crate) fate: Fate,
    pub(crate) bytes: u64,
}

/// The books of one connection; of most, nothing stands in them before their end.
#[derive(Debug, Default)]
pub(crate) struct Books {
    parsed: [u64; 2],
    sealed: [u64; 2],
    /// Ciphertext that was told and not heard.
    told: [u64; 2],
    holes: [u64; 2],
    lost: Vec<(Speaker, Cause, u64)>,
    counted: Option<Box<[Counted; 2]>>,
}

/// What is known of a speaker besides the books: what its streams gave on, and how its talks stand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    pub(crate) heard: u64,
    pub(crate) parsed: u64,
    pub(crate) waiting: u64,
}

impl Books {
    pub(crate) fn post(&mut self, Posting { speaker, fate, bytes }: Posting) {
        let side = speaker as usize;
        let (figure, cause) = match fate {
            Fate::Parsed => (&mut self.parsed[side], None),
            Fate::Sealed => (&mut self.sealed[side], None),
            Fate::Hole(cause) => (&mut self.holes[side], Some(cause)),
            Fate::Lost(cause) => return self.lose(speaker, cause, bytes),
        };
        *figure += bytes;
        if let Some(cause) = cause {
            self.lose(speaker, cause, bytes);
        }
    }

    /// Ciphertext passed.
    pub(crate) fn seal(&mut self, speaker: Speaker, bytes: u64) {
        self.sealed[speaker as usize] += bytes;
        self.told[speaker as usize] += bytes;
    }

    /// What the kernel counted of one end.
    pub(crate) fn count(&mut self, counted: &[Counted; 2]) {
        let Some(ours) = &mut self.counted else {
            self.counted = Some(Box::new(*counted));
            return;
        };
        for (ours, theirs) in ours.iter_mut().zip(counted) {
            ours.socket = ours.socket.zip(theirs.socket).map(|(ours, theirs)| ours + theirs);
            ours.before += theirs.before;
            for layer in [Layer::Wire as usize, Layer::Clear as usize] {
                ours.seen[layer] += theirs.seen[layer];
                ours.twice[layer] += theirs.twice[layer];
            }
        }
    }

    fn lose(&mut self, speaker: Speaker, cause: Cause, bytes: u64) {
        match self.lost.iter_mut().find(|lost| (lost.0, lost.1) == (speaker, cause)) {
            Some(lost) => lost.2 = lost.2.wrapping_add(bytes),
            None => self.lost.push((speaker, cause, bytes)),
        }
    }

    /// The account of a speaker; ciphertext is lost where nothing of its plaintext is seen.
    ///
    /// `unread` is what the conversations that go on will not read.
    pub(crate) fn account(
        &self,
        speaker: Speaker,
        standing: Standing,
        unread: &[Unread],
        is_dark: bool,
    ) -> Account {
        let side = speaker as usize;
        let mut lost = Losses::default();
        for unread in unread.iter().filter(|unread| unread.speaker == speaker) {
            lost.add(unread.cause, unread.bytes);
        }
        for (_, cause, bytes) in self.lost.iter().filter(|lost| lost.0 == speaker) {
            lost.add(*cause, *bytes);
        }
        let counted = self.counted.as_ref().map(|counted| counted[side]);
        let heard = standing.heard + self.holes[side] + self.told[side];
        let (seen, elsewhere) = counted.map_or((heard, 0), |counted| {
            (counted.seen.iter().sum::<u64>(), counted.twice.iter().sum::<u64>())
        });
        let parsed = self.parsed[side] + standing.parsed;
        let known = elsewhere + self.sealed[side] + parsed + standing.waiting + lost.total();
        let (before, missed) = counted.map_or((0, 0), unseen);
        lost.add(Cause::Late, before);
        lost.add(Cause::Missed, missed);
        let (ciphertext, dark) = if is_dark { (0, self.sealed[side]) } else { (self.sealed[side], 0) };
        lost.add(Cause::Dark, dark);
        Account {
            socket: counted.and_then(|counted| Some(counted.socket? + counted.before)),
            produced: seen + before + missed,
            captured: standing.heard,
            elsewhere,
            ciphertext,
            parsed,
            waiting: standing.waiting,
            lost,
            unaccounted: seen.cast_signed().wrapping_sub(known.cast_signed()),
        }
    }
}

/// What the socket moved before it was followed, and what it moved since in ways that were not seen. A call that was under
/// way when it was met first counts as seen, though the socket had counted it before.
fn unseen(counted: Counted) -> (u64, u64) {
    let seen = counted.seen[Layer::Wire as usize];
    let Some(socket) = counted.socket else { return (counted.before, 0) };
    let under_way = seen.saturating_sub(socket);
    (counted.before.saturating_sub(under_way), socket.saturating_sub(seen))
}

#[cfg(test)]
mod tests {
    use model::conn::Speaker;
    use model::event::{Cause, Counted};

    use super::{Books, Fate, Posting, Standing};

    #[test]
    fn what_a_socket_moved_unseen_is_missed() {
        let mut books = Books::default();
        let counted = Counted { socket: Some(100), before: 40, seen: [70, 0], twice: [0, 0] };
        books.count(&[counted, Counted::default()]);
        books.post(Posting { speaker: Speaker::Client, fate: Fate::Hole(Cause::RingFull), bytes: 20 });
        let standing = Standing { heard: 50, parsed: 44, waiting: 6 };
        let account = books.account(Speaker::Client, standing, &[], false);
        let lost: Vec<_> = account.lost.iter().collect();
        assert_eq!(lost, [(Cause::RingFull, 20), (Cause::Late, 40), (Cause::Missed, 30)]);
        assert_eq!((account.produced, account.socket, account.unaccounted), (140, Some(140), 0));
        assert_eq!(account.produced, account.parsed + account.waiting + account.lost.total());
    }

    #[test]
    fn what_nobody_accounts_for_is_said() {
        let mut books = Books::default();
        let counted = Counted { socket: None, before: 0, seen: [70, 0], twice: [10, 0] };
        books.count(&[counted, Counted::default()]);
        let account =
            books.account(Speaker::Client, Standing { heard: 50, parsed: 50, waiting: 0 }, &[], false);
        assert_eq!(account.unaccounted, 10);
    }
}
