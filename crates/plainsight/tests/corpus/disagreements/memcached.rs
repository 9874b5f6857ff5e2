//! memcached.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[Disagreement {
    capture: "memcached/deepflow__memcached.pcap",
    whose: Whose::Ours,
    holding: "request=quit",
    times: 1,
    verdict: "ours: the client's last line is `quit`; DeepFlow's log says that it does not know the command",
}];
