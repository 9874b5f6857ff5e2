//! The text of a fixture, and where it is kept.

use std::path::Path;

use protocols::kit::transcript::{Line, write_line};

use crate::Outcome;

/// A fixture is read by people: a longer one is a mistake of its scenario.
const LONGEST: usize = 96 << 10;
/// What long values are made of, so that a fixture can say how often it comes.
pub(crate) const UNITS: [&[u8]; 3] =
    [b"0123456789abcde\n", b"\x00\x01\x02\x03\x04\x05\x06\x07", b"0123456789abcdef"];
/// What comes less often is written as it is.
const OFTEN: usize = 64;
/// A line that is longer goes on in the next one of the same side.
const LONG: usize = 1 << 10;

/// Keeps a fixture: its first line, which says whose talk it is, and the lines of the talk.
///
/// # Errors
/// It is too long, or could not be written.
pub(crate) fn keep(folder: &str, name: &str, text: &str) -> Outcome<()> {
    if text.len() > LONGEST {
        return Err(format!("{name}: {} bytes are too many for a fixture", text.len()));
    }
    let path = Path::new(folder).join(format!("{name}.transcript"));
    std::fs::write(&path, text).map_err(|e| format!("writing {}: {e}", path.display()))?;
    println!("{} ({} lines, {} bytes)", path.display(), text.lines().count(), text.len());
    Ok(())
}

/// The lines as they were said.
pub(crate) fn as_said<'a>(talk: impl IntoIterator<Item = &'a Line>) -> String {
    talk.into_iter().map(write_line).collect()
}

/// The lines, of which the pieces of a long one are joined, and of which a unit that comes often is written once.
pub(crate) fn shortened(talk: &[Line]) -> String {
    merged(talk).iter().map(repeats).collect()
}

fn merged(talk: &[Line]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for line in talk {
        match lines.last_mut() {
            Some(last) if last.speaker == line.speaker && last.bytes.len() > LONG => {
                last.bytes.extend_from_slice(&line.bytes);
            }
            _ => lines.push(line.clone()),
        }
    }
    lines
}

/// A line, in several where it holds one of the units often.
fn repeats(line: &Line) -> String {
    let piece = |bytes: &[u8]| write_line(&Line { speaker: line.speaker, bytes: bytes.to_vec() });
    let some = |bytes: &[u8]| if bytes.is_empty() { String::new() } else { piece(bytes) };
    let found = UNITS.iter().find_map(|unit| {
        let often = unit.repeat(OFTEN);
        let at = line.bytes.windows(often.len()).position(|bytes| bytes == often)?;
        Some((*unit, line.bytes.split_at_checked(at)?))
    });
    let Some((unit, (before, run))) = found else { return piece(&line.bytes) };
    let times = run.chunks(unit.len()).take_while(|chunk| *chunk == unit).count();
    let after = run.get(times * unit.len()..).unwrap_or_default();
    let after = if after.is_empty() {
        String::new()
    } else {
        repeats(&Line { speaker: line.speaker, bytes: after.to_vec() })
    };
    format!("{}{}*{times}\n{after}", some(before), piece(unit).trim_end())
}
