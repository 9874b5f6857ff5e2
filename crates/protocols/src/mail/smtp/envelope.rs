//! A message on its way: who sends it, who gets it, what was seen of it.

use model::details::{Detail, Details};
use model::exchange::Text;

use crate::mail::dotted::Dotted;
use crate::mail::fields::Fields;

/// A line of a message is kept to so many bytes, and no chunk is longer that is kept.
const LINE: usize = 1 << 10;
/// So many recipients are told.
const RECIPIENTS: usize = 64;

/// Who sends a message to whom, as the server has taken it.
#[derive(Clone, Debug, Default)]
pub(super) struct Envelope {
    pub(super) sender: Option<Text>,
    /// The first of them.
    pub(super) recipients: Vec<Text>,
    /// How many there are.
    pub(super) count: u32,
    /// Bytes of the chunks before.
    chunked: u64,
    /// What was seen of the chunks.
    fields: Fields,
    /// The line in which the last of them ends.
    line: Vec<u8>,
}

impl Envelope {
    /// Another message begins, which nobody gets yet. Its chunks may have been said before the server took its sender.
    pub(super) fn begin(&mut self, sender: Option<Text>) {
        (self.sender, self.count) = (sender, 0);
        self.recipients.clear();
    }

    /// One more gets it.
    pub(super) fn add(&mut self, recipient: Text) {
        self.count = self.count.saturating_add(1);
        if self.recipients.len() < RECIPIENTS {
            self.recipients.push(recipient);
        }
    }

    /// The next chunk of a message: of its bytes, those that were kept.
    pub(super) fn chunk(&mut self, length: u64, bytes: &[u8]) {
        self.chunked += length;
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() < LINE {
                self.line.extend_from_slice(part);
            }
            if part.ends_with(b"\n") {
                self.fields.hear(self.line.trim_ascii_end());
                self.line.clear();
            }
        }
    }

    /// Tells the message that the last chunk ends.
    pub(super) fn end_chunks(&mut self, details: &mut Details) {
        self.fields.hear(&self.line);
        self.fields.tell(details);
        details.push(("size", size(self.chunked)));
        (self.chunked, self.fields, self.line) = (0, Fields::default(), Vec::new());
    }

    /// Tells whose message a request ends.
    pub(super) fn tell(&self, targets: &mut Vec<Text>, details: &mut Details) {
        if let Some(sender) = &self.sender {
            details.push(("sender", Text::clone(sender).into()));
        }
        targets.extend(self.recipients.iter().cloned());
        if self.count as usize > self.recipients.len() {
            details.push(("recipients", i64::from(self.count).into()));
        }
    }
}

/// A message behind `DATA`, while it is being said.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    pub(super) body: Dotted,
    pub(super) fields: Fields,
}

/// A size as a detail.
pub(super) fn size(bytes: u64) -> Detail {
    i64::try_from(bytes).unwrap_or(i64::MAX).into()
}
