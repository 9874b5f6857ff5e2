//! Which connection a frame with a VLAN tag is of.
//!
//! A tag says which way a frame went: where two ports are mirrored into one capture, both directions of a connection have
//! tags of their own, or only one has any. It also tells networks apart that have the same addresses. So a flow takes
//! whatever tag each of its directions has first, and the same addresses with another one are another flow.

use std::collections::HashMap;

use model::conn::Speaker;

use crate::replay::decode::Packet;
use crate::replay::flows::Flows;
use crate::replay::key::{End, Key};

/// The tags of so many flows are remembered; those of later ones are passed over, and tell no networks apart.
const REMEMBERED: usize = 16_384;

/// The tags of flows, by direction, under their keys without tags.
#[derive(Debug, Default)]
pub(super) struct Tags(HashMap<Key, [Option<u32>; 2]>);

impl Tags {
    /// The key of the flow that a packet in a frame with a tag is of.
    pub(super) fn settle(&mut self, packet: &Packet, tag: u32, flows: &mut Flows) -> Key {
        let own = packet.key.tagged(tag);
        if flows.find(&own).is_some() {
            return own;
        }
        let known = flows.find(&packet.key);
        if known.is_none() {
            self.0.remove(&packet.key);
        }
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&packet.key) {
            return packet.key;
        }
        // Of a flow that had no tags so far, the client has none.
        let by_client = known.is_some_and(|known| known.speaker(packet.sender) == Speaker::Client);
        let [low, high] = self.0.entry(packet.key).or_default();
        let first = match packet.sender {
            End::Low => low,
            End::High => high,
        };
        if *first.get_or_insert(if by_client { 0 } else { tag }) == tag { packet.key } else { own }
    }
}
