//! TLS inside the kernel: whether programs of this host can hand it what they say in clear.

use super::{Feature, Host, State, feature};

/// What can stand between TCP and a program; the kernel's TLS is among them once its module is loaded.
const UPPER_LAYERS: &str = "proc/sys/net/ipv4/tcp_available_ulp";

impl Host {
    /// A connection that turned to TLS goes on being counted as ciphertext, though what passes at the socket is clear then.
    pub(super) fn kernel_tls(&self) -> Feature {
        let layers = self.read(UPPER_LAYERS).unwrap_or_default();
        if !layers.split_whitespace().any(|layer| layer == "tls") {
            return feature("TLS in the kernel", "not loaded", State::Ok);
        }
        let advice = "what is said by it is read where the TLS library that began it is hooked, and else counted as \
                      ciphertext";
        feature("TLS in the kernel", "loaded", State::Limited(advice.to_owned()))
    }
}
