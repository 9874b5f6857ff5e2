//! Pulsar.

/// Captures that hold it, with their exchanges: DeepFlow's requests, messages and acknowledgements.
pub(super) const HELD: &[(&str, usize)] = &[("pulsar/deepflow__pulsar-consumer.pcap", 17)];
