//! Bodies in lines that end with a line of one dot (RFC 5321, 4.5.2; RFC 1939, 3), read as they come.

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

/// Of a longer line its beginning is told.
const LINE: usize = 1 << 10;

/// A body that is being said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dotted {
    place: Place,
    /// Bytes of what was said, as sent.
    pub(super) size: u64,
    /// Whether bytes of it were lost, its end perhaps.
    pub(super) is_holed: bool,
}

/// Where the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// At the beginning of a line.
    #[default]
    Begin,
    /// Within one of which the beginning was told.
    Within,
}

/// Whether a body goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    GoesOn,
    /// Its last line was passed over.
    Ended,
}

impl Dotted {
    /// Passes over one line with its end.
    pub(super) fn pass(&mut self, line: &[u8], wire: &mut Reader<'_>) -> Body {
        wire.skip(line.len() as u64);
        let place = std::mem::take(&mut self.place);
        if place == Place::Begin && matches!(line, b".\r\n" | b".\n") {
            return Body::Ended;
        }
        self.size += line.len() as u64;
        Body::GoesOn
    }

    /// Passes over what is there of the body, and tells its lines without their ends and their stuffing.
    ///
    /// Lost bytes are passed over too: the body goes on behind them.
    ///
    /// # Errors
    /// [`Stop::Short`] when nothing of it can be passed over yet.
    pub(super) fn read<'a>(&mut self, wire: &mut Reader<'a>, mut tell: impl FnMut(&'a [u8])) -> Read<Body> {
        let before = wire.taken();
        loop {
            let rest = wire.rest();
            let Some(end) = memchr::memchr(b'\n', rest) else { break };
            let line = rest.get(..=end).unwrap_or_default();
            wire.skip(line.len() as u64);
            let place = std::mem::take(&mut self.place);
            if place == Place::Begin && matches!(line, b".\r\n" | b".\n") {
                return Ok(Body::Ended);
            }
            self.size += line.len() as u64;
            if place == Place::Begin {
                let text = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(line);
                let text = text.strip_prefix(b".").unwrap_or(text);
                tell(text.get(..LINE).unwrap_or(text));
            }
        }
        let rest = wire.rest();
        match wire.ahead() {
            Ahead::Hole(length) => {
                self.size += rest.len() as u64 + length;
                wire.skip(rest.len() as u64 + length);
                (self.place, self.is_holed) = (Place::Within, true);
            }
            Ahead::Open | Ahead::End if rest.len() > LINE + 1 => {
                if self.place == Place::Begin {
                    let text = rest.strip_prefix(b".").unwrap_or(rest);
                    tell(text.get(..LINE).unwrap_or(text));
                }
                self.size += rest.len() as u64;
                wire.skip(rest.len() as u64);
                self.place = Place::Within;
            }
            Ahead::Open | Ahead::End if wire.taken() == before => return Err(Stop::Short),
            Ahead::Open | Ahead::End => {}
        }
        Ok(Body::GoesOn)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ahead, Body, Dotted, Reader};

    fn read(dotted: &mut Dotted, bytes: &[u8], ahead: Ahead) -> (Option<Body>, Vec<String>, usize) {
        let mut wire = Reader::new(bytes, 0, ahead);
        let mut lines = Vec::new();
        let body = dotted.read(&mut wire, |line| lines.push(String::from_utf8_lossy(line).into_owned()));
        (body.ok(), lines, wire.rest().len())
    }

    #[test]
    fn a_body_ends_with_a_dot_alone() {
        let mut dotted = Dotted::default();
        let (body, lines, rest) = read(&mut dotted, b"a\r\n..b\r\n.\r\nQUIT\r\n", Ahead::Open);
        assert_eq!((body, lines, rest), (Some(Body::Ended), vec!["a".to_owned(), ".b".to_owned()], 6));
        assert_eq!(dotted.size, 8);
    }

    #[test]
    fn a_body_goes_on_behind_lost_bytes_and_long_lines() {
        let mut dotted = Dotted::default();
        assert_eq!(read(&mut dotted, b"a", Ahead::Open).0, None);
        assert_eq!(read(&mut dotted, b"a", Ahead::Hole(9)).0, Some(Body::GoesOn));
        let long = [b'x'; 4000];
        assert_eq!(read(&mut dotted, &long, Ahead::Open), (Some(Body::GoesOn), vec![], 0));
        assert_eq!(read(&mut dotted, b".\r\n.\r\n", Ahead::Open).0, Some(Body::Ended));
        assert_eq!(dotted.size, 1 + 9 + 4000 + 3);
    }
}
