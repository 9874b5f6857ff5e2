//! A request in words: its name, what it names, and where: `Fetch orders[0@42,1@7]`.

use crate::kit::text::{integer, lossy};

/// So many bytes of a statement are kept.
const STATEMENT: usize = 4 << 10;
/// So many bytes of one name are kept.
const NAME: usize = 256;
/// What shows that a text goes on.
const MORE: char = '…';

/// A statement while it is being written.
#[derive(Debug, Default)]
pub(super) struct Told {
    text: String,
    within: Within,
}

/// Where the next word stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Statement,
    /// In the brackets behind a name.
    Brackets,
    /// Beyond what is kept.
    Nothing,
}

impl Told {
    /// Begins with the request's name, in the memory of another.
    pub(super) fn new(mut text: String, operation: &str) -> Told {
        text.clear();
        text.push_str(operation);
        Told { text, within: Within::Statement }
    }

    /// Something is named.
    pub(super) fn name(&mut self, name: &[u8]) {
        if self.leave() {
            self.text.push(' ');
            self.text.push_str(&lossy(name.get(..NAME).unwrap_or(name)));
        }
    }

    /// Something within what was named last.
    pub(super) fn part(&mut self, name: &[u8]) {
        if self.enter() {
            self.text.push_str(&lossy(name.get(..NAME).unwrap_or(name)));
        }
    }

    /// A partition of the topic that was named last.
    pub(super) fn partition(&mut self, number: i64) {
        if self.enter() {
            integer(&mut self.text, number);
        }
    }

    /// Where in the partition.
    pub(super) fn offset(&mut self, number: i64) {
        if self.within == Within::Brackets {
            self.text.push('@');
            integer(&mut self.text, number);
        }
    }

    /// When in the partition: one of its ends has a name of its own.
    pub(super) fn time(&mut self, number: i64) {
        let name = match number {
            -1 => "latest",
            -2 => "earliest",
            -3 => "max timestamp",
            -4 => "earliest local",
            -5 => "latest tiered",
            _ => return self.offset(number),
        };
        if self.within == Within::Brackets {
            self.text.push('@');
            self.text.push_str(name);
        }
    }

    /// The statement.
    pub(super) fn end(mut self) -> String {
        if self.within == Within::Brackets {
            self.text.push(']');
        }
        self.text
    }

    /// Goes behind the brackets; whether there is room.
    fn leave(&mut self) -> bool {
        if self.within == Within::Brackets {
            self.text.push(']');
            self.within = Within::Statement;
        }
        self.has_room()
    }

    /// Goes to the next place in the brackets; whether there is room.
    fn enter(&mut self) -> bool {
        if !self.has_room() {
            return false;
        }
        self.text.push(if self.within == Within::Brackets { ',' } else { '[' });
        self.within = Within::Brackets;
        true
    }

    fn has_room(&mut self) -> bool {
        if self.within != Within::Nothing && self.text.len() > STATEMENT {
            self.text.push(MORE);
            self.within = Within::Nothing;
        }
        self.within != Within::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::Told;

    fn begun() -> Told {
        Told::new(String::from("old"), "Fetch")
    }

    #[test]
    fn partitions_stand_behind_their_topic() {
        let mut told = begun();
        told.name(b"group");
        told.name(b"orders");
        told.partition(0);
        told.offset(42);
        told.partition(1);
        told.time(-1);
        told.name(b"customers");
        told.part(b"retention.ms");
        assert_eq!(told.end(), "Fetch group orders[0@42,1@latest] customers[retention.ms]");
    }

    #[test]
    fn a_long_statement_is_cut() {
        let mut told = begun();
        told.name(b"orders");
        for number in 0..10_000 {
            told.partition(number);
            told.offset(i64::MIN);
        }
        let text = told.end();
        assert!(text.len() < 4200 && text.ends_with('…'), "{text}");
    }
}
