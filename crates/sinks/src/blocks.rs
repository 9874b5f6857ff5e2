//! Texts that differ from the last one in some places: the blocks between are not escaped again.

use crate::json::Json;

/// So many bytes are compared together.
const BLOCK: usize = 64;

/// Where the blocks of a text end in what was written of it; none when they were not looked at.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    ends: Vec<u32>,
}

impl Blocks {
    /// Adds a text between quotes that are written. Where it stood before stood `last`, which was written as `written`.
    pub(crate) fn write(&mut self, json: &mut Json, text: &[u8], last: &[u8], written: &[u8]) {
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        let (last_blocks, last_rest) = last.as_chunks::<BLOCK>();
        if blocks.len() < 2 || !blocks.iter().zip(last_blocks).any(|(ours, theirs)| ours == theirs) {
            self.ends.clear();
            json.unquoted_bytes(text);
            return;
        }
        let begin = json.len();
        // What is to be taken over.
        let mut same = 0..0;
        for at in 0..=blocks.len() {
            let (block, is_same) = match (blocks.get(at), last_blocks.get(at)) {
                (Some(block), last) => (&block[..], last == Some(block)),
                (None, last) => (rest, last.is_none() && rest == last_rest),
            };
            match self.ends.get(at).map(|end| *end as usize) {
                Some(end) if is_same => same.end = end,
                end => {
                    json.append(written.get(same).unwrap_or_default());
                    json.unquoted_bytes(block);
                    same = end.map_or(0..0, |end| end..end);
                }
            }
            let end = u32::try_from(json.len() - begin + same.len()).unwrap_or(u32::MAX);
            match self.ends.get_mut(at) {
                Some(known) => *known = end,
                None => self.ends.push(end),
            }
        }
        json.append(written.get(same).unwrap_or_default());
        self.ends.truncate(blocks.len() + 1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prop_assert_eq, proptest};

    use super::Blocks;
    use crate::json::Json;

    proptest! {
        #[test]
        fn a_text_is_told_alike_whatever_stood_there(
            first in "[a-z\"\r\n\u{1}]{0,400}",
            changes in collection::vec((0..400_usize, 0..400_usize, "[a-z\"\u{1}]{0,80}"), 0..12),
        ) {
            let (mut blocks, mut last) = (Blocks::default(), first);
            let mut written = Json::default();
            written.unquoted(&last);
            for (at, length, put) in changes {
                let at = at.min(last.len());
                let mut text = last.clone();
                // In the place of as many, or of some.
                let length = if length % 2 == 0 { put.len() } else { length };
                text.replace_range(at..(at + length).min(last.len()), &put);
                let (mut again, mut anew) = (Json::default(), Json::default());
                blocks.write(&mut again, text.as_bytes(), last.as_bytes(), written.bytes());
                anew.unquoted(&text);
                prop_assert_eq!(again.bytes(), anew.bytes());
                (last, written) = (text, again);
            }
        }
    }
}
