//! Zones that are handed over, in as many messages as it takes (RFC 5936, RFC 1995).

use super::types::{AXFR, IXFR, SOA};
use super::wire::Record;

/// A zone that is being handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Transfer {
    /// What its question is known by.
    pub(super) key: u64,
    /// Records so far.
    records: u64,
    /// The number of the zone's newest version, which the first record says and the last one repeats.
    serial: Option<u32>,
    /// How often that was said.
    said: u8,
    /// Whether only the changes come: then it is said once more, before the last additions.
    changes: Changes,
    last: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Changes {
    #[default]
    Unknown,
    All,
    Only,
}

impl Transfer {
    /// The answer to a question of this type, if it may come in several messages.
    pub(super) fn of(key: u64, kind: u16) -> Option<Transfer> {
        let changes = match kind {
            AXFR => Changes::All,
            IXFR => Changes::Unknown,
            _ => return None,
        };
        Some(Transfer { key, changes, ..Transfer::default() })
    }

    /// The next record.
    pub(super) fn hear(&mut self, record: &Record<'_>) {
        self.records += 1;
        self.last = (record.kind == SOA).then(|| serial(record.data)).flatten();
        if self.changes == Changes::Unknown && self.records == 2 {
            self.changes = if record.kind == SOA { Changes::Only } else { Changes::All };
        }
        match (self.last, self.serial) {
            (Some(serial), None) => (self.serial, self.said) = (Some(serial), 1),
            (Some(serial), Some(newest)) if serial == newest => self.said = self.said.saturating_add(1),
            _ => {}
        }
    }

    /// Whether the message whose records were heard was the last one.
    pub(super) fn is_over(&self) -> bool {
        match self.changes {
            // The zone is as new as the asker's, who needs no more than that.
            Changes::Unknown => true,
            Changes::All => self.said >= 2 && self.last == self.serial,
            Changes::Only => self.said >= 3 && self.last == self.serial,
        }
    }
}

/// The version that the data of a `SOA` say: the first of the five numbers at their end.
fn serial(data: &[u8]) -> Option<u32> {
    data.last_chunk::<20>()?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::{AXFR, IXFR, SOA, Transfer};
    use crate::names::dns::wire::Record;

    /// Behind which of these records a transfer may be over: each is a `SOA` of a version, or another one.
    fn over_behind(kind: u16, records: &[Option<u32>]) -> Vec<usize> {
        let mut transfer = Transfer::of(7, kind).unwrap();
        let mut over = Vec::new();
        for (at, version) in records.iter().enumerate() {
            let data = [&[0; 2][..], &version.unwrap_or_default().to_be_bytes(), &[0; 16]].concat();
            let kind = if version.is_some() { SOA } else { 1 };
            transfer.hear(&Record { name: 0, kind, class: 1, ttl: 0, at: 0, data: &data });
            over.extend(transfer.is_over().then_some(at));
        }
        over
    }

    #[test]
    fn a_transfer_ends_where_its_version_is_said_again() {
        assert_eq!(over_behind(AXFR, &[Some(8), None, None, Some(8)]), [3]);
        assert_eq!(over_behind(AXFR, &[Some(8), None, Some(7)]), [0; 0]);
        assert_eq!(Transfer::of(7, 1), None);
    }

    #[test]
    fn changes_end_where_it_is_said_a_third_time() {
        let changes = [Some(8), Some(6), None, Some(7), None, Some(7), None, Some(8), None, Some(8)];
        // A message that ends behind the first record says that there are none.
        assert_eq!(over_behind(IXFR, &changes), [0, 9]);
        assert_eq!(
            over_behind(IXFR, &[Some(8), None, Some(8)]),
            [0, 2],
            "all of it, for the changes are not known"
        );
    }
}
