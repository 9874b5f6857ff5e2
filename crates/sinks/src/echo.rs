//! A text that is told again and again in one place, each time a little different: what its likes share is escaped once.

use model::exchange::Text;

use crate::json::Json;

/// What the texts of one place share: an answer to the same question differs from the one before in an id or a time.
///
/// ```text
///  Unknown ──first text──▶ One ──another──▶ Shape ──little in common──▶ Nothing
///                           ╰──────────────────────────────────────────▲
/// ```
#[derive(Debug, Default)]
pub(crate) enum Echo {
    /// None was told yet.
    #[default]
    Unknown,
    /// This one was.
    One(Text),
    /// All that were told begin and end alike.
    Shape(Box<Shape>),
    /// They do not: nothing more is tried.
    Nothing,
}

/// How texts begin and end.
#[derive(Debug)]
pub(crate) struct Shape {
    /// One of them.
    text: Text,
    /// How many of its bytes all begin with, and with how many they end.
    begin: usize,
    end: usize,
    /// What these are in JSON.
    begins: Json,
    ends: Json,
}

/// With fewer bytes in common, there is little to spare.
const LEAST: usize = 64;

/// No longer text is remembered.
const KEPT: usize = 2 << 10;

impl Echo {
    /// Adds a text between quotes that are written.
    #[inline]
    pub(crate) fn tell(&mut self, json: &mut Json, text: &Text) {
        if let Echo::Shape(shape) = self
            && let Some(differs) = shape.differs(text.as_bytes())
        {
            json.append(shape.begins.bytes());
            json.part(differs);
            json.append(shape.ends.bytes());
        } else {
            json.unquoted(text);
            if !matches!(self, Echo::Nothing) {
                self.learn(text);
            }
        }
    }

    #[inline(never)]
    fn learn(&mut self, text: &Text) {
        *self = match std::mem::take(self) {
            Echo::Nothing => Echo::Nothing,
            _ if !(LEAST..=KEPT).contains(&text.len()) => Echo::Nothing,
            Echo::Unknown => Echo::One(Text::clone(text)),
            Echo::One(first) => {
                let all = first.len();
                Shape::of(first, [all, all], text.as_bytes())
            }
            Echo::Shape(shape) => Shape::of(shape.text, [shape.begin, shape.end], text.as_bytes()),
        };
    }
}

impl Shape {
    /// What stands in `text` between what all begin with and what they end with; `None` where it begins or ends otherwise.
    #[inline]
    fn differs<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let known = self.text.as_bytes();
        let (begins, rest) = text.split_at_checked(self.begin)?;
        let (differs, ends) = rest.split_at_checked(rest.len().checked_sub(self.end)?)?;
        (begins == &known[..self.begin] && ends == &known[known.len() - self.end..]).then_some(differs)
    }

    /// What `other` has in common with `text` of its beginning and its end, as far as all before it had.
    fn of(text: Text, [begin, end]: [usize; 2], other: &[u8]) -> Echo {
        let known = text.as_bytes();
        let begin = known.iter().zip(other).take(begin).take_while(|(a, b)| a == b).count();
        let (begins, known) = known.split_at(begin);
        let other = other[begin..].iter().rev();
        let end = known.iter().rev().zip(other).take(end).take_while(|(a, b)| a == b).count();
        if begin + end < LEAST {
            return Echo::Nothing;
        }
        let [begins, ends] = [begins, &known[known.len() - end..]].map(|part| {
            let mut json = Json::default();
            json.part(part);
            json
        });
        Echo::Shape(Box::new(Shape { text, begin, end, begins, ends }))
    }
}

#[cfg(test)]
mod tests {
    use model::exchange::Text;
    use proptest::sample::select;
    use proptest::{collection, prop_assert_eq, proptest};

    use super::{Echo, KEPT, LEAST};
    use crate::json::Json;

    fn told(echo: &mut Echo, text: &str) -> String {
        let mut json = Json::default();
        echo.tell(&mut json, &Text::from(text));
        String::from_utf8(json.bytes().to_vec()).unwrap()
    }

    fn escaped(text: &str) -> String {
        let mut json = Json::default();
        String::from_utf8(json.unquoted(text).bytes().to_vec()).unwrap()
    }

    #[test]
    fn what_texts_share_is_learnt_from_two_of_them() {
        let (begins, ends) = ("{\"id\": \"".repeat(LEAST / 8), "\", \"é\": \"\n\"}");
        let mut echo = Echo::default();
        for differs in ["a", "", "ab\"c", "\u{e8}", "\u{e8}\u{e8}", "x"] {
            let text = format!("{begins}{differs}{ends}");
            assert_eq!(told(&mut echo, &text), escaped(&text));
        }
        let Echo::Shape(shape) = &echo else { panic!("{echo:?}") };
        assert_eq!((shape.begin, shape.end), (begins.len(), ends.len()));
        told(&mut echo, &"another".repeat(LEAST));
        assert!(matches!(echo, Echo::Nothing));
    }

    #[test]
    fn texts_too_long_or_too_short_are_not_kept() {
        for length in [LEAST - 1, KEPT + 1] {
            let mut echo = Echo::default();
            told(&mut echo, &"x".repeat(length));
            assert!(matches!(echo, Echo::Nothing));
        }
    }

    proptest! {
        #[test]
        fn a_text_is_told_alike_whatever_came_before(
            texts in collection::vec(
                (0..3_usize, collection::vec(select(vec!["\"", "é", "a", "\u{1}", "\\n"]), 0..4), 0..3_usize),
                1..12,
            ),
        ) {
            let mut echo = Echo::default();
            let (begins, ends) = ("{\"é\": 1, ".repeat(20), ", \"end\": \"\n\u{e8}\"}".repeat(20));
            for (begin, differs, end) in texts {
                let begins = begins.get(..begins.len() / 2 * begin).unwrap_or(&begins);
                let text = begins.to_owned() + &differs.concat() + &ends.repeat(end);
                prop_assert_eq!(told(&mut echo, &text), escaped(&text));
            }
        }
    }
}
