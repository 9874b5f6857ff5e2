//! How far each hook is to be believed: what its function's answers say, and how they fit what passed on the socket.

use std::path::PathBuf;

/// Nonsense answers after which a hook is taken back (`VIOLATIONS_ALLOWED` of `bpf/trial.h`).
const VIOLATIONS_ALLOWED: u64 = 3;
/// Fitting calls after which a hook on trial is believed, if it has no more doubts (`FITS_WANTED` of `bpf/trial.h`).
const FITS_WANTED: u64 = 3;
/// Calls that do not fit after which a hook that is not believed is taken back (`DOUBTS_ALLOWED` of `bpf/trial.h`).
const DOUBTS_ALLOWED: u64 = 64;
/// `struct trust` of `bpf/trial.h`, in words of 64 bits.
const WORDS: usize = 6;

/// A hook at functions that were found without their names, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// In which file.
    pub path: PathBuf,
    /// Its writes until they were believed.
    pub writes: Weighed,
    /// Its reads until they were believed.
    pub reads: Weighed,
    /// Bytes that were moved and not told, because nothing spoke for them by then.
    pub withheld: u64,
}

impl Trial {
    /// Whether both reading and writing are where they seemed to be.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.writes.is_proven() && self.reads.is_proven()
    }
}

/// Calls of one direction, as they compare with what passed on the socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weighed {
    /// Those whose bytes fitted a TLS record.
    pub fits: u64,
    /// Those that fitted none, which were not told.
    pub doubts: u64,
}

impl Weighed {
    fn is_proven(self) -> bool {
        self.fits >= FITS_WANTED && self.fits >= self.doubts
    }

    fn is_misfit(self) -> bool {
        !self.is_proven() && self.doubts >= DOUBTS_ALLOWED
    }
}

/// Why a hook is believed no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Its function returned more bytes than its buffer holds.
    Nonsense,
    /// Its function was found without its name, and what it moved did not fit what passed on the socket.
    Misfit,
}

/// The kernel side's `struct trust`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Trust {
    violations: u64,
    writes: Weighed,
    reads: Weighed,
    withheld: u64,
}

impl Trust {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let Trust { violations, writes, reads, withheld } = self;
        let words = [violations, writes.fits, reads.fits, writes.doubts, reads.doubts, withheld];
        words.map(u64::to_ne_bytes).concat()
    }

    /// From the map's value; `None` when it is no such thing.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Trust> {
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(size_of::<u64>())) {
            *word = u64::from_ne_bytes(*bytes.first_chunk()?);
        }
        let [violations, writes_fit, reads_fit, writes_doubted, reads_doubted, withheld] = words;
        let writes = Weighed { fits: writes_fit, doubts: writes_doubted };
        let reads = Weighed { fits: reads_fit, doubts: reads_doubted };
        let is_whole = bytes.len() == size_of::<u64>() * WORDS;
        is_whole.then_some(Trust { violations, writes, reads, withheld })
    }

    /// Why it is believed no more; `None` as long as it is.
    pub(super) fn distrust(&self) -> Option<Distrust> {
        if self.violations >= VIOLATIONS_ALLOWED {
            return Some(Distrust::Nonsense);
        }
        (self.writes.is_misfit() || self.reads.is_misfit()).then_some(Distrust::Misfit)
    }

    pub(super) fn trial(&self, path: PathBuf) -> Trial {
        Trial { path, writes: self.writes, reads: self.reads, withheld: self.withheld }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_keeps_is_read_as_it_is_written() {
        let weighed = |fits, doubts| Weighed { fits, doubts };
        let trust = Trust { violations: 1, writes: weighed(2, 3), reads: weighed(4, 5), withheld: 6 };
        assert_eq!(Trust::from_bytes(&trust.to_bytes()), Some(trust));
        assert_eq!(Trust::from_bytes(&trust.to_bytes()[8..]), None);
        assert_eq!(Trust::from_bytes(&[]), None);
    }

    #[test]
    fn a_hook_is_given_up_for_nonsense_or_when_too_little_fits() {
        let stands = |violations, fits, doubts| {
            let trust = Trust { violations, reads: Weighed { fits, doubts }, ..Trust::default() };
            trust.distrust()
        };
        assert_eq!(stands(0, 0, 63), None);
        assert_eq!(stands(3, 100, 0), Some(Distrust::Nonsense));
        assert_eq!(stands(0, 0, 64), Some(Distrust::Misfit));
        assert_eq!(stands(0, 2, 64), Some(Distrust::Misfit));
        assert_eq!(stands(0, 64, 64), None);
    }

    #[test]
    fn both_directions_must_be_proven() {
        let proven = Weighed { fits: 3, doubts: 3 };
        let trial = |writes, reads| Trial { path: PathBuf::new(), writes, reads, withheld: 0 };
        assert!(trial(proven, proven).is_proven());
        assert!(!trial(proven, Weighed::default()).is_proven());
        assert!(!trial(Weighed { fits: 2, doubts: 0 }, proven).is_proven());
        assert!(!trial(proven, Weighed { fits: 3, doubts: 4 }).is_proven());
    }
}
