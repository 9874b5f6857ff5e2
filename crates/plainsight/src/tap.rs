//! What the pipeline reads, as packets in a file beside it.

use std::path::Path;

use anyhow::Context;
use model::event::Event;
use sinks::pcapng::{Pcapng, Ring};

use crate::cli;
use crate::filter::Ends;
use crate::wanted::Wanted;

/// Writes the events of wanted connections to a packet capture.
pub(crate) struct Tap {
    wanted: Wanted,
    capture: Pcapng,
}

impl Tap {
    /// A tap as the options say, if they ask for one.
    pub(crate) fn open(options: &cli::Packets, ends: &Ends) -> anyhow::Result<Option<Self>> {
        let Some(path) = &options.pcap else { return Ok(None) };
        let ring = options.pcap_files.map(|files| Ring { files, bytes: u64::from(options.pcap_size) << 20 });
        let capture = Pcapng::create(path, ring).with_context(|| creating(path))?;
        Ok(Some(Tap { wanted: Wanted::new(ends), capture }))
    }

    /// Writes an event, if it is of a wanted connection. Out of line: its 11 KiB of stack are for those who ask for it.
    #[inline(never)]
    pub(crate) fn take(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        if self.wanted.admits(event) {
            self.capture.record(event).context("writing packets")?;
        }
        Ok(())
    }

    /// Writes from now on connections with such ends, of those that open or change hands.
    pub(crate) fn refilter(&mut self, ends: &Ends) {
        self.wanted.refilter(ends);
    }

    /// Lets readers of the file see all of it.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        self.capture.flush().context("writing packets")
    }

    /// Ends what is open, and says what the capture lacks.
    pub(crate) fn finish(&mut self) -> anyhow::Result<()> {
        self.capture.finish().context("writing packets")?;
        if self.capture.left_out() > 0 {
            let bytes = self.capture.left_out();
            eprintln!(
                "plainsight: {bytes} bytes are not in the packet capture: too many connections were open"
            );
        }
        Ok(())
    }
}

fn creating(path: &Path) -> String {
    format!("creating {}", path.display())
}
