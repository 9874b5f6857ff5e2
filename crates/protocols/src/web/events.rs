//! Server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>): counted as they come, and what they
//! say together joined where a dialect does.

use model::details::Named;

use crate::kit::text::lossy;
use crate::web::answer::Answer;
use crate::web::content::{Coding, Kind};
use crate::web::dialect::Candidates;
use crate::web::json::Value;

/// The most bytes of one event's data that are read; a longer one is counted, and not joined.
const EVENT: usize = 64 << 10;

/// How a dialect joins one event's data to what was said before.
pub(super) type Join = fn(&mut Answer, Value<'_>);

/// Events of one body, which may be cut anywhere.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// A line that is not whole yet.
    line: Vec<u8>,
    /// The data of the event that is being said.
    data: Vec<u8>,
    last: LineEnd,
    stage: Stage,
    count: u64,
    joined: Option<(Join, Box<Answer>)>,
}

/// What of an event was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing.
    #[default]
    Between,
    /// Some of its data.
    Within,
    /// More of it than is read.
    TooLong,
    /// Nobody knows: bytes were lost.
    Lost,
}

/// How the last line ended: a line feed behind a carriage return ends the same one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LineEnd {
    #[default]
    Whole,
    CarriageReturn,
}

impl Events {
    /// Those of a body of this kind, if it says some: they are read as they come, and so not where they are compressed. What
    /// was asked may be in one of these dialects.
    pub(super) fn of(kind: Kind, coding: Coding, candidates: Candidates) -> Option<Box<Self>> {
        (kind == Kind::Events && coding == Coding::Identity).then(|| Box::new(Events::new(candidates.join())))
    }

    /// Events that `join` joins, if that is wanted.
    fn new(join: Option<Join>) -> Self {
        Events { joined: join.map(|join| (join, Box::default())), ..Events::default() }
    }

    /// More of the body came.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if self.last == LineEnd::CarriageReturn && !bytes.is_empty() {
            self.last = LineEnd::Whole;
            rest = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while self.stage != Stage::Lost
            && let Some(end) = memchr::memchr2(b'\n', b'\r', rest)
        {
            let (here, behind) = rest.split_at_checked(end).unwrap_or_default();
            if self.line.is_empty() {
                self.hear_line(here);
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(here.get(..EVENT).unwrap_or(here));
                self.hear_line(&line);
                line.clear();
                self.line = line;
            }
            if behind == b"\r" {
                self.last = LineEnd::CarriageReturn;
            }
            rest = behind.get(if behind.starts_with(b"\r\n") { 2 } else { 1 }..).unwrap_or_default();
        }
        if self.stage != Stage::Lost {
            let room = EVENT.saturating_sub(self.line.len());
            self.line.extend_from_slice(rest.get(..room).unwrap_or(rest));
        }
    }

    fn hear_line(&mut self, line: &[u8]) {
        let Some(data) = line.strip_prefix(b"data") else {
            if line.is_empty() {
                self.end_event();
            }
            return;
        };
        let data = match data {
            [b':', b' ', data @ ..] | [b':', data @ ..] => data,
            [] => data,
            // Another field.
            _ => return,
        };
        self.stage = match self.stage {
            Stage::Between | Stage::Within if self.data.len() + data.len() < EVENT => Stage::Within,
            Stage::Lost => Stage::Lost,
            Stage::Between | Stage::Within | Stage::TooLong => Stage::TooLong,
        };
        if self.stage == Stage::Within && self.joined.is_some() {
            self.data.extend_from_slice(data);
            self.data.push(b'\n');
        }
    }

    fn end_event(&mut self) {
        match self.stage {
            Stage::Between | Stage::Lost => return,
            Stage::Within => {
                if let Some((join, answer)) = &mut self.joined {
                    join(answer, Value::of(&lossy(&self.data)));
                }
            }
            Stage::TooLong => {}
        }
        self.count += 1;
        self.data.clear();
        self.stage = Stage::Between;
    }

    /// Bytes of the body were lost: how many events there were is not known any more.
    pub(super) fn lose(&mut self) {
        *self = Events { stage: Stage::Lost, joined: self.joined.take(), ..Events::default() };
    }

    /// How many there were; `None` where bytes of them were lost.
    fn count(&self) -> Option<i64> {
        (self.stage != Stage::Lost).then(|| i64::try_from(self.count).unwrap_or(i64::MAX))
    }

    /// What HTTP tells of them.
    pub(super) fn detail(&self) -> Option<Named> {
        self.count().map(|count| ("http.events", count.into()))
    }

    /// What they say together.
    pub(super) fn answer(&self) -> Option<&Answer> {
        self.joined.as_ref().map(|(_, answer)| &**answer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::{Events, Value};

    const SAID: &str = ": hello\n\nevent: a\ndata: {\"text\":\ndata: \"x\"}\n\nid: 7\r\ndata: {\"text\":\r\ndata: \"y\"}\r\n\r\ndata:{\"text\":\"z\"}\r\rretry: 9\n\ndata: {\"text\":\"never ended\"}";

    fn events() -> Events {
        Events::new(Some(|answer, value| {
            answer.say(&value.get("text").and_then(Value::text).unwrap_or_default());
        }))
    }

    proptest! {
        #[test]
        fn events_are_heard_however_they_are_cut(size in 1..40_usize) {
            let mut heard = events();
            SAID.as_bytes().chunks(size).for_each(|piece| heard.hear(piece));
            prop_assert_eq!((heard.count(), heard.answer().unwrap().text.as_str()), (Some(3), "xyz"));
        }
    }

    #[test]
    fn what_was_lost_is_not_counted() {
        let mut heard = events();
        heard.hear(SAID.get(..60).unwrap().as_bytes());
        heard.lose();
        heard.hear(SAID.as_bytes());
        assert_eq!((heard.count(), heard.answer().unwrap().text.as_str()), (None, "x"));
    }

    #[test]
    fn an_event_without_end_is_not_kept() {
        let mut heard = events();
        heard.hear(b"data: ");
        (0..100).for_each(|_| heard.hear(&[b'a'; 4096]));
        assert!(heard.line.len() <= super::EVENT);
        heard.hear(b"\n\ndata: {\"text\":\"b\"}\n\n");
        assert_eq!((heard.count(), heard.answer().unwrap().text.as_str()), (Some(2), "b"));
    }
}
