//! gRPC.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[Disagreement {
    capture: "grpc/deepflow__grpc-unary.pcap",
    whose: Whose::Theirs,
    holding: "status=200 outcome=-",
    times: 1,
    verdict: "both: the answer is cut behind its head; DeepFlow tells the head, and we no answer without its end, as it is the trailers that say how a call ended",
}];
