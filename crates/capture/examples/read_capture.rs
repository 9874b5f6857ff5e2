//! Reads captures and prints what they hold: events by kind, bytes, losses and warnings.
//!
//! `SSLKEYLOGFILE` names a key log, as it does for the programs that write one.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use capture::replay::{self, Options};
use capture::source::Source;
use model::event::What;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let options =
        Options { keylog: std::env::var_os("SSLKEYLOGFILE").map(PathBuf::from), ..Options::default() };
    for path in std::env::args().skip(1) {
        let mut file = replay::open(Path::new(&path), &options)?;
        let (mut said, mut bytes, mut lost, mut opened, mut closed) = (0u64, 0u64, 0u64, 0u64, 0u64);
        while let Some(event) = file.next()? {
            match event.what {
                What::Said(words) => {
                    said += 1;
                    bytes += words.bytes.len() as u64;
                }
                What::Lost(hole) => lost += hole.length,
                What::Opened(_) => opened += 1,
                What::Closed => closed += 1,
                What::Sealed { .. } | What::Secured(_) | What::Counted(_) => {}
            }
        }
        writeln!(out, "{path}: {opened} opened, {closed} closed, {said} said, {bytes} bytes, {lost} lost")?;
        writeln!(out, "  {:?}", file.tally())?;
        for warning in file.tally().warnings() {
            writeln!(out, "  warning: {warning}")?;
        }
    }
    Ok(())
}
