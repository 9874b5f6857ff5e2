//! Dark connections: those of which only ciphertext was seen, by who held them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::exchange::Text;
use model::process::Process;

/// Programs that are told apart; what comes then is counted together.
const PROGRAMS: usize = 1024;
/// Servers that are named of each program.
const SERVERS: usize = 16;
/// What programs beyond [`PROGRAMS`] are counted under.
const OTHERS: &str = "(others)";

/// Dark connections, by the name of the process that holds the observed end; in a packet capture, by no name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Darkness(BTreeMap<Arc<str>, Dark>);

/// The dark connections of one program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dark {
    /// How many there were.
    pub connections: u64,
    /// A process that held one, by which the reason is found.
    pub pid: Option<u32>,
    /// The servers' names, as the clients said them; not all, where there are many.
    pub servers: BTreeSet<Text>,
}

impl Darkness {
    /// Counts a connection.
    pub(crate) fn count(&mut self, process: Option<&Process>, server: Option<&Text>) {
        let mut name = process.map_or_else(|| "".into(), |process| Arc::clone(&process.name));
        if self.0.len() >= PROGRAMS && !self.0.contains_key(&name) {
            name = OTHERS.into();
        }
        let dark = self.0.entry(name).or_default();
        dark.connections += 1;
        dark.pid = process.map(|process| process.pid).or(dark.pid);
        if dark.servers.len() < SERVERS {
            dark.servers.extend(server.cloned());
        }
    }

    /// The dark connections of each program, by its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Dark)> {
        self.0.iter().map(|(name, dark)| (&**name, dark))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
