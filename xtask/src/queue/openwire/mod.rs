//! What ActiveMQ's own client says to its broker by OpenWire, in each way in which it is written.

use crate::keyvalue::{Client, Scenario, Store};
use crate::queue::{ACTIVEMQ, ACTIVEMQ_START};

/// ActiveMQ, with a user.
pub(super) const STORE: Store = Store {
    protocol: "openwire",
    fixtures: "crates/protocols/src/queue/openwire/fixtures",
    server: &["sh", "start.sh", "tcp"],
    files: &[("start.sh", ACTIVEMQ_START), ("activemq.xml", include_str!("../activemq/activemq.xml"))],
    called: ACTIVEMQ,
    scenarios: &[
        shop("session", " session"),
        shop("transactions", " transactions"),
        shop("errors", " errors"),
        shop("refused", " refused"),
        shop("long", " long"),
        shop("loose", "?wireFormat.tightEncodingEnabled=false&wireFormat.cacheEnabled=false orders"),
        shop("loose_cached", "?wireFormat.tightEncodingEnabled=false orders"),
        shop("uncached", "?wireFormat.cacheEnabled=false orders"),
        shop("version_5", "?wireFormat.version=5 orders"),
        shop("version_1", "?wireFormat.version=1 orders"),
        shop("compressed", "?jms.useCompression=true orders"),
    ],
};

/// What the shop does, with these options behind the broker's address.
const fn shop(name: &'static str, says: &'static str) -> Scenario {
    let script = [include_str!("shop.py"), "activemq"];
    Scenario { name, client: Client::Lines(script, include_str!("Shop.java"), says), connection: 0 }
}
