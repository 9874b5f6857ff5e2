//! What the agent for Java tells, against what a program says in its place.

use capture::kernel::Options;
use model::conn::Layer;

use crate::{Talk, hear, kernel, program};

/// Tickets of one server's sessions are alike where records are told apart: who reads one after the other has them mixed up.
#[test]
fn records_that_are_alike_pair_no_session() {
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    let (talks, said) = hear(&mut kernel, program("java.py", &[]));
    let ports = said.trim_end().split('\t').map(|port| port.parse::<u16>().expect("a port"));
    for (port, words) in ports.zip(["first", "second"]) {
        let is_its = |talk: &&Talk| talk.opened[0].client.port() == Some(port);
        let clear: Vec<_> =
            talks.values().filter(is_its).filter_map(|talk| talk.said.get(&(Layer::Clear, true))).collect();
        assert_eq!(clear, [words.as_bytes()], "{talks:#?}");
    }
}
